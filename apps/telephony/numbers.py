"""Which business a number belongs to."""

from typing import NamedTuple

from django.db import IntegrityError, transaction

from apps.common.errors import AppError
from apps.telephony.models import CarrierName, PhoneNumber
from apps.tenants.scope import all_tenants


class NumberTaken(AppError):
    """The number is another business's."""

    code = "number_taken"
    status = 409


class Route(NamedTuple):
    tenant_id: str
    agent: str
    """Slug; "" = the front agent."""


def route(number: str) -> Route | None:
    """Whom a call to `number` (E.164) is for; None when nobody has it, or it is switched off."""
    with all_tenants(reason="a call names the number, and the number its tenant"):
        row = PhoneNumber.objects.filter(number=number, is_active=True).values_list("tenant_id", "agent").first()
    return Route(*row) if row else None


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
