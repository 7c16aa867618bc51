"""The tools for when it cannot wait. They need no identification: a flooded kitchen comes before paperwork."""

from typing import Annotated

from apps.agents.sdk import Phone, ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import listed
from apps.verticals.real_estate import maintenance
from apps.verticals.real_estate.core.urgency import assess
from apps.verticals.real_estate.maintenance import as_data
from apps.verticals.real_estate.models import MaintenanceRequest, Property, Renter
from apps.verticals.real_estate.renters import current_lease
from apps.verticals.real_estate.tools.arguments import (
    SPOKEN,
    Topic,
    Words,
    actor,
    identified_renter,
    number,
    today,
)
from apps.verticals.real_estate.tools.maintenance import ring_first, told

MOST_DISPATCHED = 2
"""Emergencies that one conversation may dispatch."""
_ADVICE = {
    "plumbing": "If you can, turn off the water at the main tap.",
    "gas": "Do not use lights or switches, and leave the home.",
    "electrical": "Do not touch anything wet or sparking, and switch off the mains if it is safe.",
}


@tool(label="Judging how urgent it is")
def check_urgency(
    ctx: ToolContext, *, description: Annotated[Words, "what has happened, in the caller's words"]
) -> ToolResult:
    """Judges how urgent a problem is: danger to life, an emergency in the home, urgent, or can wait; and what to do
    first.

    Use it when it is not clear whether something is an emergency. Returns priority, category, danger.
    """
    found = assess(description)
    data = {"priority": found.priority, "category": found.category, "danger": found.danger}
    if found.danger:
        return ToolResult(f"{ring_first()} {_ADVICE.get(found.category, '')}".strip(), data)
    if found.priority == "emergency":
        return ToolResult(
            f"That is an emergency: we send somebody now. {_ADVICE.get(found.category, '')}".strip(), data
        )
    if found.priority == "urgent":
        return ToolResult("That is urgent: somebody gets back to you within four hours.", data)
    return ToolResult("That can wait for a normal maintenance request.", data)


@tool(label="Sending help", writes=True)
def dispatch_emergency(
    ctx: ToolContext,
    *,
    description: Annotated[Words, "what has happened, in the caller's words"],
    address: Annotated[Topic, "the address of the home where it happened"],
    phone: Annotated[Phone, "the phone number to call back"],
) -> ToolResult:
    """Dispatches help at once in a property emergency: burst pipe, flood, water pouring in, fire, gas, no power,
    door that does not lock. No identification needed.

    Use it as soon as the address and a phone number to call back are known. If lives are at risk it says first to
    call the emergency number. Returns request_id, reference, priority, contractor_name, answer_by.
    """
    found = assess(description)
    if found.priority != "emergency":
        raise ToolRefused(
            "no_emergency",
            "That does not sound like an emergency, so our maintenance team will take it up as a request.",
            field="description",
        )
    # Whoever is in danger hears so also when we cannot tell where they are.
    first = f"{ring_first()} " if found.danger else ""
    home, renter = _where(ctx, address, first)
    callback = number(phone)
    sent = MaintenanceRequest.objects.filter(conversation_id=ctx.conversation_id, priority="emergency")
    if sent.exclude(property=home, category=found.category).count() >= MOST_DISPATCHED:
        raise ToolRefused("too_many_emergencies", f"{first}Please call our office for anything more.")
    request, is_new = maintenance.report(
        home=home,
        renter=renter,
        category=found.category,
        priority="emergency",
        description=description,
        callback_phone=callback,
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    advice = _ADVICE.get(found.category, "")
    return ToolResult(
        f"{first}{told(ctx, request, is_new=is_new)} {advice}".strip(), as_data(request, zone=ctx.now.tzinfo)
    )


def _where(ctx: ToolContext, said: str, first: str) -> tuple[Property, Renter | None]:
    """The home under management; the identified renter's own when it is there."""
    found = maintenance.managed_at(said)
    renter = identified_renter(ctx)
    lease = current_lease(renter, today=today(ctx)) if renter else None
    if lease is not None and (not found or lease.property_id in {one.pk for one in found}):
        return lease.property, renter
    if len(found) == 1:
        return found[0], None
    if found:
        which = listed([one.address for one in found[:SPOKEN]], word="or")
        raise ToolRefused("which_property", f"{first}Is it {which}?", field="address")
    raise ToolRefused(
        "property_not_found",
        f"{first}I cannot find that address among the homes we manage; what is the street and number?",
        field="address",
    )
