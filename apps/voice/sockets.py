"""The media sockets: a phone company's stream, and the browser's. Plain ASGI, one receive loop a call."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from apps.common import drain
from apps.common.addresses import address_of
from apps.common.errors import AppError
from apps.telephony import signatures
from apps.telephony.account import configured
from apps.telephony.calls import gateway
from apps.voice import office, tickets
from apps.voice.admission import is_full
from apps.voice.bridge import Bridge, Wire
from apps.voice.core.carriers.browser import Browser
from apps.voice.core.carriers.carrier import BadFrame, Carrier
from apps.voice.core.carriers.twilio import Twilio
from apps.voice.core.events import CarrierEvent, CarrierStarted
from apps.voice.core.formats import PCM16, PCMU, Format
from apps.voice.core.realtime_commands import Listening, Setup
from apps.voice.core.session import Session
from apps.voice.core.settings import Settings
from apps.voice.realtime.client import RealtimeModel
from apps.voice.tickets import Ticket
from apps.voice.under_way import under_way

logger = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

START_WITHIN = 10.0
"""Seconds that a carrier's socket has to say which call it is."""
MOST_WAITING = 8
"""Sockets of one address that have not said so yet; a carrier's own addresses are many."""
NORMAL, POLICY_VIOLATION, TRY_AGAIN_LATER = 1000, 1008, 1013  # RFC 6455 §7.4.1, and IANA's registry

_waiting: Counter[str] = Counter()


class _Gone(Exception):
    """The other side has left before the call began."""


async def twilio(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """`/ws/voice/twilio/`: Twilio Media Streams, both ways."""
    await receive()  # websocket.connect
    try:
        signatures.check_upgrade(scope, account=configured())
        with _admitted(scope):
            await send({"type": "websocket.accept"})
            carrier = Twilio()
            started = await _started(carrier, receive)
            ticket = await tickets.redeem(started.parameters.get("token", ""))
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
            carrier="twilio",
            carrier_call=started.call,
            caller=ticket.caller,
            number=ticket.number,
            direction=ticket.direction,
        ),
        model_format=PCMU,
        hang_up=partial(gateway().hang_up, started.call),
        receive=receive,
        send=send,
    )


async def browser(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """`/ws/voice/browser/`: our own page."""
    await receive()  # websocket.connect
    try:
        with _admitted(scope):
            ticket = await tickets.redeem(parse_qs(scope["query_string"].decode("latin1")).get("ticket", [""])[0])
    except AppError as refusal:
        await _close(send, _code(refusal))
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
        model_format=PCM16,
        receive=receive,
        send=send,
    )


async def _hold(
    ticket: Ticket,
    *,
    carrier: Carrier,
    started: CarrierStarted,
    request: office.Request,
    model_format: Format,
    receive: Receive,
    send: Send,
    hang_up: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Carries one call to its end."""
    try:
        opened = await office.begin(request)
    except AppError as refusal:  # the plan does not allow it, nobody answers, or the call is a second one
        logger.warning("A call was not taken", extra={"reason": refusal.code})
        await _close(send, POLICY_VIOLATION)
        return
    persona = office.persona_of(opened.desk)
    setup = Setup(format=model_format, listening=Listening(), transcription=settings.TRANSCRIPTION_MODEL)
    call_settings = Settings(cap=float(ticket.seconds)) if ticket.seconds else Settings()
    bridge = Bridge(
        carrier=carrier,
        send=lambda frame: send(_message(frame)),
        session=Session(carrier.format, persona, call_settings),
        office=opened,
        connect=lambda: RealtimeModel(model=settings.VOICE_MODEL, setup=setup),
        model_format=model_format,
        hang_up=hang_up,
    )
    under_way().enter(bridge)
    try:
        if isinstance(carrier, Browser):
            await send(_message(carrier.ready(limit_s=ticket.seconds or None, agent={"name": persona.name})))
        bridge.feed(started)
        await bridge.run(lambda: _frame(receive))
    finally:
        under_way().leave(bridge)
        await _close(send, NORMAL)


@contextmanager
def _admitted(scope: dict[str, Any]) -> Iterator[None]:
    """One more socket that has not said yet what it wants.

    Raises:
        Draining, Busy, tickets.TooManyCalls: not now.
    """
    drain.refuse()
    if is_full():
        raise Busy("All lines are busy. Please try again in a moment.")
    headers = dict(scope["headers"])
    peer = (scope.get("client") or ("",))[0]
    forwarded = headers.get(b"x-forwarded-for", b"").decode("latin1")
    address = address_of(peer=peer, forwarded=forwarded, proxies=settings.TRUSTED_PROXIES) or peer
    if _waiting[address] >= MOST_WAITING:
        raise tickets.TooManyCalls("Too many connections from this address.")
    _waiting[address] += 1
    try:
        yield
    finally:
        _waiting[address] -= 1
        if not _waiting[address]:
            del _waiting[address]


class Busy(AppError):
    """This process has as many calls as it can carry well."""

    code = "busy"
    status = 503
    retryable = True


async def _started(carrier: Carrier, receive: Receive) -> CarrierStarted:
    """The carrier's word of which call this is."""
    async with asyncio.timeout(START_WITHIN):
        while (frame := await _frame(receive)) is not None:
            events: list[CarrierEvent] = carrier.read(frame)
            for event in events:
                if isinstance(event, CarrierStarted):
                    return event
    raise _Gone


async def _frame(receive: Receive) -> Wire | None:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        return None
    text = message.get("text")
    frame: Wire = message["bytes"] if text is None else text
    return frame


def _message(frame: Wire) -> dict[str, Any]:
    kind = "text" if isinstance(frame, str) else "bytes"
    return {"type": "websocket.send", kind: frame}


def _code(refusal: Exception) -> int:
    return TRY_AGAIN_LATER if isinstance(refusal, drain.Draining) else POLICY_VIOLATION


async def _close(send: Send, code: int) -> None:
    try:
        await send({"type": "websocket.close", "code": code})
    except (OSError, RuntimeError):
        logger.debug("A socket was closed already")
