"""Promising to call somebody, and taking it back."""

import datetime as dt
from typing import Annotated

from apps.agents.sdk import Time, ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import listed, spoken_moment
from apps.verticals.sales.callbacks import CallbackRefused, cancel, promise, promised, zone_of
from apps.verticals.sales.models import Callback
from apps.verticals.sales.tools.arguments import (
    Id,
    Topic,
    actor,
    identified_lead,
    not_identified,
    own_lead,
    today,
)

_SAY = {
    "in_the_past": "That time is already over.",
    "too_far_ahead": "We can promise calls up to 60 days ahead.",
    "outside_hours": "We only call between 8 AM and 9 PM where you are.",
    "do_not_call": "Your number is on our do-not-call list, so I cannot promise a call.",
}


@tool(label="Arranging a call back", writes=True)
def request_callback(
    ctx: ToolContext,
    *,
    lead_id: Annotated[Id, "lead_id of the identified visitor"],
    date: Annotated[dt.date, "the day on which they want to be called"],
    time: Annotated[Time, "the time at which they want to be called, on their own clock"],
    note: Annotated[Topic | None, "what the call is about, if they said so"] = None,
) -> ToolResult:
    """Promises a call back from us at a day and time that the identified visitor wishes; a later wish replaces it.

    Use it when they want to be called back, or have no time now. Confirm before calling. Returns callback_id, date,
    time.
    """
    lead = own_lead(ctx, lead_id)
    local = dt.datetime.combine(date, time.replace(second=0, microsecond=0, tzinfo=None))
    try:
        callback = promise(
            lead=lead,
            local=local,
            note=note or "",
            conversation_id=ctx.conversation_id,
            now=ctx.now,
            actor=actor(ctx),
        )
    except CallbackRefused as refusal:
        raise ToolRefused(refusal.code, _SAY[refusal.code], field=refusal.field) from refusal
    moment = callback.at.astimezone(zone_of(lead))
    return ToolResult(
        f"We will call you on {spoken_moment(moment, today=today(ctx))}, on your clock.", _data(callback, moment)
    )


@tool(label="Looking for your call back")
def get_promised_calls(ctx: ToolContext, *, lead_id: Annotated[Id, "lead_id of the identified visitor"]) -> ToolResult:
    """Lists what was promised to the identified visitor: on which days and at what times.

    Use it when they ask for it, and before one is cancelled. Returns callback_id, date, time, note of each.
    """
    lead = own_lead(ctx, lead_id)
    ahead = [(callback, callback.at.astimezone(zone_of(lead))) for callback in promised(lead)]
    if not ahead:
        return ToolResult("No call back is arranged.", {"callbacks": []})
    said = listed([spoken_moment(moment, today=today(ctx)) for _, moment in ahead])
    return ToolResult(f"We will call you on {said}.", {"callbacks": [_data(*one) for one in ahead]})


@tool(label="Cancelling the call back", writes=True)
def cancel_callback(
    ctx: ToolContext, *, callback_id: Annotated[Id, "callback_id of the visitor's promised call"]
) -> ToolResult:
    """Cancels a call back that was promised to the identified visitor.

    Use it when they no longer want to be called back; list the promised calls first. Confirm before calling. Returns
    callback_id, date, time.
    """
    lead = identified_lead(ctx)
    callback = next((one for one in promised(lead) if one.pk == callback_id), None) if lead else None
    if lead is None or callback is None:
        raise (
            not_identified()
            if lead is None
            else ToolRefused("no_callback", "No such call is arranged, so there is nothing to cancel.")
        )
    cancel(callback=callback, now=ctx.now, actor=actor(ctx))
    moment = callback.at.astimezone(zone_of(lead))
    return ToolResult(f"The call on {spoken_moment(moment, today=today(ctx))} is cancelled.", _data(callback, moment))


def _data(callback: Callback, moment: dt.datetime) -> dict[str, str]:
    date, time = moment.date().isoformat(), f"{moment:%H:%M}"
    return {"callback_id": callback.pk, "date": date, "time": time, "note": callback.note}
