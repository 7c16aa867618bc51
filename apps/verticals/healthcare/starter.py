"""What a clinic that signs up begins with: the visits of primary care, and the owner as its first provider."""

import datetime as dt

from apps.agents.sdk import NewBusiness
from apps.business import starting
from apps.business.models import Service, Staff
from apps.verticals.healthcare import cast
from apps.verticals.healthcare.models import Provider

_WEEK = dict.fromkeys(starting.WEEKDAYS, (dt.time(8), dt.time(17)))
_FIELD = "Primary Care"
_CATEGORIES = (_FIELD, "Vaccinations", "Laboratory")


def start(new: NewBusiness) -> None:
    """Fills the new clinic in scope."""
    starting.keep_hours(_WEEK)
    services = Service.objects.bulk_create(
        Service(name=name, category=category, code=code, duration_minutes=minutes, price_cents=dollars * 100)
        for category, name, code, minutes, dollars in cast.SERVICES
        if category in _CATEGORIES
    )
    staff = Staff.objects.create(name=new.owner, title="Provider")
    Provider.objects.create(staff=staff, specialization=_FIELD)
    starting.teach(staff, services)
