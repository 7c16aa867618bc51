"""Who is speaking: the tools that find or take down a lead and bind them to the conversation."""

from typing import Annotated

from django.db.models import Q

from apps.agents.sdk import Email, Phone, ToolContext, ToolRefused, ToolResult, tool
from apps.business.contacts import InvalidEmail
from apps.business.core.names import is_name
from apps.conversations.models import ToolCall
from apps.verticals.sales import numbers
from apps.verticals.sales.leads import LeadKnown, leads_with_phone, match_lead, register
from apps.verticals.sales.models import Lead
from apps.verticals.sales.tools.arguments import Name, actor

ATTEMPTS = 5
"""Failed identifications that one conversation may make; names are too easily guessed by trying."""
_GUESSES = ("find_lead_by_phone", "create_lead")
_SOURCES = {"chat": "Chat with our agents", "phone": "Called us", "browser": "Called us from the website"}


@tool(label="Looking for you in our records")
def find_lead_by_phone(
    ctx: ToolContext,
    *,
    phone: Annotated[Phone, "the visitor's phone number"],
    first_name: Annotated[Name | None, "the visitor's first name; ask for it"] = None,
    last_name: Annotated[Name | None, "the visitor's last name; ask for it"] = None,
) -> ToolResult:
    """Finds the visitor by phone number and full name, and identifies them for this conversation.

    Use it before anything that concerns the visitor: appointments, callbacks, what we have on file. A number alone
    identifies nobody, except on a call from that very number. When nobody is found, ask whether they are new, and
    then take them down. Returns lead_id.
    """
    number = normal_number(phone)
    if ctx.caller_phone == number and len(known := leads_with_phone(number)) == 1:
        return _identified(ctx, known[0], "Thank you, I have found you.")
    for name, field in ((first_name, "first_name"), (last_name, "last_name")):
        if not name:
            raise ToolRefused("name_needed", "A phone number alone is not enough to find you.", field=field)
    check_attempts(ctx)
    lead = match_lead(name=f"{first_name} {last_name}", phone=number)
    if lead is None:
        raise ToolRefused("not_found", "I could not find that name with that phone number.")
    return _identified(ctx, lead, "Thank you, I have found you.")


@tool(label="Taking down your details", writes=True)
def create_lead(
    ctx: ToolContext,
    *,
    first_name: Annotated[Name, "the visitor's first name"],
    last_name: Annotated[Name, "the visitor's last name"],
    phone: Annotated[Phone, "the visitor's phone number"],
    email: Annotated[Email | None, "the visitor's e-mail address, if they gave one"] = None,
    company: Annotated[Name | None, "the visitor's company, if they named it"] = None,
) -> ToolResult:
    """Registers a new visitor who has said that they have not been in touch with us before, and identifies them.

    Confirm before calling. Needs full name and phone. It allows nobody to call them. Returns lead_id.
    """
    for name, field in ((first_name, "first_name"), (last_name, "last_name")):
        if not is_name(name):
            raise ToolRefused("invalid_name", "I am not sure that I have that name right.", field=field)
    number = normal_number(phone)
    check_attempts(ctx)
    existing = match_lead(name=f"{first_name} {last_name}", phone=number)
    if existing is not None:
        return _identified(ctx, existing, "We have your details already, so we are all set.")
    try:
        lead = register(
            first_name=first_name,
            last_name=last_name,
            phone=number,
            email=email or "",
            company=company or "",
            source=_SOURCES[ctx.channel],
            now=ctx.now,
            actor=actor(ctx),
        )
    except InvalidEmail:
        raise ToolRefused("invalid_email", "That e-mail address does not look complete.", field="email") from None
    except LeadKnown:  # in the words of a name that does not fit: whose number it is, is nobody's business
        raise ToolRefused("not_found", "I could not find that name with that phone number.", field="phone") from None
    return _identified(ctx, lead, "Thank you, I have taken down your details.")


def _identified(ctx: ToolContext, lead: Lead, say: str) -> ToolResult:
    ctx.bind_contact(lead.contact_id)
    return ToolResult(say, {"lead_id": lead.pk})


def normal_number(phone: str) -> str:
    """As E.164.

    Raises:
        ToolRefused: `invalid_phone`.
    """
    number = numbers.e164(phone, numbers.region())
    if number is None:
        raise ToolRefused("invalid_phone", "That phone number does not look complete.", field="phone")
    return number


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
            "too_many_attempts", "I am sorry, I cannot look for people any more in this conversation. Please call us."
        )
