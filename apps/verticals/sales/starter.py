"""What a sales team that signs up begins with: rules for calls, an agent of each kind, and the owner to meet."""

import datetime as dt

from apps.agents.sdk import NewBusiness
from apps.business import starting
from apps.business.models import Staff
from apps.verticals.sales.models import DialingRules, Product, SalesRep, TeamAgent

_WEEK = dict.fromkeys(starting.WEEKDAYS, (dt.time(8), dt.time(18)))
_TEAM = (("Ava", "triage"), ("Ben", "inbound"), ("Cleo", "outbound"), ("Dan", "lead"), ("Eva", "appointment"))


def start(new: NewBusiness) -> None:
    """Fills the new team in scope. Nobody is called before the owner starts a campaign."""
    starting.keep_hours(_WEEK)
    DialingRules.objects.create()
    SalesRep.objects.create(staff=Staff.objects.create(name=new.owner, title="Sales"))
    TeamAgent.objects.bulk_create(TeamAgent(name=name, kind=kind) for name, kind in _TEAM)
    Product.objects.create(
        name="First call",
        also_called="demo, consultation, introduction",
        summary="Half an hour with one of us, to see whether we can help.",
        details="It costs nothing and binds you to nothing.",
        good_for="everybody who is new to us",
    )
