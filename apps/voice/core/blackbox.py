"""A call's event log: written line by line, and played once more through the session core. Pure.

The first line says how the session began; each further one is an event with its time and what the session wanted done
about it. Audio is its length, unless it is asked for: the session looks at no sample, so that silence of the same
length leads to the same actions.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, cast, get_args

import msgspec

from apps.voice.core.actions import Action
from apps.voice.core.events import Event, Persona
from apps.voice.core.formats import L16, PCM16, PCMA, PCMU, Format
from apps.voice.core.session import Session
from apps.voice.core.settings import Settings

VERSION = 1
FORMATS: dict[str, Format] = {format.name: format for format in (PCMU, PCMA, PCM16, L16)}
AUDIO = "audio"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_names: dict[type, tuple[str, ...]] = {kind: kind.__match_args__ for kind in (*get_args(Event), *get_args(Action))}
_EVENTS: dict[str, type] = {kind.__name__: kind for kind in get_args(Event)}
_values = {kind: attrgetter(*names) for kind, names in _names.items() if len(names) > 1}


class BadLog(ValueError):
    """The file is no event log of this version."""


class Header(msgspec.Struct, frozen=True):
    """How the session began."""

    version: int
    call: str
    format: str
    persona: Persona
    settings: Settings
    audio: bool = False
    """Whether the log holds the audio itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event, what was done about it in the call, and what the replay wants done; both as (name, fields)."""

    at: float
    event: Event
    recorded: Sequence[Any]
    replayed: Sequence[Any]

    @property
    def same(self) -> bool:
        return list(self.recorded) == list(self.replayed)


def opening(*, call: str, format: Format, persona: Persona, settings: Settings, audio: bool = False) -> bytes:
    """The first line."""
    return _encode(Header(VERSION, call, format.name, persona, settings, audio)) + b"\n"


def plain(thing: Any, *, audio: bool = False) -> tuple[Any, ...]:
    """An event or an action as (name, value of each field, …); its audio as a length, unless `audio`."""
    kind = type(thing)
    names = _names[kind]
    values = _values[kind](thing) if len(names) > 1 else tuple(getattr(thing, name) for name in names)
    if not audio and AUDIO in names:
        values = tuple(len(value) if name == AUDIO else value for name, value in zip(names, values, strict=True))
    return (kind.__name__, *values)


def line(at: float, event: tuple[Any, ...], actions: Sequence[tuple[Any, ...]]) -> bytes:
    """One event in the log; `event` and `actions` are `plain`."""
    return _encode((at, event, actions)) + b"\n"


def replay(lines: Iterable[bytes]) -> Iterator[Step]:
    """Plays a log through a new session.

    Raises:
        BadLog: it is none, or holds what this version does not know.
    """
    rows = iter(lines)
    try:
        header = msgspec.json.decode(next(rows), type=Header)
        format = FORMATS[header.format]
    except (StopIteration, KeyError, msgspec.MsgspecError) as error:
        raise BadLog("This is no event log of a call.") from error
    if header.version != VERSION:
        raise BadLog(f"The log has version {header.version}, this is version {VERSION}.")
    session = Session(format, header.persona, header.settings)
    for number, row in enumerate(rows, 2):
        try:
            at, (name, *values), recorded = _decode(row)
            event = _event(name, values, format)
        except (KeyError, TypeError, ValueError) as error:
            raise BadLog(f"Line {number} cannot be read.") from error
        replayed = [_decode(_encode(plain(action, audio=header.audio))) for action in session.handle(event, at)]
        yield Step(at, event, recorded, replayed)


def _event(name: str, values: Sequence[Any], format: Format) -> Event:
    kind = _EVENTS[name]
    given = dict(zip(_names[kind], values, strict=True))
    if isinstance(size := given.get(AUDIO), int):
        given[AUDIO] = format.silence_of(size)
    return cast(Event, msgspec.convert(given, type=kind))
