"""A call: the carrier's socket, the model's socket and the product around one session (core/session.py).

Frames go straight from one socket to the other: what is read is given to the session, and what it wants is done at
once, in order. Nothing in here waits for the database; what must wait is the office's.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import cast

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
_TO_CARRIER = (PlayAudio, PlaceMark, ClearPlayback, Show)


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
    ) -> None:
        self.carrier = carrier
        self.session = session
        self.office = office
        self.stopwatch = Stopwatch()
        self.book = book or Book()
        self.ended: EndCall | None = None
        self.refused: BadFrame | None = None
        """The frame of the carrier that ended the call."""
        self._over = asyncio.Event()
        self._send = send
        self._connect = connect
        self._hang_up = hang_up
        self._hangs_up = False
        self._model: Model | None = None
        self._reading: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._outbox: deque[tuple[bool, Wire]] = deque()
        """What waits for the carrier; True = it plays, and an interruption takes it back."""
        self._waiting = asyncio.Event()
        self._unsent_ms = 0.0
        self._clock = asyncio.get_running_loop().time
        self._transcodes = model_format != carrier.format
        self._to_model = Transcoder(carrier.format, model_format)
        self._from_model = Transcoder(model_format, carrier.format)

    # What others say to a call

    def feed(self, event: Event) -> None:
        """Something happened. What follows of it is done at once; the carrier's frames leave in the next moment."""
        now = self._clock()
        self.stopwatch.saw(event, now)
        self.book.saw(event, now)
        for action in self.session.handle(event, now):
            self._perform(action, now)
            self.book.did(action, now)

    def end(self, event: EndAsked) -> None:
        """Ends the call from outside: a supervisor, a deploy, the carrier's status."""
        self.feed(event)

    # The call

    async def run(self, receive: Callable[[], Awaitable[Wire | None]]) -> None:
        """Carries the call until it has ended. `receive` gives the carrier's next frame, None when it is gone."""
        self._writing = writing = asyncio.create_task(self._write())
        ticking = asyncio.create_task(self._tick())
        listening = asyncio.create_task(self._listen(receive))
        try:
            await self._over.wait()
        finally:
            for task in (writing, ticking, listening, self._reading):
                if task is not None:
                    task.cancel()
            await asyncio.gather(writing, ticking, listening, *self._leaving, return_exceptions=True)
            if self._model is not None:
                await self._model.close()
            ended = self.ended or EndCall("carrier_lost")
            await self.office.close(ended, timings=self._timings())

    def _timings(self) -> dict[str, float]:
        timings = self.stopwatch.readings() | self.book.readings()
        if unheard := round(self.session.dropped_ms + self._unsent_ms):
            timings["unheard_ms"] = unheard  # of the caller, by any model
        return timings

    async def _listen(self, receive: Callable[[], Awaitable[Wire | None]]) -> None:
        try:
            while (message := await receive()) is not None:
                for event in self.carrier.read(message):
                    self.feed(event)
        except BadFrame as bad:
            self.refused = bad
            logger.warning("A carrier's frame is none", extra={"reason": bad.reason, "call": self.office.call.pk})
        except Exception:
            logger.exception("A carrier's socket failed", extra={"call": self.office.call.pk})
        self.feed(CarrierStopped("lost"))

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            self.feed(Tick())

    async def _read(self, model: Model, opening: ConnectModel) -> None:
        """What one session of the model says, until it ends or another one takes its place."""
        try:
            async with aclosing(model.events(opening)) as events:
                async for event in events:
                    if model is not self._model:
                        return
                    for each in self._heard(event):
                        self.feed(each)
        except Exception:
            logger.exception("A model's session failed", extra={"call": self.office.call.pk})
            if model is self._model:
                self.feed(ModelLost("internal_error"))

    def _heard(self, event: ModelEvent | ModelLost) -> list[Event]:
        """The event with its audio in the call's format; the resampler's last milliseconds go before the item's end."""
        if self._transcodes:
            if isinstance(event, AudioSpoken):
                audio = self._from_model.convert(event.audio)
                return [AudioSpoken(event.response, event.item, event.index, audio)]
            if isinstance(event, AudioDone):
                tail = AudioSpoken(event.response, event.item, event.index, self._from_model.flush())
                return [tail, event]
        return [event]

    # What the session wants

    def _perform(self, action: Action, now: float) -> None:
        if isinstance(action, SendAudio):
            if self._model is not None:
                self._model.send(SendAudio(self._to_model.convert(action.audio)) if self._transcodes else action)
        elif isinstance(action, _TO_CARRIER):
            self.stopwatch.did(action, now)
            self._tell(action)
        elif isinstance(action, ConnectModel):
            self._open(action)
        elif isinstance(action, CloseModel):
            self._leave()
        elif isinstance(action, RunTool | StoreTurn | CountUsage):
            self.office.perform(action, self._answered)
        elif isinstance(action, HangUp | EndCall):
            self._tell(action)
            if isinstance(action, HangUp):
                self._hangs_up = action.final
            else:
                self.ended = action
                self._spawn(self._finish())
        elif self._model is not None:
            self._model.send(cast(ModelAction, action))

    def _answered(self, finished: ToolFinished) -> None:
        if self.ended is None:
            self.feed(finished)

    def _tell(self, action: Action) -> None:
        """Lets the carrier know; nobody waits for its socket but `_write`."""
        plays = isinstance(action, PlayAudio | PlaceMark)
        frames = [(plays, frame) for frame in self.carrier.write(action)]
        if isinstance(action, ClearPlayback):  # before all that waits, and what it takes back need not leave
            self._outbox = deque(frames + [waiting for waiting in self._outbox if not waiting[0]])
        else:
            self._outbox += frames
        self._waiting.set()

    def _open(self, opening: ConnectModel) -> None:
        self._leave()
        self._model = model = self._connect()
        self._reading = asyncio.create_task(self._read(model, opening))

    def _leave(self) -> None:
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
                while self._outbox:
                    _, frame = self._outbox.popleft()
                    await self._send(frame)
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
