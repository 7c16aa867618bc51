"""Who is calling: the tool that verifies a caller and binds them to the conversation."""

from typing import Annotated

from django.db.models import Q
from pydantic import Field

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.conversations.models import ToolCall
from apps.verticals.it_helpdesk.callers import match_caller
from apps.verticals.it_helpdesk.core.codes import read_code, spelled
from apps.verticals.it_helpdesk.tools.arguments import Name

ATTEMPTS = 2
"""The first try and one more; four digits are too easily guessed by trying."""
_FAILURES = ("no_match", "goodbye")
Code = Annotated[str, Field(max_length=40, json_schema_extra={"pattern": "^[0-9]{4}$"})]


@tool(label="Verifying you")
def verify_caller(
    ctx: ToolContext,
    *,
    company: Annotated[Name, "the company the caller belongs to"],
    first_name: Annotated[Name, "the caller's first name"],
    last_name: Annotated[Name, "the caller's last name"],
    code: Annotated[Code, "your company's 4-digit code"],
) -> ToolResult:
    """Verifies the caller by company, full name and the 4-digit code of the company, for this conversation.

    Use it first, before anything about a device, a ticket, troubleshooting or the company. On a phone call read the
    code back digit by digit. One retry when it does not match, then say goodbye. Returns employee_id.
    """
    digits = read_code(code)
    if digits is None:
        raise ToolRefused("code_needed", "The code of your company has exactly four digits.", field="code")
    tries = _tries(ctx)
    if tries > ATTEMPTS:
        raise _goodbye()
    employee = match_caller(company=company, name=f"{first_name} {last_name}", code=digits)
    if employee is None and tries == ATTEMPTS:
        raise _goodbye()
    if employee is None:
        heard = "" if ctx.channel == "chat" else f" I heard the code {spelled(digits)}."
        raise ToolRefused(
            "no_match",
            f"That does not match what we have on file.{heard} Please check your company, your name and the code; "
            "we can try once more.",
            field="code",
        )
    ctx.bind_contact(employee.contact_id)
    return ToolResult(
        f"Thank you, {employee.contact.given_name}, I have found you at {employee.organization.name}.",
        {"employee_id": employee.pk},
    )


def _tries(ctx: ToolContext) -> int:
    """How many tries this conversation has made, this one included.

    Counts the recorded calls: a refusal rolls back what the tool itself writes, the record of it stays. Calls that have
    begun count too, this one among them, so that parallel guesses do not get past the limit.
    """
    failed = Q(status=ToolCall.Status.REFUSED, result__error__code__in=_FAILURES)
    begun = Q(status=ToolCall.Status.STARTED)
    calls = ToolCall.objects.filter(failed | begun, name="verify_caller", conversation_id=ctx.conversation_id)
    statuses = list(calls.values_list("status", flat=True))
    return statuses.count(ToolCall.Status.REFUSED) + max(1, statuses.count(ToolCall.Status.STARTED))


def _goodbye() -> ToolRefused:
    return ToolRefused(
        "goodbye",
        "I am sorry, I cannot verify you, so I have to stop here. Please ask your company's IT contact for the code "
        "and get in touch again. Goodbye.",
    )
