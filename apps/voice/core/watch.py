"""What time does to a call. Pure."""

import json

from apps.voice.core import supervision
from apps.voice.core.actions import Action, CloseModel, CreateResponse
from apps.voice.core.call import Call
from apps.voice.core.events import ModelLost


def tick(call: Call, now: float) -> list[Action]:
    """What is due, in a call that has started."""
    actions = call.speech.settle(now)
    if call.closing.begun:
        return actions + _end(call, now)
    actions += call.hearing.starved(now)
    if _deserted(call, now):
        return actions + call.end("carrier_lost", now, hang_up=False)
    digits = call.keypad.due(now)
    if digits:
        actions += call.wrote(f"The caller pressed {digits}.", now)
    actions += _watch_line(call, now) + supervision.tick(call, now)
    if not call.closing.begun:
        actions += _watch_time(call, now)
    return actions


def _end(call: Call, now: float) -> list[Action]:
    ledger, closing = call.speech.ledger, call.closing
    talking = call.sequencer.state == "active"
    done = closing.step(now, talking=talking, silent=call.speech.silent, idle=ledger.idle, due=ledger.due)
    if done and closing.reason is not None:
        return call.end(closing.reason, now, hang_up=True)
    return _bridge(call, now)


def _deserted(call: Call, now: float) -> bool:
    """Nothing comes from the carrier any more, though its socket stands: the other end is gone without a word."""
    bound = call.settings.carrier_silence
    return bool(bound) and now - call.hearing.last_at > bound


def _watch_line(call: Call, now: float) -> list[Action]:
    line, sequencer = call.line, call.sequencer
    if line.overdue(now) or sequencer.exhausted or sequencer.stalled(now, call.settings.stall_after):
        return [CloseModel(), *call.lost(ModelLost("no answer"), now)]
    if line.aged(now) and call.calm:
        return call.reconnect(now)
    return []


def _watch_time(call: Call, now: float) -> list[Action]:
    settings, patience = call.settings, call.patience
    if call.supervised.mode == "takeover":  # a person has the call, and looks after its time
        return []
    if patience.capped(now):
        return call.close("limit", settings.cap_goodbye, now)
    if patience.warn(now):
        call.sequencer.want("warning", CreateResponse(instructions=settings.warning), now)
    silence = patience.silence(now, call.speech.ledger.idle_since)
    if not call.calm:
        return _hold(call, silence, now) + _bridge(call, now)
    if patience.exhausted(silence):
        return call.close("silence", settings.silence_goodbye, now)
    if patience.prompt(now, silence):
        call.sequencer.want("prompt", CreateResponse(instructions=settings.still_there), now)
    return []


def _hold(call: Call, silence: float, now: float) -> list[Action]:
    """A holding sentence while a tool takes its time."""
    settings = call.settings
    free = call.line.state == "ready" and call.sequencer.quiet and call.speech.ledger.idle
    if not free or call.hearing.speaking or silence < settings.filler_after:
        return []
    due = next((running for running in call.tools.running if running.hold_at <= now), None)
    if due is not None:
        words = call.fillers.next(call.persona.labels.get(due.name, ""), again=due.held)
        # Without a sound to bridge the pauses with, words have to.
        again = settings.filler_again if settings.filler_audio else settings.filler_after
        call.tools.held(now + again)
        call.sequencer.want("holding", CreateResponse(instructions=settings.holding + json.dumps(words)), now)
    return []


def _bridge(call: Call, now: float) -> list[Action]:
    """A sound where the caller waits for us in silence: the model is slow, or away."""
    if call.supervised.holds(now):
        return []
    owed = call.tools.running or not call.sequencer.quiet or call.line.state == "connecting"
    silence = call.patience.silence(now, call.speech.ledger.idle_since)
    if not owed or call.hearing.speaking or not call.speech.ledger.idle or silence < call.settings.bridge_after:
        return []
    audio = call.settings.filler_audio
    return call.speech.sound(audio, now) if audio else []
