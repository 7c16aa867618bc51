"""`manage.py replay FILE`: a call's black box, played once more through the session core."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.voice.core.actions import PlaceMark, PlayAudio, SendAudio
from apps.voice.core.blackbox import BadLog, Step, plain, replay
from apps.voice.core.events import AudioHeard, AudioSpoken, MarkPlayed, Tick

_QUIET = (AudioHeard, AudioSpoken, MarkPlayed, Tick)
"""Events that come all the time; shown with --all, or where something other than audio follows from them."""
_SOUND = frozenset({kind.__name__ for kind in (PlayAudio, PlaceMark, SendAudio)})
WIDTH = 160
"""Characters of what is shown of an event or an action."""


class Command(BaseCommand):
    help = "Replay a call's event log offline, and say whether it leads to the same actions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the log, as it is or gzipped")
        parser.add_argument("--all", action="store_true", help="show audio, marks and ticks, too")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        steps = differing = 0
        first: float | None = None
        try:
            for step in replay(_lines(file)):
                first = step.at if first is None else first
                steps += 1
                differing += not step.same
                if options["all"] or _matters(step):
                    self._show(step, step.at - first)
        except (BadLog, OSError, EOFError) as error:
            raise CommandError(str(error)) from error
        if differing:
            raise CommandError(f"{steps} events; at {differing} of them this version does something else.")
        self.stdout.write(f"{steps} events, the same actions.")

    def _show(self, step: Step, at: float) -> None:
        self.stdout.write(f"{at:9.3f}  {_worded(plain(step.event))}")
        if step.same:
            shown = [(" ", action) for action in step.recorded]
        else:
            shown = [("-", action) for action in step.recorded] + [("+", action) for action in step.replayed]
        for sign, action in shown:
            self.stdout.write(f"        {sign}    → {_worded(action)}")


def _lines(file: Path) -> Iterator[bytes]:
    with file.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    with gzip.open(file) if packed else file.open("rb") as lines:
        yield from lines


def _matters(step: Step) -> bool:
    if not step.same or not isinstance(step.event, _QUIET):
        return True
    return any(action[0] not in _SOUND for action in step.recorded)


def _worded(thing: Any) -> str:
    name, *values = thing
    text = f"{name} {' '.join(msgspec.json.encode(value).decode() for value in values)}"
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
