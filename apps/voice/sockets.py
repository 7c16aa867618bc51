"""The media sockets: a phone company's stream, and the browser's. Plain ASGI, one receive loop a call."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings as django
from opentelemetry.context import attach

from apps.agents.models import LineAudio
from apps.common import drain
from apps.common.addresses import address_of
from apps.common.direct import Direct, direct
from apps.common.errors import AppError
from apps.telephony.calls import gateway
from apps.telephony.dialects import PLIVO, TELNYX, TWILIO, VONAGE, Dialect
from apps.voice import office, tickets
from apps.voice.admission import is_full
from apps.voice.bridge import Bridge, Wire
from apps.voice.core.actions import EndCall, Show
from apps.voice.core.carriers.browser import Browser
from apps.voice.core.carriers.carrier import BadFrame, Carrier
from apps.voice.core.carriers.plivo import Plivo
from apps.voice.core.carriers.telnyx import Telnyx
from apps.voice.core.carriers.twilio import Twilio
from apps.voice.core.carriers.vonage import Vonage
from apps.voice.core.events import CarrierEvent, CarrierStarted
from apps.voice.core.fillers import waiting_sound
from apps.voice.core.formats import L16
from apps.voice.core.realtime_commands import Setup, spoken_on
from apps.voice.core.session import Session
from apps.voice.core.settings import Settings as CallSettings
from apps.voice.realtime.client import RealtimeModel
from apps.voice.records import open_records
from apps.voice.tickets import Ticket
from apps.voice.under_way import under_way

logger = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Frames = Callable[[], Awaitable[Wire | None]]

START_WITHIN = 10.0
"""Seconds that a carrier's socket has to say which call it is."""
MOST_WAITING = 32
"""Sockets of one address that have not said so yet: many calls may begin at once behind one media server."""
MOST_TALKING = 16
"""Calls of one address from the browser at a time: an office, and no more."""
CARRIER_SILENCE = 15.0
"""Seconds without a frame of a phone call, which sends fifty a second, until the other end counts as gone."""
# RFC 6455 §7.4.1, and IANA's registry
NORMAL, UNSUPPORTED_DATA, POLICY_VIOLATION, TOO_BIG = 1000, 1003, 1008, 1009
SERVICE_RESTART, TRY_AGAIN_LATER = 1012, 1013

_waiting: Counter[str] = Counter()
_talking: Counter[str] = Counter()


class _Gone(Exception):
    """The other side has left before the call began."""


async def phone(
    scope: dict[str, Any],
    receive: Receive,
    send: Send,
    *,
    dialect: Dialect,
    codec: Callable[[], Carrier],
    hangs_up: bool = False,
) -> None:
    """`/ws/voice/<carrier>/`: a phone company's media stream, both ways. `hangs_up`: it takes orders over REST."""
    await receive()  # websocket.connect
    carrier = codec()
    frames = partial(_frame, receive, text_only=carrier.format != L16)
    ticket = None
    try:
        dialect.check_upgrade(scope)
        _admit()
        with _place(_waiting, scope, most=MOST_WAITING):
            if not dialect.signs_sockets:
                ticket = await tickets.redeem(_query(scope, "token"), carrier=dialect.name)
            await send({"type": "websocket.accept"})
            started = await _started(carrier, frames)
            ticket = ticket or await tickets.redeem(started.parameters.get("token", ""), carrier=dialect.name)
    except (_Gone, TimeoutError):
        await _close(send, NORMAL)
        return
    except (BadFrame, AppError) as refusal:
        await _close(send, _code(refusal))
        return
    await _hold(
        ticket,
        carrier=carrier,
        started=started,
        request=office.Request(
            tenant_id=ticket.tenant_id,
            agent=ticket.agent,
            channel="phone",
            carrier=dialect.name,
            carrier_call=ticket.call or started.call,
            caller=ticket.caller,
            number=ticket.number,
            direction=ticket.direction,
        ),
        settings=CallSettings(carrier_silence=CARRIER_SILENCE),
        hang_up=partial(gateway().hang_up, started.call) if hangs_up else None,
        frames=frames,
        send=send,
        direct=direct(scope),
    )


twilio = partial(phone, dialect=TWILIO, codec=Twilio, hangs_up=True)
telnyx = partial(phone, dialect=TELNYX, codec=Telnyx)
plivo = partial(phone, dialect=PLIVO, codec=Plivo)
vonage = partial(phone, dialect=VONAGE, codec=Vonage)


async def browser(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """`/ws/voice/browser/`: our own page."""
    await receive()  # websocket.connect
    with ExitStack() as places:
        try:
            _admit()
            places.enter_context(_place(_talking, scope, most=MOST_TALKING))
            ticket = await tickets.redeem(_query(scope, "ticket"), carrier="browser")
        except AppError as refusal:
            await _turn_away(send, refusal)
            return
        await send({"type": "websocket.accept"})
        await _hold(
            ticket,
            carrier=Browser(),
            started=CarrierStarted(stream="", call=""),
            request=office.Request(
                tenant_id=ticket.tenant_id,
                agent=ticket.agent,
                channel="browser",
                carrier="browser",
                visitor=ticket.visitor,
            ),
            settings=CallSettings(),
            frames=partial(_frame, receive),
            send=send,
            direct=direct(scope),
        )


async def _hold(
    ticket: Ticket,
    *,
    carrier: Carrier,
    started: CarrierStarted,
    request: office.Request,
    settings: CallSettings,
    frames: Frames,
    send: Send,
    hang_up: Callable[[], Awaitable[None]] | None = None,
    direct: Direct | None = None,
) -> None:
    """Carries one call to its end. `frames` and `send` are ASGI's way to the carrier, `direct` a shorter one."""
    try:
        opened = await office.begin(request)
    except AppError as refusal:  # the plan does not allow it, nobody answers, or the call is a second one
        logger.warning("A call was not taken", extra={"reason": refusal.code})
        await _say(send, carrier.write(Show("notice", {"text": refusal.message})))
        await _close(send, POLICY_VIOLATION)
        return
    converted = opened.desk.agent.line_audio == LineAudio.CONVERTED
    setup = Setup(spoken_on(carrier.format, converted=converted), transcription=django.TRANSCRIPTION_MODEL)
    settings = replace(settings, filler_audio=waiting_sound(carrier.format), cap=ticket.seconds or settings.cap)
    persona = office.persona_of(opened.desk)
    records = await open_records(opened.call, format=carrier.format, persona=persona, held=settings)
    attach(records.context)  # for what the call begins; this task ends with it
    bridge = Bridge(
        carrier=carrier,
        send=lambda frame: send(_message(frame)),
        session=Session(carrier.format, records.persona, settings),
        office=opened,
        connect=lambda: RealtimeModel(model=django.VOICE_MODEL, setup=setup),
        model_format=setup.format,
        hang_up=hang_up,
        book=records.book,
        direct=direct,
    )
    under_way().enter(bridge)
    try:
        if isinstance(carrier, Browser):
            await send(_message(carrier.ready(limit_s=ticket.seconds or None, agent={"name": persona.name})))
        bridge.feed(started)
        await bridge.run(frames)
    finally:
        await _close(send, _code(bridge.refused) if bridge.refused else NORMAL)
        await records.close()
        under_way().leave(bridge)


def _admit() -> None:
    """Whether this process takes another call.

    Raises:
        Draining, Busy: not now.
    """
    drain.refuse()
    if is_full():
        raise Busy("All lines are busy. Please try again in a moment.")


@contextmanager
def _place(taken: Counter[str], scope: dict[str, Any], *, most: int) -> Iterator[None]:
    """One of the places that an address has.

    Raises:
        tickets.TooManyCalls: it has none left.
    """
    headers = dict(scope["headers"])
    peer = (scope.get("client") or ("",))[0]
    forwarded = headers.get(b"x-forwarded-for", b"").decode("latin1")
    address = address_of(peer=peer, forwarded=forwarded, proxies=django.TRUSTED_PROXIES) or peer
    if taken[address] >= most:
        raise tickets.TooManyCalls("Too many connections from this address.")
    taken[address] += 1
    try:
        yield
    finally:
        taken[address] -= 1
        if not taken[address]:
            del taken[address]


class Busy(AppError):
    """This process has as many calls as it can carry well."""

    code = "busy"
    status = 503
    retryable = True


async def _started(carrier: Carrier, frames: Frames) -> CarrierStarted:
    """The carrier's word of which call this is."""
    async with asyncio.timeout(START_WITHIN):
        while (frame := await frames()) is not None:
            events: list[CarrierEvent] = carrier.read(frame)
            for event in events:
                if isinstance(event, CarrierStarted):
                    return event
    raise _Gone


async def _frame(receive: Receive, *, text_only: bool = False) -> Wire | None:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        return None
    text = message.get("text")
    if text is None and text_only:
        raise BadFrame("binary")
    frame: Wire = message["bytes"] if text is None else text
    return frame


def _query(scope: dict[str, Any], name: str) -> str:
    return parse_qs(scope["query_string"].decode("latin1")).get(name, [""])[0]


def _message(frame: Wire) -> dict[str, Any]:
    kind = "text" if isinstance(frame, str) else "bytes"
    return {"type": "websocket.send", kind: frame}


_CODES = {"oversized": TOO_BIG, "binary": UNSUPPORTED_DATA}


def _code(refusal: Exception) -> int:
    """Why a socket is closed."""
    if isinstance(refusal, BadFrame):
        return _CODES.get(refusal.reason, POLICY_VIOLATION)
    if isinstance(refusal, drain.Draining):
        return SERVICE_RESTART
    return TRY_AGAIN_LATER if isinstance(refusal, Busy) else POLICY_VIOLATION


async def _turn_away(send: Send, refusal: AppError) -> None:
    """Tells a page why; one that is refused before it is accepted learns nothing but that there is no socket."""
    await send({"type": "websocket.accept"})
    if isinstance(refusal, Busy):
        await _say(send, Browser().write(EndCall("busy")))
    elif isinstance(refusal, drain.Draining):
        await _say(send, Browser().write(EndCall("drain")))
    await _close(send, _code(refusal))


async def _say(send: Send, frames: list[Wire]) -> None:
    try:
        for frame in frames:
            await send(_message(frame))
    except (OSError, RuntimeError):
        logger.debug("A socket was closed already")


async def _close(send: Send, code: int) -> None:
    try:
        await send({"type": "websocket.close", "code": code})
    except (OSError, RuntimeError):
        logger.debug("A socket was closed already")
