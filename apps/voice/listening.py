"""Listening in: a call's sound on a channel of Redis, as long as somebody hears it. Else nothing is done at all.

A message is one byte of kind, then PCM16 mono 24 kHz: SOUND is caller and agent together, BOTH has as much of the
supervisor's voice after them, OVER has none and is the last one.
"""

import asyncio
import logging
from collections.abc import Callable

from redis.exceptions import RedisError

from apps.live import radio
from apps.voice.core.actions import Action, ClearPlayback, PlayAudio
from apps.voice.core.events import AudioHeard, Event, SupervisorSpoke
from apps.voice.core.formats import Format
from apps.voice.core.mixing import Mixer

logger = logging.getLogger(__name__)

SOUND, BOTH, OVER = b"s", b"b", b"o"
PERIOD_MS = 60
"""Of audio in one message."""
MOST_BEHIND = 8
"""Periods: a process that stood still for longer leaves the rest out."""
UNHEARD = 3.0
"""Seconds without a listener after which it ends."""


class Tap:
    """An observer of one call, while it is listened to. `on_its_way` as of `Mixer`."""

    def __init__(self, key: str, format: Format, *, on_its_way: float) -> None:
        self._key = key
        self._mixer = Mixer(format, on_its_way=on_its_way)
        self._theirs = False
        """What is played now is a supervisor's voice."""

    def saw(self, event: Event, now: float) -> None:
        self._theirs = isinstance(event, SupervisorSpoke)
        if isinstance(event, AudioHeard):
            self._mixer.caller.add(event.audio)

    def did(self, action: Action, now: float) -> None:
        if isinstance(action, PlayAudio):
            (self._mixer.supervisor if self._theirs else self._mixer.agent).add(action.audio)
        elif isinstance(action, ClearPlayback):
            self._mixer.clear()

    async def run(self, over: Callable[[], bool]) -> None:
        """Sends until nobody hears it any more, or the call is over."""
        clock = asyncio.get_running_loop().time
        period = PERIOD_MS / 1_000
        due = heard_at = clock()
        while not over():
            due = max(due + period, clock() - MOST_BEHIND * period)
            await asyncio.sleep(due - clock())
            call, theirs = self._mixer.take(PERIOD_MS)
            try:
                listeners = await radio.send(self._key, b"".join((BOTH if theirs else SOUND, call, theirs)))
            except RedisError:
                listeners = 0
            if listeners:
                heard_at = clock()
            elif clock() - heard_at > UNHEARD:
                return
