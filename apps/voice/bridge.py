"""A call: the carrier's socket, the model's socket and the product around one session (core/session.py).

Frames go straight from one socket to the other: what is read is given to the session, and what it wants is done at
once, in order. Nothing in here waits for the database; what must wait is the office's.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from operator import itemgetter
from typing import Any, get_args

from apps.common.direct import Direct
from apps.common.errors import AppError
from apps.voice.book import Book
from apps.voice.core.actions import (
    Action,
    ClearPlayback,
    CloseModel,
    ConnectModel,
    CountUsage,
    EndCall,
    HangUp,
    PlaceMark,
    PlayAudio,
    RunTool,
    SendAudio,
    Show,
    StoreTurn,
)
from apps.voice.core.audio.transcoding import Transcoder
from apps.voice.core.carriers.carrier import BadFrame, Carrier
from apps.voice.core.events import (
    AudioDone,
    AudioSpoken,
    CarrierStopped,
    EndAsked,
    Event,
    ModelEvent,
    ModelLost,
    Tick,
    ToolFinished,
)
from apps.voice.core.formats import Format
from apps.voice.core.realtime_commands import ModelAction
from apps.voice.core.session import Session
from apps.voice.office import Office
from apps.voice.realtime.model import Model
from apps.voice.stopwatch import Stopwatch

logger = logging.getLogger(__name__)

TICK = 0.1
HANG_UP_WITHIN = 3.0
"""Seconds for the carrier to end the call before its socket is closed."""
LAST_WORDS = 0.5
"""Seconds for reading what the carrier still said on a socket that takes no more."""
Wire = str | bytes
_TICK = Tick()
_FRAME = itemgetter(1)


class Bridge:
    """One call. `run` returns when it is over and on record."""

    def __init__(
        self,
        *,
        carrier: Carrier,
        send: Callable[[Wire], Awaitable[None]],
        session: Session,
        office: Office,
        connect: Callable[[], Model],
        model_format: Format,
        hang_up: Callable[[], Awaitable[None]] | None = None,
        book: Book | None = None,
        direct: Direct | None = None,
    ) -> None:
        self.carrier = carrier
        self.session = session
        self.office = office
        self.stopwatch = Stopwatch()
        self.book = book or Book()
        self.book.add(self.stopwatch)
        self.ended: EndCall | None = None
        self.refused: BadFrame | None = None
        """The frame of the carrier that ended the call."""
        self._over = asyncio.Event()
        self._send = send
        self._direct = direct
        self._connect = connect
        self._hang_up = hang_up
        self._hangs_up = False
        self._model: Model | None = None
        self._reading: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._outbox: deque[tuple[bool, Wire]] = deque()
        """What waits for the carrier; True = it plays, and an interruption takes it back."""
        self._sending = False
        """Something is on its way out of the outbox: what comes now comes after it."""
        self._waiting = asyncio.Event()
        self._ticking: asyncio.TimerHandle | None = None
        self._unsent_ms = 0.0
        self._loop = asyncio.get_running_loop()
        self._clock = self._loop.time
        self._transcodes = model_format != carrier.format
        self._to_model = Transcoder(carrier.format, model_format)
        self._from_model = Transcoder(model_format, carrier.format)

    # What others say to a call

    def feed(self, event: Event) -> None:
        """Something happened. What follows of it is done at once; the carrier's frames leave in the next moment."""
        now = self._clock()
        book = self.book
        if book.told[type(event)]:
            book.saw(event, now)
        for action in self.session.handle(event, now):
            _DOES[type(action)](self, action)
            if book.told[type(action)]:
                book.did(action, now)
        if self._outbox and not self._sending:
            self._flush()

    def end(self, event: EndAsked) -> None:
        """Ends the call from outside: a supervisor, a deploy, the carrier's status."""
        self.feed(event)

    # The call

    async def run(self, receive: Callable[[], Awaitable[Wire | None]]) -> None:
        """Carries the call until it has ended. `receive` gives the carrier's next frame, None when it is gone."""
        self._writing = writing = asyncio.create_task(self._write())
        working = [writing]
        if self._direct is None:
            working.append(asyncio.create_task(self._listen(receive)))
        else:
            self._direct.hand_over(self._take, self._gone)
        self._ticking = self._loop.call_later(TICK, self._tick)
        try:
            await self._over.wait()
        finally:
            self._over.set()
            self._ticking.cancel()
            for task in (*working, self._reading):
                if task is not None:
                    task.cancel()
            await asyncio.gather(*working, *self._leaving, return_exceptions=True)
            self._reading = self._writing = None  # cancelled tasks know us: a cycle, which keeps a call
            if self._model is not None:
                await self._model.close()
            ended = self.ended or EndCall("carrier_lost")
            await self.office.close(ended, timings=self._timings())

    def _timings(self) -> dict[str, float]:
        timings = self.book.readings()
        if unheard := round(self.session.dropped_ms + self._unsent_ms):
            timings["unheard_ms"] = unheard  # of the caller, by any model
        return timings

    async def _listen(self, receive: Callable[[], Awaitable[Wire | None]]) -> None:
        try:
            while (message := await receive()) is not None:
                self._take(message)
        except BadFrame as bad:
            self._refuse(bad)
        except Exception:
            logger.exception("A carrier's socket failed", extra={"call": self.office.call.pk})
        self._gone()

    def _take(self, message: Wire) -> None:
        """A frame of the carrier."""
        if self.refused or self._over.is_set():
            return
        try:
            for event in self.carrier.read(message):
                self.feed(event)
        except BadFrame as bad:
            self._refuse(bad)
        except Exception:
            logger.exception("A carrier's frame was not understood", extra={"call": self.office.call.pk})
            self._gone()

    def _refuse(self, bad: BadFrame) -> None:
        self.refused = bad
        logger.warning("A carrier's frame is none", extra={"reason": bad.reason, "call": self.office.call.pk})
        self._gone()

    def _gone(self) -> None:
        """The carrier's socket is of no use any more."""
        if not self._over.is_set():
            self.feed(CarrierStopped("lost"))

    def _tick(self) -> None:
        self._ticking = self._loop.call_later(TICK, self._tick)
        self.feed(_TICK)

    async def _read(self, model: Model, opening: ConnectModel) -> None:
        """What one session of the model says, until it ends or another one takes its place."""
        try:
            await model.run(opening, partial(self._hear, model))
        except Exception:
            self._stumble(model)

    def _hear(self, model: Model, event: ModelEvent | ModelLost) -> None:
        """What the model says, its audio in the call's format; the resampler's last milliseconds go before the end."""
        if model is not self._model:
            return
        try:
            if self._transcodes:
                if isinstance(event, AudioSpoken):
                    audio = self._from_model.convert(event.audio)
                    event = AudioSpoken(event.response, event.item, event.index, audio)
                elif isinstance(event, AudioDone):
                    self.feed(AudioSpoken(event.response, event.item, event.index, self._from_model.flush()))
            self.feed(event)
        except Exception:
            self._stumble(model)

    def _stumble(self, model: Model) -> None:
        logger.exception("A model's session failed", extra={"call": self.office.call.pk})
        if model is self._model:
            self.feed(ModelLost("internal_error"))

    # What the session wants

    def _pass_on(self, action: SendAudio) -> None:
        if self._model is not None:
            self._model.send(SendAudio(self._to_model.convert(action.audio)) if self._transcodes else action)

    def _ask(self, action: ModelAction) -> None:
        if self._model is not None:
            self._model.send(action)

    def _delegate(self, action: RunTool | StoreTurn | CountUsage) -> None:
        self.office.perform(action, self._answered)

    def _hang_up_soon(self, action: HangUp) -> None:
        self._tell(action)
        self._hangs_up = action.final

    def _end(self, action: EndCall) -> None:
        self._tell(action)
        self.ended = action
        self._waiting.set()
        self._spawn(self._finish())

    def _answered(self, finished: ToolFinished) -> None:
        if self.ended is None:
            self.feed(finished)
            if finished.transfers:
                self.feed(EndAsked("transfer", words=str(finished.output.get("say", ""))))

    def _tell(self, action: Action) -> None:
        """Lets the carrier know, as soon as the event is handled."""
        for frame in self.carrier.write(action):
            self._outbox.append((False, frame))

    def _play(self, action: PlayAudio | PlaceMark) -> None:
        for frame in self.carrier.write(action):
            self._outbox.append((True, frame))

    def _clear(self, action: ClearPlayback) -> None:
        """Overtakes all that waits; and what it takes back need not leave."""
        behind = [waiting for waiting in self._outbox if not waiting[0]]
        self._outbox.clear()
        self._tell(action)
        self._outbox += behind

    def _flush(self) -> None:
        """What waits for the carrier leaves now, or when its socket takes more."""
        if self._direct is not None and self._direct.write(map(_FRAME, self._outbox)):
            self._outbox.clear()
        else:
            self._waiting.set()

    def _open(self, opening: ConnectModel) -> None:
        self._leave()
        self._model = model = self._connect()
        self._reading = asyncio.create_task(self._read(model, opening))

    def _leave(self, action: CloseModel | None = None) -> None:
        model, self._model = self._model, None
        if model is not None:
            self._unsent_ms += model.dropped_ms
            self._spawn(model.close())

    async def _finish(self) -> None:
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=HANG_UP_WITHIN)
        if self._hangs_up and self._hang_up is not None:
            # When the socket closes, the carrier goes on with its next verb: an apology, after every goodbye.
            try:
                async with asyncio.timeout(HANG_UP_WITHIN):
                    await self._hang_up()
            except (AppError, TimeoutError):
                logger.warning("The carrier did not hang up", extra={"call": self.office.call.pk})
        self._over.set()

    async def _write(self) -> None:
        """Sends what waits for the carrier, in order, until the call has ended."""
        try:
            while self._outbox or self.ended is None:
                self._sending = True
                while self._outbox:
                    _, frame = self._outbox.popleft()
                    await self._send(frame)
                self._sending = False
                self._waiting.clear()
                if self.ended is None:
                    await self._waiting.wait()
        except (OSError, RuntimeError):
            # `receive` will say so too, after what the carrier said last: a caller who hangs up is no lost call.
            await asyncio.sleep(LAST_WORDS)
            self.feed(CarrierStopped("lost"))

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


_DOES: dict[type, Callable[[Bridge, Any], None]] = {
    **dict.fromkeys(get_args(ModelAction), Bridge._ask),
    SendAudio: Bridge._pass_on,
    ConnectModel: Bridge._open,
    CloseModel: Bridge._leave,
    **dict.fromkeys((PlayAudio, PlaceMark), Bridge._play),
    Show: Bridge._tell,
    ClearPlayback: Bridge._clear,
    **dict.fromkeys((RunTool, StoreTurn, CountUsage), Bridge._delegate),
    HangUp: Bridge._hang_up_soon,
    EndCall: Bridge._end,
}
"""What is done about an action."""
