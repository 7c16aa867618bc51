"""`/ws/dashboard/audio/?ticket=`: the sound of a call, to who listens in, and from who speaks into it.

Binary frames are PCM16 mono 24 kHz little-endian both ways; the last frame from here is `{"type": "ended", "reason"}`
with ended (the call is over) or returned (they are not in it any more).
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec
import numpy as np
from redis.exceptions import RedisError

from apps.common import drain
from apps.common.errors import AppError
from apps.common.redis import pipe
from apps.conversations import orders
from apps.conversations.models import Call
from apps.conversations.orders import Order
from apps.dashboard import steering, tickets
from apps.dashboard.tickets import Ticket
from apps.dashboard.viewers import STEERING, Viewer
from apps.live import radio
from apps.tenants import keys
from apps.tenants.scope import in_tenant

logger = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

NORMAL, POLICY_VIOLATION, SERVICE_RESTART = 1000, 1008, 1012  # RFC 6455 §7.4.1, and IANA's registry
MEMBERSHIP_GONE = 4403
CHECK = 3.0
"""Seconds between two looks whether they may still hear the call."""
ALIVE = 1.0
"""Seconds between two signs that who is in the call is there."""
STARTED_WITHIN = 2.0
"""Seconds without a sound after which the call is asked for it once more: it may have thought that nobody listens."""
MOST_WAITING = 16
"""Messages of 60 ms that a slow browser has not taken; then the oldest is dropped."""
MAX_FRAME = 24_000
"""Bytes of a microphone's frame: half a second."""
SAMPLE = 2
_SOUND, _BOTH, _OVER = b"s"[0], b"b"[0], b"o"[0]  # of voice/listening.py, which this layer must not know


async def audio(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """One listener's connection, from its ticket to its end."""
    await receive()  # websocket.connect
    try:
        drain.refuse()
        tickets.check_origin(dict(scope["headers"]))
        query = parse_qs(scope["query_string"].decode("latin1"))
        ticket = await tickets.redeem(query.get("ticket", [""])[0], purpose="audio")
    except AppError as refusal:
        code = SERVICE_RESTART if isinstance(refusal, drain.Draining) else POLICY_VIOLATION
        await send({"type": "websocket.accept"})  # or the page could not read why
        await send({"type": "websocket.close", "code": code})
        return
    await send({"type": "websocket.accept"})
    await _Listener(ticket, send).run(receive)


class _Listener:
    """Whoever of its tasks ends first ends it."""

    def __init__(self, ticket: Ticket, send: Send) -> None:
        self._ticket = ticket
        self._viewer = ticket.viewer()
        self._send = send
        self._speaks = ticket.mode in (Call.Supervision.BARGE, Call.Supervision.TAKEOVER)
        self._voice = keys.call_voice(ticket.tenant_id, ticket.call, ticket.user_id)
        self._end: tuple[int, str] = (NORMAL, "")

    async def run(self, receive: Receive) -> None:
        works = [self._hear(receive), self._play(), self._check(), *([self._live()] if self._speaks else [])]
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if (error := task.exception()) is not None and not isinstance(error, OSError | RuntimeError):
                    logger.error("A listener's connection failed", exc_info=error)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._close()

    async def _close(self) -> None:
        code, reason = self._end
        try:
            if reason:
                await self._send({"type": "websocket.send", "text": _json({"type": "ended", "reason": reason})})
            await self._send({"type": "websocket.close", "code": code})
        except (OSError, RuntimeError):
            logger.debug("A socket was closed already")

    async def _hear(self, receive: Receive) -> None:
        """What comes from the browser: the microphone, of who may speak."""
        while (message := await receive())["type"] != "websocket.disconnect":
            frame = message.get("bytes")
            if frame and self._speaks and len(frame) <= MAX_FRAME and len(frame) % SAMPLE == 0:
                pipe().post("PUBLISH", self._voice, frame)

    async def _play(self) -> None:
        """What goes to the browser."""
        try:
            receiver = await radio.radio().tune(
                keys.call_sound(self._ticket.tenant_id, self._ticket.call), most=MOST_WAITING
            )
        except (RedisError, TimeoutError):
            return
        try:
            while True:
                message = await receiver.next(within=STARTED_WITHIN)
                if message is None:
                    await self._ask_for_sound()
                elif message[0] == _OVER:
                    self._end = (NORMAL, "ended")
                    return
                else:
                    await self._send({"type": "websocket.send", "bytes": self._heard(message)})
        finally:
            receiver.close()

    def _heard(self, message: bytes) -> bytes:
        if message[0] == _SOUND:
            return message[1:]
        half = 1 + (len(message) - 1) // 2
        call, theirs = message[1:half], message[half:]
        return call if self._speaks else _mixed(call, theirs)  # nobody wants to hear themselves a moment later

    async def _ask_for_sound(self) -> None:
        ticket = self._ticket
        order = Order(id=secrets.token_hex(8), tenant=ticket.tenant_id, call=ticket.call, kind="listen")
        try:
            await orders.ask(order)
        except orders.Unreachable:
            logger.info("A call that is listened to cannot be reached", extra={"call": ticket.call})

    async def _live(self) -> None:
        """Who is in the call is there, also when they are silent and muted."""
        while True:
            pipe().post("PUBLISH", self._voice, b"")
            await asyncio.sleep(ALIVE)

    async def _check(self) -> None:
        while True:
            end = await in_tenant(self._ticket.tenant_id, _end_of, self._viewer, self._ticket)
            if end is not None:
                self._end = end
                return
            await asyncio.sleep(CHECK)


def _end_of(viewer: Viewer, ticket: Ticket) -> tuple[int, str] | None:
    """Why they may not hear the call any more: a code and a reason; None when they may."""
    if steering.role_of(viewer) not in STEERING:
        return MEMBERSHIP_GONE, ""
    call = Call.objects.filter(pk=ticket.call).first()
    if call is None or call.status != Call.Status.ACTIVE:
        return NORMAL, "ended"
    if ticket.mode != "listen" and call.supervisor != viewer.user_id:
        return NORMAL, "returned"
    return None


def _mixed(one: bytes, other: bytes) -> bytes:
    both = np.frombuffer(one, "<i2").astype(np.int32) + np.frombuffer(other, "<i2")
    return np.clip(both, -32_768, 32_767).astype("<i2").tobytes()


def _json(message: dict[str, str]) -> str:
    return msgspec.json.encode(message).decode()
