"""Who is speaking: the tools that find or register a customer and bind them to the conversation."""

from typing import Annotated

from django.db.models import Q

from apps.agents.sdk import Email, Phone, ToolContext, ToolRefused, ToolResult, tool
from apps.business.contacts import InvalidEmail, InvalidPhone, normalize_phone
from apps.business.core.names import is_name
from apps.conversations.models import ToolCall
from apps.tenants.models import Tenant
from apps.verticals.salon.customers import customers_with_phone, match_customer, register
from apps.verticals.salon.models import Customer
from apps.verticals.salon.tools.arguments import Name, actor

ATTEMPTS = 5
"""Failed identifications that one conversation may make; names and references are too easily guessed by trying."""
_GUESSES = ("find_customer_by_phone", "get_appointment_by_reference")


@tool(label="Looking for you in our book")
def find_customer_by_phone(
    ctx: ToolContext,
    *,
    phone: Annotated[Phone, "the customer's phone number"],
    first_name: Annotated[Name | None, "the customer's first name; ask for it"] = None,
    last_name: Annotated[Name | None, "the customer's last name; ask for it"] = None,
) -> ToolResult:
    """Finds a customer by phone number and full name, and identifies them for this conversation.

    Use it before anything that concerns the customer: booking, moving, cancelling, their appointments. A number
    alone identifies nobody, except on a call from that very number. When nobody is found, ask whether they are new,
    and then register them. Returns customer_id.
    """
    number = normal_number(phone)
    if ctx.caller_phone == number and len(known := customers_with_phone(number)) == 1:
        return _identified(ctx, known[0], "Thank you, I have found you.")
    for name, field in ((first_name, "first_name"), (last_name, "last_name")):
        if not name:
            raise ToolRefused("name_needed", "A phone number alone is not enough to find you.", field=field)
    check_attempts(ctx)
    customer = match_customer(name=f"{first_name} {last_name}", phone=number)
    if customer is None:
        raise ToolRefused("not_found", "I could not find that name with that phone number.")
    return _identified(ctx, customer, "Thank you, I have found you.")


@tool(label="Adding you to our book", writes=True)
def create_customer(
    ctx: ToolContext,
    *,
    first_name: Annotated[Name, "the customer's first name"],
    last_name: Annotated[Name, "the customer's last name"],
    phone: Annotated[Phone, "the customer's phone number"],
    email: Annotated[Email | None, "the customer's e-mail address, if they gave one"] = None,
) -> ToolResult:
    """Registers a new customer who has said that they have never been here, and identifies them.

    Confirm before calling. Needs full name and phone. Returns customer_id.
    """
    for name, field in ((first_name, "first_name"), (last_name, "last_name")):
        if not is_name(name):
            raise ToolRefused("invalid_name", "I am not sure that I have that name right.", field=field)
    number = normal_number(phone)
    check_attempts(ctx)
    existing = match_customer(name=f"{first_name} {last_name}", phone=number)
    if existing is not None:
        return _identified(ctx, existing, "You are in our book already, so we are all set.")
    try:
        customer = register(
            first_name=first_name, last_name=last_name, phone=number, email=email or "", actor=actor(ctx)
        )
    except InvalidEmail:
        raise ToolRefused("invalid_email", "That e-mail address does not look complete.", field="email") from None
    return _identified(ctx, customer, "Welcome! You are in our book now.")


def _identified(ctx: ToolContext, customer: Customer, say: str) -> ToolResult:
    ctx.bind_contact(customer.contact_id)
    return ToolResult(say, {"customer_id": customer.pk})


def normal_number(phone: str) -> str:
    """As E.164.

    Raises:
        ToolRefused: `invalid_phone`.
    """
    try:
        return normalize_phone(phone, Tenant.objects.get().region)
    except InvalidPhone:
        raise ToolRefused("invalid_phone", "That phone number does not look complete.", field="phone") from None


def check_attempts(ctx: ToolContext) -> None:
    """Counts the recorded calls: a refusal rolls back what the tool itself writes, the record of it stays.

    Calls that have begun count too, this one among them, so that parallel guesses do not get past the limit.

    Raises:
        ToolRefused: `too_many_attempts`.
    """
    failed = Q(status=ToolCall.Status.REFUSED, result__error__code="not_found")
    calls = ToolCall.objects.filter(failed | Q(status=ToolCall.Status.STARTED), name__in=_GUESSES)
    if calls.filter(conversation_id=ctx.conversation_id).count() > ATTEMPTS:
        raise ToolRefused(
            "too_many_attempts",
            "I am sorry, I cannot look for customers any more in this conversation. Please call the salon.",
        )
