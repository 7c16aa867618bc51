"""What comes into a call's session: from the carrier, from the model, from the product, and time.

Audio is in the call's format (`Call.format`) on both sides of the session: where the model speaks another one, the
shell converts before. Ids of responses, items and calls are the model's own. Times are milliseconds of audio.

Those that come many times a second are msgspec's structs, which are made in a fifth of a dataclass's time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from apps.voice.core.listening import Listening

# From the carrier: a phone company's media stream, or a browser


@dataclass(frozen=True, slots=True)
class CarrierStarted:
    """The caller is there. `parameters` are ours, as the carrier gives them back."""

    stream: str
    call: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class AudioHeard(msgspec.Struct, frozen=True, gc=False):
    """What the caller says. `at_ms` is the carrier's clock, which may jump; -1 where it has none."""

    audio: bytes
    at_ms: int = -1


class MarkPlayed(msgspec.Struct, frozen=True, gc=False):
    """Everything before the mark has been played, or was dropped by `ClearPlayback`: the echo alone does not say."""

    name: str


@dataclass(frozen=True, slots=True)
class DigitPressed:
    digit: str


@dataclass(frozen=True, slots=True)
class TextTyped:
    """The caller wrote instead of speaking."""

    text: str


@dataclass(frozen=True, slots=True)
class MuteChanged:
    """The caller has muted themselves, or speaks again."""

    muted: bool


@dataclass(frozen=True, slots=True)
class CarrierStopped:
    """The caller is gone: `hangup` they ended it, `stop` the carrier says so, `lost` the socket broke."""

    reason: Literal["hangup", "stop", "lost"]


# From the model


@dataclass(frozen=True, slots=True)
class ModelReady:
    """The session is configured; from now on it may be spoken to."""


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller begins to speak (the model's voice activity detection)."""

    item: str = ""
    at_ms: int = -1
    """Of the audio that this session was sent; -1 = the model does not say."""


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    item: str = ""
    at_ms: int = -1


@dataclass(frozen=True, slots=True)
class CallerWords:
    """What the caller said, as far as it is written down. `text` is the whole of the item when `final`, else a part."""

    item: str
    text: str
    final: bool


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    response: str


class AudioSpoken(msgspec.Struct, frozen=True, gc=False):
    """The agent speaks. A response may hold several audio items; (item, index) names one."""

    response: str
    item: str
    index: int
    audio: bytes


@dataclass(frozen=True, slots=True)
class AudioDone:
    """All audio of (item, index) has come."""

    response: str
    item: str
    index: int


@dataclass(frozen=True, slots=True)
class WordsSpoken:
    """The next words of what the agent says in (item, index), whose audio may come earlier or later."""

    response: str
    item: str
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class ToolAsked:
    """A complete function call of the model. It must be answered whatever it is."""

    response: str
    item: str
    call: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ResponseEnded:
    """`reason` says why a response that is not completed is not, as the model names it."""

    response: str
    status: Literal["completed", "cancelled", "incomplete", "failed"]
    reason: str = ""
    usage: Mapping[str, int] = field(default_factory=dict)
    """`input_tokens`, `output_tokens`, `input_audio_tokens`, `output_audio_tokens`, `cached_tokens`,
    and of these `cached_audio_tokens`."""


@dataclass(frozen=True, slots=True)
class ModelFailed:
    """An error event. `fatal` ones will not pass by connecting again; `busy`: a response is active already."""

    code: str
    message: str
    fatal: bool = False
    busy: bool = False


@dataclass(frozen=True, slots=True)
class ModelLost:
    """The model's socket is gone, or could not be opened. `expired` is an ordinary end by age."""

    reason: str = ""
    expired: bool = False
    fatal: bool = False


# From the product


@dataclass(frozen=True, slots=True)
class Persona:
    """Who speaks: what the model is told for one agent. A handoff replaces all of it."""

    slug: str
    name: str
    version: int
    instructions: str
    voice: str
    greeting: str
    tools: bytes = b"[]"
    """JSON array in the Realtime form: {"type": "function", "name", "description", "parameters"}."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What the caller may read or hear while a tool runs, by tool name."""
    listening: Listening = field(default_factory=Listening)


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """`output` goes to the model as it is; `handoff` is who speaks from here on.

    `transfers`: the caller is put through to a person once they have heard the output's `say`.
    """

    call: str
    ok: bool
    output: Mapping[str, Any]
    handoff: Persona | None = None
    transfers: bool = False


@dataclass(frozen=True, slots=True)
class EndAsked:
    """The call shall end: after a goodbye, or at once."""

    reason: Literal["goodbye", "limit", "supervisor", "drain", "transfer", "no_model"]
    words: str = ""
    """What the agent says before; "" = nothing, the call ends when what was said is played."""
    now: bool = False


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Somebody other than the caller's voice stops the agent's words."""

    by: Literal["supervisor", "digit", "text"]


# From a supervisor, who steers the call from the live floor. `by` is their name.


@dataclass(frozen=True, slots=True)
class Whispered:
    """Words for the agent that the caller does not hear."""

    text: str


@dataclass(frozen=True, slots=True)
class BargedIn:
    """They speak to the caller, too; while they do, the agent is silent."""

    by: str


@dataclass(frozen=True, slots=True)
class TakenOver:
    """They alone speak to the caller, until `HandedBack`."""

    by: str


@dataclass(frozen=True, slots=True)
class HandedBack:
    """They have left. `summary` is what the agent should know; "" = what was said meanwhile."""

    summary: str = ""
    lost: bool = False
    """Their connection broke: nobody meant to hand back."""


@dataclass(frozen=True, slots=True)
class SupervisorSpoke:
    """What their microphone takes up; `voiced`: somebody speaks."""

    audio: bytes
    voiced: bool


@dataclass(frozen=True, slots=True)
class SupervisorTyped:
    """What they wrote to the caller."""

    text: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passes; about every 100 ms."""


Event = (
    CarrierStarted
    | AudioHeard
    | MarkPlayed
    | DigitPressed
    | TextTyped
    | MuteChanged
    | CarrierStopped
    | ModelReady
    | SpeechStarted
    | SpeechStopped
    | CallerWords
    | ResponseStarted
    | AudioSpoken
    | AudioDone
    | WordsSpoken
    | ToolAsked
    | ResponseEnded
    | ModelFailed
    | ModelLost
    | ToolFinished
    | EndAsked
    | Interrupted
    | Whispered
    | BargedIn
    | TakenOver
    | HandedBack
    | SupervisorSpoke
    | SupervisorTyped
    | Tick
)
CarrierEvent = CarrierStarted | AudioHeard | MarkPlayed | DigitPressed | TextTyped | MuteChanged | CarrierStopped
ModelEvent = (
    ModelReady
    | SpeechStarted
    | SpeechStopped
    | CallerWords
    | ResponseStarted
    | AudioSpoken
    | AudioDone
    | WordsSpoken
    | ToolAsked
    | ResponseEnded
    | ModelFailed
)
