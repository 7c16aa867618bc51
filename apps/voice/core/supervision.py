"""A supervisor in the call: whispering to the agent, speaking to the caller, having the call to themselves. Pure.

While they have it the model is muted (it writes down what the caller says, and answers nothing), the sequencer asks for
nothing, and what a model says all the same is not played: three walls, for the agent must not speak.
"""

from apps.voice.core.actions import Action, CreateResponse
from apps.voice.core.call import Call
from apps.voice.core.events import BargedIn, HandedBack, SupervisorSpoke, SupervisorTyped, TakenOver, Whispered
from apps.voice.core.supervised import PAUSE

MOST_TOLD = 20
"""Turns of a takeover that the agent is told, when nobody has summed it up."""
NAMES = {"user": "Caller", "assistant": "You"}


def whispered(call: Call, event: Whispered, now: float) -> list[Action]:
    text = event.text.strip()
    if call.closing.begun or not text:
        return []
    return [*call.note(call.settings.whispered + text), *call.transcript.whispered(text)]


def barged_in(call: Call, event: BargedIn, now: float) -> list[Action]:
    supervised = call.supervised
    if not call.steerable or supervised.mode == "barge":
        return []
    actions = handed_back(call, HandedBack(), now) if supervised.mode else []
    supervised.mode, supervised.since = "barge", now
    return actions + call.note(call.settings.barged_in)


def taken_over(call: Call, event: TakenOver, now: float) -> list[Action]:
    supervised = call.supervised
    if not call.steerable or supervised.mode == "takeover":
        return []
    supervised.mode, supervised.since, supervised.turn = "takeover", now, len(call.transcript.history)
    actions = call.interrupt(now, cancel=True)
    call.sequencer.mute(now)
    call.speech.muted = True
    return [*actions, *call.line.mute(True), *call.note(call.settings.taken_over)]


def handed_back(call: Call, event: HandedBack, now: float) -> list[Action]:
    """The agent goes on; after a takeover with what happened meanwhile."""
    supervised, settings = call.supervised, call.settings
    mode, supervised.mode = supervised.mode, ""
    if not mode:
        return []
    actions = call.speech.relayed(now)
    lost = settings.supervisor_lost if event.lost else ""
    if mode == "barge":
        return actions + ([] if call.closing.begun else call.note(f"{lost}{settings.supervisor_left} {event.summary}"))
    call.sequencer.unmute()
    call.speech.muted = False
    call.hearing.unanswered = False
    call.patience.excuse(now - supervised.since, now)
    if call.closing.begun:
        return actions
    if not call.line.open:  # the model was lost while nobody needed it
        return actions + call.close("no_model", "", now)
    told = event.summary.strip() or _meanwhile(call)
    actions += [*call.line.mute(False), *call.note(f"{lost}{settings.handed_back}{told}")]
    call.go_on("resume", CreateResponse(instructions=settings.go_on), now)
    return actions


def _meanwhile(call: Call) -> str:
    said = [
        f"{NAMES[who]}: “{text}”" if who in NAMES else text
        for who, text in call.transcript.history[call.supervised.turn :]
    ]
    return " ".join(["What was written down meanwhile:", *said[-MOST_TOLD:]]) if said else ""


def spoke(call: Call, event: SupervisorSpoke, now: float) -> list[Action]:
    """Their voice, passed on while they speak: so a pause lets what has piled up on its way run out."""
    supervised = call.supervised
    if not supervised.mode or call.closing.begun:
        return []
    actions: list[Action] = []
    if event.voiced:
        if supervised.mode == "barge" and not supervised.holds(now):
            actions = call.interrupt(now, cancel=True)
        supervised.spoke_at = now
    elif now - supervised.spoke_at >= PAUSE:
        return call.speech.relayed(now)
    return actions + call.speech.relay(event.audio, now)


def typed(call: Call, event: SupervisorTyped, now: float) -> list[Action]:
    supervised = call.supervised
    text = event.text.strip()
    if not supervised.mode or call.closing.begun or not text:
        return []
    supervised.written += 1
    note = call.note(f"The supervisor wrote to the caller: “{text}”")
    return [*call.transcript.supervisor(text, f"supervisor-{supervised.written}"), *note]


def response_started(call: Call, response: str, now: float) -> list[Action] | None:
    """What becomes of a response that starts while the agent has to be silent; None when it has not."""
    supervised = call.supervised
    if not supervised.holds(now):
        return None
    cancelled = call.cancel(response)
    if supervised.mode == "barge":  # the caller is owed an answer, when the supervisor pauses
        call.sequencer.want("answer", CreateResponse(), now)
    return cancelled


def tick(call: Call, now: float) -> list[Action]:
    """Their voice may end without a sound: the connection that brought it is gone."""
    supervised = call.supervised
    return call.speech.relayed(now) if supervised.mode and now - supervised.spoke_at >= PAUSE else []
