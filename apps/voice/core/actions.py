"""What a call's session wants done: to the carrier, to the model, and in the product. The shell does it, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from apps.voice.core.events import Persona

Said = Literal["user", "assistant", "system"]
"""Who said something, as the model knows them; `system` is a note of ours."""

# To the carrier


class PlayAudio(msgspec.Struct, frozen=True, gc=False):
    """Whole frames in the call's format."""

    audio: bytes


class PlaceMark(msgspec.Struct, frozen=True, gc=False):
    """Asks to be told (`MarkPlayed`) when everything before it has been played."""

    name: str


@dataclass(frozen=True, slots=True)
class ClearPlayback:
    """Drops what is not played yet. Browsers are told the `generation`, so that late frames are dropped, too."""

    generation: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """Closes the media stream; on a phone call, the carrier's next verb runs unless `final`."""

    final: bool = True


# To the model


@dataclass(frozen=True, slots=True)
class ConnectModel:
    """Opens the model's socket; answered by `ModelReady` or `ModelLost`.

    `history` is what was said and heard so far, for a session that goes on with a call: (role, text).
    """

    persona: Persona
    history: tuple[tuple[Said, str], ...] = ()
    mute: bool = False
    """As `MuteModel`, from the session's beginning."""


@dataclass(frozen=True, slots=True)
class ConfigureModel:
    """Who speaks from now on, in the same session (a handoff)."""

    persona: Persona


@dataclass(frozen=True, slots=True)
class MuteModel:
    """The model goes on writing down what the caller says, and answers none of it by itself; or answers again."""

    mute: bool


class SendAudio(msgspec.Struct, frozen=True, gc=False):
    """What the caller says, in the call's format."""

    audio: bytes


@dataclass(frozen=True, slots=True)
class DropInput:
    """Forgets what was heard but not committed yet."""


@dataclass(frozen=True, slots=True)
class CreateResponse:
    """The agent shall speak. With `instructions`, about that; with `say`, exactly these words."""

    instructions: str = ""
    say: str = ""


@dataclass(frozen=True, slots=True)
class CancelResponse:
    response: str


@dataclass(frozen=True, slots=True)
class TruncateItem:
    """The caller heard no more of (item, index) than `audio_end_ms`."""

    item: str
    index: int
    audio_end_ms: int


@dataclass(frozen=True, slots=True)
class DeleteItem:
    """The caller heard nothing of it."""

    item: str


@dataclass(frozen=True, slots=True)
class AddText:
    """Words that were not spoken: typed by the caller, or a note of the product."""

    role: Literal["user", "system"]
    text: str


@dataclass(frozen=True, slots=True)
class AnswerTool:
    """The output of a function call, JSON as the model reads it."""

    call: str
    output: str


@dataclass(frozen=True, slots=True)
class CloseModel:
    """Leaves the model's socket; nothing comes from it any more."""


# In the product


@dataclass(frozen=True, slots=True)
class RunTool:
    """Runs a tool or a handoff; answered by one `ToolFinished`, always. Never twice for a `call`."""

    call: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class StoreTurn:
    """One finished piece of the conversation. `text` is what was heard of it; `unheard` what was not: of an agent's
    words the rest after an interruption, of a supervisor's what was meant for the agent alone."""

    role: Literal["visitor", "agent", "supervisor"]
    text: str
    unheard: str = ""
    agent: str = ""
    agent_version: int = 0
    item: str = ""
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Show:
    """Something that those who watch the call shall see (the browser's page, the live floor).

    `transcript` {who, text, final, id}, `agent` {slug, name}, `tool` {name, label, status}, `state` {name},
    `notice` {text}.
    """

    kind: Literal["transcript", "agent", "tool", "state", "notice"]
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CountUsage:
    """What a response cost, as the model counts it."""

    usage: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EndCall:
    """The session is over; nothing comes after it. Exactly one in a call; `busy` is said to those who get none."""

    reason: Literal[
        "caller_left",
        "carrier_lost",
        "goodbye",
        "limit",
        "silence",
        "supervisor",
        "drain",
        "transfer",
        "no_model",
        "never_started",
        "busy",
    ]


Action = (
    PlayAudio
    | PlaceMark
    | ClearPlayback
    | HangUp
    | ConnectModel
    | ConfigureModel
    | MuteModel
    | SendAudio
    | DropInput
    | CreateResponse
    | CancelResponse
    | TruncateItem
    | DeleteItem
    | AddText
    | AnswerTool
    | CloseModel
    | RunTool
    | StoreTurn
    | Show
    | CountUsage
    | EndCall
)
