"""Calls that we make: what they are about, who answers, what comes of them, and the wish to be left alone."""

from typing import Annotated, Literal

from apps.agents.sdk import Phone, ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import spoken_date
from apps.tenants.models import Tenant
from apps.verticals.sales import dialed, permission
from apps.verticals.sales.models import DialedCall, DoNotCall
from apps.verticals.sales.tools.arguments import Id, Topic, actor, own_call, own_lead, today
from apps.verticals.sales.tools.people import normal_number

Outcome = Literal["interested", "meeting_booked", "callback", "nurture", "not_interested", "wrong_person",
                  "do_not_call", "not_qualified"]  # fmt: skip
MOST_NUMBERS = 3
"""Numbers that one conversation may put on the list: its own, and perhaps an office's; not everybody's."""
LISTED = "Your number is on our do-not-call list now. We will not call you again."


@tool(label="Looking at why we call")
def get_call_briefing(ctx: ToolContext) -> ToolResult:
    """Tells whom we are calling and why, at the very beginning of a call that we have made.

    Say it as it stands, then wait for the answer. Only works in such a call. Returns first_name, purpose, source.
    """
    call = own_call(ctx)
    lead = call.lead
    purpose = call.campaign.purpose if call.campaign else _promised(call)
    name = lead.contact.given_name
    return ToolResult(
        f"Hello, this is an AI assistant calling for {Tenant.objects.get().name} about {purpose}. We have this number "
        f"from: {lead.source}. Am I speaking with {name}, and is it all right to go on? "
        "You can tell me at any time not to call again.",
        {"first_name": name, "purpose": purpose, "source": lead.source},
    )


@tool(label="Noting who is speaking", writes=True)
def confirm_person(
    ctx: ToolContext, *, is_right_person: Annotated[bool, "whether they said that they are the person we call"]
) -> ToolResult:
    """Notes whether the person who has answered our call is the one we call, and identifies them if so.

    Confirm before calling. Only works in a call that we have made. Returns lead_id, for the right person only.
    """
    call = own_call(ctx)
    if not is_right_person:
        dialed.record_outcome(
            call=call,
            outcome="wrong_person",
            note="",
            conversation_id=ctx.conversation_id,
            now=ctx.now,
            actor=actor(ctx),
        )
        return ToolResult("I am sorry to have disturbed you. We will not call this number again.", {"lead_id": None})
    ctx.bind_contact(call.lead.contact_id)
    return ToolResult("Thank you.", {"lead_id": call.lead_id})


@tool(label="Noting the outcome", writes=True)
def record_outcome(
    ctx: ToolContext,
    *,
    outcome: Annotated[Outcome, "what came of the call"],
    note: Annotated[Topic | None, "what the next colleague should know, in a sentence"] = None,
) -> ToolResult:
    """Records what came of a call that we have made, before it ends.

    Returns outcome.
    """
    call = own_call(ctx)
    dialed.record_outcome(
        call=call,
        outcome=outcome,
        note=note or "",
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    return ToolResult(LISTED if outcome == "do_not_call" else "Thank you for your time.", {"outcome": outcome})


@tool(label="Looking up why we called")
def get_reason_for_call(ctx: ToolContext, *, lead_id: Annotated[Id, "lead_id of the identified visitor"]) -> ToolResult:
    """Tells the identified visitor why we called them, where we have their number from, and their consent.

    Use it when they ask: why did you call me, where did you get my number, who gave you my data. Returns purpose,
    source, consent_source, consent_date.
    """
    lead = own_lead(ctx, lead_id)
    last = DialedCall.objects.filter(lead=lead).select_related("campaign").first()
    consent = permission.last_consent(lead.phone)
    source = f"We have your number from: {lead.source}."
    agreed = "No consent to be called is on file, and we will not call you."
    given = None
    if consent is not None:
        given = consent.obtained_at.astimezone(ctx.now.tzinfo).date()
        agreed = (
            f"You agreed to be called on {spoken_date(given, today=today(ctx))}: {consent.source}. "
            "You can withdraw that at any time."
        )
    purpose = last.campaign.purpose if last and last.campaign else ""
    about = f"We called you about {purpose}. " if purpose else "" if last else "We have not called you so far. "
    return ToolResult(
        f"{about}{source} {agreed}",
        {
            "purpose": purpose,
            "source": lead.source,
            "consent_source": consent.source if consent else None,
            "consent_date": given.isoformat() if given else None,
        },
    )


@tool(label="Adding you to the do-not-call list", writes=True)
def add_to_do_not_call(
    ctx: ToolContext,
    *,
    phone: Annotated[Phone, "the phone number that must not be called"],
    reason: Annotated[Topic | None, "why, if they said so"] = None,
) -> ToolResult:
    """Stops our calls: puts a phone number on the do-not-call list, at once and for good.

    Use it whenever somebody asks not to be called any more, to be removed from a list or to be left alone; they need
    not say who they are. Confirm before calling. Returns listed.
    """
    number = normal_number(phone)
    call = dialed.of_conversation(ctx.conversation_id)
    if call is not None and call.phone == number:
        dialed.record_outcome(
            call=call,
            outcome="do_not_call",
            note=reason or "",
            conversation_id=ctx.conversation_id,
            now=ctx.now,
            actor=actor(ctx),
        )
        return ToolResult(LISTED, {"listed": True})
    _check_count(ctx)
    permission.forbid(
        phone=number,
        source="asked",
        reason=reason or "",
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    return ToolResult(LISTED, {"listed": True})


def _check_count(ctx: ToolContext) -> None:
    added = DoNotCall.objects.filter(conversation_id=ctx.conversation_id).count()
    if added >= MOST_NUMBERS:
        raise ToolRefused("too_many_numbers", "For more numbers, please call us or write to us.", field="phone")


def _promised(call: DialedCall) -> str:
    """What a promised call is about."""
    note = call.callback.note if call.callback else ""
    return f"the call you asked for, on {note}" if note else "the call you asked for"
