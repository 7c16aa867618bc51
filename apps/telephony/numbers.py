"""Which business a number belongs to."""

from typing import NamedTuple

from django.db import IntegrityError, transaction

from apps.common.errors import AppError
from apps.common.ids import is_id
from apps.telephony.models import CarrierName, PhoneNumber
from apps.tenants.scope import all_tenants

FICTIONAL = "+120155501"
"""How the numbers begin that no phone company gives out: https://www.nationalnanpa.com, 555-0100 to 555-0199."""


class NumberTaken(AppError):
    """The number is another business's."""

    code = "number_taken"
    status = 409


class NoNumber(AppError):
    """The business has no number to call or text from, or not that one."""

    code = "no_number"
    status = 409


class Route(NamedTuple):
    tenant_id: str
    agent: str
    """Slug; "" = the front agent."""
    line: str
    """The number's id."""


def route(number: str, *, carrier: str = CarrierName.TWILIO) -> Route | None:
    """Whom a call to `number` (E.164) is for; None when nobody has it at this carrier, or it is switched off.

    A carrier speaks for its own numbers alone.
    """
    with all_tenants(reason="a call names the number, and the number its tenant"):
        rows = PhoneNumber.objects.filter(number=number, carrier=carrier, is_active=True)
        row = rows.values_list("tenant_id", "agent", "pk").first()
    return Route(*row) if row else None


def line(line_id: str) -> tuple[str, str] | None:
    """(tenant's id, number) of a number by its id, as our addresses for the carrier name it; None = there is none."""
    if not is_id(line_id):
        return None
    with all_tenants(reason="the carrier's webhook names a number of ours"):
        return PhoneNumber.objects.filter(pk=line_id).values_list("tenant_id", "number").first()


def assign(*, number: str, agent: str = "", label: str = "", carrier: str = CarrierName.TWILIO) -> PhoneNumber:
    """Gives `number` to the tenant in scope, or changes whom it reaches there.

    Raises:
        NumberTaken: another tenant has it.
        ValidationError: it is not E.164, or the carrier is unknown.
    """
    row = PhoneNumber.objects.filter(number=number).first() or PhoneNumber(number=number)
    row.agent, row.label, row.carrier, row.is_active = agent, label, carrier, True
    row.full_clean(exclude=["tenant"], validate_unique=False, validate_constraints=False)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        raise NumberTaken("This number belongs to another business.", field="number") from None
    return row


def own(number: str = "") -> str:
    """`number`, when it is an active one of the tenant in scope, at Twilio: we call and text through no other carrier.

    "" = its first one.

    Raises:
        NoNumber: it has none, or not that one.
    """
    rows = PhoneNumber.objects.filter(carrier=CarrierName.TWILIO, is_active=True)
    rows = rows.filter(number=number) if number else rows
    found = rows.order_by("created_at", "number").values_list("number", flat=True).first()
    if found is None:
        raise NoNumber("The business has no such phone number.", field="number")
    return str(found)


def give_simulated() -> str:
    """The number of the tenant in scope; one of the simulated carrier's hundred fictional ones, if it has none."""
    own_one = PhoneNumber.objects.order_by("created_at", "number").values_list("number", flat=True).first()
    if own_one is not None:
        return str(own_one)
    with all_tenants(reason="a number that another demo has is not free"):
        taken = set(PhoneNumber.objects.filter(number__startswith=FICTIONAL).values_list("number", flat=True))
    free = (number for index in range(100) if (number := f"{FICTIONAL}{index:02}") not in taken)
    return str(assign(number=next(free), label="Simulated").number)
