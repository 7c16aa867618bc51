"""Supervisors of one call, on the side of the process that holds it: their orders are done here, their voice comes in.

Who may do what has been decided before (`conversations.supervision`). Here is seen to it that nobody keeps a caller who
is not there: whose connection is gone for GRACE seconds has handed the call back.
"""

import asyncio
import logging
from collections.abc import Awaitable

from django.utils import timezone
from redis.exceptions import RedisError

from apps.common.errors import AppError
from apps.common.redis import pipe
from apps.conversations import supervision as records
from apps.conversations.models import Call
from apps.conversations.orders import Answer, Order
from apps.live import radio
from apps.tenants import keys
from apps.tenants.scope import in_tenant
from apps.voice.bridge import Bridge
from apps.voice.core.audio.levels import level
from apps.voice.core.audio.transcoding import Transcoder
from apps.voice.core.events import (
    BargedIn,
    EndAsked,
    HandedBack,
    SupervisorSpoke,
    SupervisorTyped,
    TakenOver,
    Whispered,
)
from apps.voice.core.formats import PCM16
from apps.voice.listening import OVER, Tap

logger = logging.getLogger(__name__)

GRACE = 10.0
"""Seconds without a sign of whoever is in the call until the agent has it again; their page gives one a second."""
VOICED = -45.0
"""dBFS from which on a frame of a microphone is somebody speaking."""
MOST_WAITING = 50
"""Frames of their voice, 20 ms each: what is older helps nobody."""
GOODBYE = "Thank you for your time. Goodbye."
DONE = Answer(True)
NOT_TALKING = Answer(False, records.NotTalking.code, "Nobody can step into this call now.")
OVERTAKEN = Answer(False, "conflict", "Somebody else has changed this call meanwhile.")


class Supervision:
    """Of one call."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._call = bridge.office.call
        self._sound = keys.call_sound(self._call.tenant_id, self._call.pk)
        self._version = 0
        self._holder = ""
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def perform(self, order: Order) -> Answer:
        """Does it at once, or says why not."""
        if not self._bridge.session.steerable:
            return NOT_TALKING
        if order.kind in ("barge", "takeover", "return") and order.version < self._version:
            return OVERTAKEN
        match order.kind:
            case "listen":
                self._listen()
            case "whisper":
                self._bridge.feed(Whispered(order.text))
            case "type":
                self._bridge.feed(SupervisorTyped(order.text))
            case "barge" | "takeover":
                self._version = order.version
                self._bridge.feed(BargedIn(order.by) if order.kind == "barge" else TakenOver(order.by))
                self._connect(order.user)
            case "return":
                self._version = order.version
                self._disconnect()
                self._bridge.feed(HandedBack(order.text))
            case "end":
                self._bridge.feed(EndAsked("supervisor", words=GOODBYE))
            case _:
                return Answer(False, "invalid_input", "This order is not known.")
        return DONE

    def close(self) -> None:
        """The call is over."""
        for task in self._tasks.values():
            task.cancel()
        if "sound" in self._tasks:
            pipe().post("PUBLISH", self._sound, OVER)

    # Hearing the call

    def _listen(self) -> None:
        if not self._runs("sound"):
            self._start("sound", self._send_sound())

    async def _send_sound(self) -> None:
        now = asyncio.get_running_loop().time()
        ahead = self._bridge.session.on_its_way(now)
        tap = Tap(self._sound, self._bridge.carrier.format, on_its_way=ahead)
        self._bridge.book.add(tap)
        try:
            await tap.run(lambda: self._bridge.session.over)
        finally:
            self._bridge.book.remove(tap)

    # Speaking into it

    def _connect(self, user: str) -> None:
        if user != self._holder or not self._runs("voice"):
            self._disconnect()
            self._holder = user
            self._start("voice", self._relay(user))

    def _disconnect(self) -> None:
        self._holder = ""
        if (task := self._tasks.pop("voice", None)) is not None:
            task.cancel()

    async def _relay(self, user: str) -> None:
        """Passes on what they say, until nothing comes from them any more."""
        key = keys.call_voice(self._call.tenant_id, self._call.pk, user)
        transcoder = Transcoder(PCM16, self._bridge.carrier.format)
        clock = asyncio.get_running_loop().time
        heard_at = clock()
        while clock() - heard_at < GRACE:
            try:
                receiver = await radio.radio().tune(key, most=MOST_WAITING)
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(1.0)
                continue
            try:
                while (frame := await receiver.next(within=GRACE - (clock() - heard_at))) is not None:
                    heard_at = clock()
                    if frame:  # an empty one only says that they are there
                        voiced = level(frame, PCM16) > VOICED
                        self._bridge.feed(SupervisorSpoke(transcoder.convert(frame), voiced))
            finally:
                receiver.close()
        await self._abandon(user)

    async def _abandon(self, user: str) -> None:
        logger.info("A supervisor has left a call without a word", extra={"call": self._call.pk})
        self._bridge.feed(HandedBack(lost=True))
        await in_tenant(self._call.tenant_id, _leave, self._call.pk, user)

    # Tasks

    def _runs(self, name: str) -> bool:
        task = self._tasks.get(name)
        return task is not None and not task.done()

    def _start(self, name: str, work: Awaitable[None]) -> None:
        self._tasks[name] = asyncio.ensure_future(self._watched(work))

    async def _watched(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception:
            logger.exception("A supervisor's connection failed", extra={"call": self._call.pk})


def _leave(call_id: str, user: str) -> None:
    call = Call.objects.get(pk=call_id)
    try:
        records.leave(call=call, user=user, now=timezone.now(), actor="system")
    except AppError:  # they have left properly in this moment, or the call is over
        logger.debug("A call was left already")
