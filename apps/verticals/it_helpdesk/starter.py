"""What a helpdesk that signs up begins with: its guides, the owner as technician, and its own team as first client."""

import datetime as dt
import secrets

from apps.agents.sdk import NewBusiness
from apps.business import starting
from apps.business.models import Contact, Staff
from apps.tenants.models import Tenant
from apps.verticals.it_helpdesk.cast_guides import GUIDES
from apps.verticals.it_helpdesk.models import Employee, Guide, GuideStep, Organization, Technician

_WEEK = dict.fromkeys(starting.WEEKDAYS, (dt.time(8), dt.time(18)))


def start(new: NewBusiness) -> None:
    """Fills the new helpdesk in scope."""
    starting.keep_hours(_WEEK)
    Technician.objects.create(
        staff=Staff.objects.create(name=new.owner, title="Technician"), level=Technician.Level.SECOND
    )
    write_guides()
    _be_a_client(new)


def write_guides() -> None:
    """How the usual problems of an office are solved, step by step."""
    for category, title, symptoms, steps in GUIDES:
        guide = Guide.objects.create(category=category, title=title, symptoms=symptoms)
        GuideStep.objects.bulk_create(
            GuideStep(guide=guide, position=position, key=key, text=text, on_yes=on_yes, on_no=on_no)
            for position, (key, text, on_yes, on_no) in enumerate(steps, start=1)
        )


def _be_a_client(new: NewBusiness) -> None:
    """The agents help nobody whose company and code they do not know, so the owner has both to try them with."""
    given, _, family = new.owner.partition(" ")
    organization = Organization.objects.create(
        name=Tenant.objects.get().name,
        code=f"{secrets.randbelow(10_000):04}",
        notes="Your own team: say this name and the caller code to try your agents.",
    )
    contact = Contact.objects.create(given_name=given, family_name=family, phone=new.phone, email=new.email)
    Employee.objects.create(contact=contact, organization=organization, is_it_contact=True)
