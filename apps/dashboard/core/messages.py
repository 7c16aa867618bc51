"""What goes over the floor's socket, both ways: JSON, the kind under `type`."""

from typing import Any

import msgspec

from apps.dashboard.core.events import Event, State
from apps.dashboard.core.presence import Person

# From the server


class Delta(msgspec.Struct, frozen=True, tag="delta"):
    """Events after number `from_` up to `to`. One batch of the keeper has one number."""

    from_: int = msgspec.field(name="from")
    to: int
    events: list[Event]
    verified: float


class Watching(msgspec.Struct, frozen=True):
    """The viewer themselves."""

    id: str
    name: str
    role: str


class Hello(msgspec.Struct, frozen=True, tag="hello", kw_only=True):
    epoch: str
    seq: int
    recovered: bool
    viewer: Watching
    presence: list[Person]
    heartbeat: float
    now: float


class Snapshot(msgspec.Struct, frozen=True, tag="snapshot", kw_only=True):
    epoch: str
    seq: int
    state: State
    verified: float


class Fresh(msgspec.Struct, frozen=True, tag="fresh"):
    """Nothing has changed: the state of `seq` equals the database up to `verified` (unix time)."""

    seq: int
    verified: float


class Stale(msgspec.Struct, frozen=True, tag="stale"):
    """Nobody has compared the state with the database since then."""

    since: float


class Ping(msgspec.Struct, frozen=True, tag="ping"):
    seq: int


# From the client


class Subscribe(msgspec.Struct, frozen=True, tag="subscribe"):
    """The first message. With a position, what came after it is asked for."""

    epoch: str = ""
    seq: int = 0


class CommandFrame(msgspec.Struct, frozen=True, tag="command"):
    id: str
    name: str
    target: str = ""
    args: dict[str, Any] = {}
    version: int | None = None


class Pong(msgspec.Struct, frozen=True, tag="pong"):
    pass


class Attention(msgspec.Struct, frozen=True, tag="attention"):
    """Which call the viewer looks at or listens to, and whether the page is hidden."""

    call: str = ""
    asleep: bool = False


FromClient = Subscribe | CommandFrame | Pong | Attention
encode = msgspec.json.Encoder().encode
read: msgspec.json.Decoder[FromClient] = msgspec.json.Decoder(FromClient)
read_delta = msgspec.json.Decoder(Delta).decode
