"""The tools that judge and advise: how urgent it is, what to do until somebody comes, when it must be quiet."""

from typing import Annotated

from apps.agents.sdk import ToolContext, ToolResult, tool
from apps.business.core.wording import spoken_time
from apps.verticals.after_hours import guidance, incidents
from apps.verticals.after_hours.core.categories import categorize
from apps.verticals.after_hours.core.scoring import score
from apps.verticals.after_hours.rules import line_rules
from apps.verticals.after_hours.tools.arguments import Address, Description, Topic, ring_first, trade_of, where


@tool(label="Judging how urgent it is")
def check_urgency(ctx: ToolContext, *, description: Description) -> ToolResult:
    """Judges whether a problem is an emergency or can wait, by the rules of the business.

    Use it when a caller asks whether it is an emergency, or counts as urgent. Returns category, urgency, emergency,
    danger.
    """
    found = score(description)
    is_emergency = found.value >= line_rules().threshold
    kind = categorize(description)
    data = {
        "category": kind if kind != "other" else trade_of(ctx) or kind,
        "urgency": found.value,
        "emergency": is_emergency,
        "danger": found.danger,
    }
    if found.danger:
        return ToolResult(ring_first(), data)
    if is_emergency:
        return ToolResult("Yes, that is an emergency: when you report it, we ring our people on call at once.", data)
    return ToolResult("By our rules that is no emergency: it can wait for office hours.", data)


@tool(label="Looking up what to do first")
def get_safety_steps(
    ctx: ToolContext,
    *,
    description: Description,
    address: Annotated[Topic | None, "the address or the name of the building, if they said it"] = None,
) -> ToolResult:
    """Tells what to do in the meantime, until somebody comes: steps for safety, where the shutoff valve or the breaker
    panel is, what not to touch.

    Use it when a caller asks what they should do. Returns steps, water_shutoff, breaker_panel.
    """
    kind = categorize(description)
    trade = kind if kind != "other" else trade_of(ctx) or kind
    steps = guidance.steps_for(description, trade=trade)
    found = incidents.buildings_at(address) if address else []
    home = found[0] if len(found) == 1 else guidance.home_of(ctx.conversation_id)
    first = ring_first() if score(description).danger else ""
    says = [first, steps]
    if home is not None and trade == "plumbing" and home.water_shutoff:
        says.append(f"The water is turned off {home.water_shutoff}.")
    if home is not None and trade == "electrical" and home.breaker_panel:
        says.append(f"The breakers are {home.breaker_panel}.")
    data = {
        "steps": steps,
        "water_shutoff": home.water_shutoff if home else "",
        "breaker_panel": home.breaker_panel if home else "",
    }
    said = " ".join(one for one in says if one)
    return ToolResult(said or "I have no steps for that; please stay clear of it until somebody comes.", data)


@tool(label="Looking up the quiet hours")
def get_quiet_hours(ctx: ToolContext, *, address: Address) -> ToolResult:
    """Tells the quiet hours of a building: from when until when it must be quiet, and whether that is now.

    Use it when a caller asks about quiet hours or house rules on noise. Returns building, quiet_from, quiet_until.
    """
    home = where(address, anywhere=False).building
    if home is None or home.quiet_from is None or home.quiet_until is None:
        return ToolResult(
            "That building has no quiet hours of its own; please be considerate.", {"building": str(home)}
        )
    return ToolResult(
        f"At {home} it is quiet from {spoken_time(home.quiet_from)} until {spoken_time(home.quiet_until)}"
        f"{', so it should be quiet now' if guidance.is_quiet(home, ctx.now.time()) else ''}.",
        {
            "building": str(home),
            "quiet_from": f"{home.quiet_from:%H:%M}",
            "quiet_until": f"{home.quiet_until:%H:%M}",
        },
    )
