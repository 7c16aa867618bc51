"""The Realtime protocol's client events, as strictly typed as the provider checks them, and its errors."""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

MAX_TOKENS = 4096
Identifier = Annotated[str, Meta(pattern="^[a-zA-Z0-9_-]+$", max_length=64)]
Milliseconds = Annotated[int, Meta(ge=0)]


class _Strict(Struct, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Pcm(_Strict, tag_field="type", tag="audio/pcm", omit_defaults=False):
    rate: Literal[24000] = 24000


class Pcmu(_Strict, tag_field="type", tag="audio/pcmu"):
    pass


class Pcma(_Strict, tag_field="type", tag="audio/pcma"):
    pass


class ServerVad(_Strict, tag_field="type", tag="server_vad", omit_defaults=False):
    threshold: Annotated[float, Meta(ge=0, le=1)] = 0.5
    prefix_padding_ms: Milliseconds = 300
    silence_duration_ms: Milliseconds = 500
    idle_timeout_ms: Annotated[int, Meta(ge=5000, le=30000)] | None = None
    create_response: bool = True
    interrupt_response: bool = True


class SemanticVad(_Strict, tag_field="type", tag="semantic_vad", omit_defaults=False):
    eagerness: Literal["auto", "low", "medium", "high"] = "auto"
    create_response: bool = True
    interrupt_response: bool = True


class Transcription(_Strict):
    model: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    prompt: str | UnsetType = UNSET


class NoiseReduction(_Strict):
    type: Literal["near_field", "far_field"]
    strength: float | UnsetType = UNSET


class Input(_Strict):
    format: Pcm | Pcmu | Pcma | UnsetType = UNSET
    transcription: Transcription | UnsetType | None = UNSET
    noise_reduction: NoiseReduction | UnsetType | None = UNSET
    turn_detection: ServerVad | SemanticVad | UnsetType | None = UNSET


class OutputAudio(_Strict):
    format: Pcm | Pcmu | Pcma | UnsetType = UNSET
    voice: str | UnsetType = UNSET
    speed: Annotated[float, Meta(ge=0.25, le=1.5)] | UnsetType = UNSET


class Audio(_Strict):
    input: Input | UnsetType = UNSET
    output: OutputAudio | UnsetType = UNSET


class Function(_Strict):
    type: Literal["function"]
    name: Identifier
    description: str | UnsetType = UNSET
    parameters: dict[str, Any] | UnsetType = UNSET


class NamedFunction(_Strict):
    type: Literal["function"]
    name: str


ToolChoice = Literal["auto", "none", "required"] | NamedFunction
Modalities = Annotated[list[Literal["text", "audio"]], Meta(min_length=1, max_length=1)]
MaxTokens = Annotated[int, Meta(ge=1, le=MAX_TOKENS)] | Literal["inf"]


class Settings(_Strict):
    """What `session.update` may change."""

    type: Literal["realtime"]
    instructions: str | UnsetType = UNSET
    tools: list[Function] | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    output_modalities: Modalities | UnsetType = UNSET
    max_output_tokens: MaxTokens | UnsetType = UNSET
    parallel_tool_calls: bool | UnsetType = UNSET
    audio: Audio | UnsetType = UNSET
    model: str | UnsetType = UNSET
    include: list[str] | UnsetType | None = UNSET
    prompt: dict[str, Any] | UnsetType | None = UNSET
    reasoning: dict[str, Any] | UnsetType | None = UNSET
    tracing: Any | UnsetType = UNSET
    truncation: Any | UnsetType = UNSET


class Content(_Strict):
    type: Literal["input_text", "input_audio", "output_text", "output_audio"]
    text: str | UnsetType = UNSET
    audio: str | UnsetType = UNSET
    transcript: str | UnsetType | None = UNSET


class _NewItem(_Strict, tag_field="type"):
    id: Identifier | UnsetType = UNSET
    object: Literal["realtime.item"] | UnsetType = UNSET
    status: Literal["completed", "incomplete", "in_progress"] | UnsetType = UNSET


class NewMessage(_NewItem, tag="message", kw_only=True):
    role: Literal["user", "assistant", "system"]
    content: Annotated[list[Content], Meta(min_length=1)]


class NewCall(_NewItem, tag="function_call", kw_only=True):
    name: str
    arguments: str
    call_id: str | UnsetType = UNSET


class NewOutput(_NewItem, tag="function_call_output", kw_only=True):
    call_id: str
    output: str


class ResponseSettings(_Strict):
    """What `response.create` may say about this one response."""

    instructions: str | UnsetType = UNSET
    tools: list[Function] | UnsetType = UNSET
    tool_choice: ToolChoice | UnsetType = UNSET
    output_modalities: Modalities | UnsetType = UNSET
    max_output_tokens: MaxTokens | UnsetType = UNSET
    parallel_tool_calls: bool | UnsetType = UNSET
    conversation: Literal["auto", "none"] = "auto"
    metadata: dict[str, str] | UnsetType | None = UNSET
    audio: Audio | UnsetType = UNSET
    input: list[NewMessage | NewCall | NewOutput] | UnsetType = UNSET


class _Event(_Strict, tag_field="type"):
    event_id: str | UnsetType = UNSET


class SessionUpdate(_Event, tag="session.update", kw_only=True):
    session: Settings


class Append(_Event, tag="input_audio_buffer.append", kw_only=True):
    audio: bytes


class Commit(_Event, tag="input_audio_buffer.commit"):
    pass


class Clear(_Event, tag="input_audio_buffer.clear"):
    pass


class CreateItem(_Event, tag="conversation.item.create", kw_only=True):
    item: NewMessage | NewCall | NewOutput
    previous_item_id: str | None = None


class RetrieveItem(_Event, tag="conversation.item.retrieve", kw_only=True):
    item_id: str


class DeleteItem(_Event, tag="conversation.item.delete", kw_only=True):
    item_id: str


class TruncateItem(_Event, tag="conversation.item.truncate", kw_only=True):
    item_id: str
    content_index: Annotated[int, Meta(ge=0)]
    audio_end_ms: Milliseconds


class CreateResponse(_Event, tag="response.create"):
    response: ResponseSettings = msgspec.field(default_factory=ResponseSettings)


class CancelResponse(_Event, tag="response.cancel"):
    response_id: str | UnsetType = UNSET


ClientEvent = (
    SessionUpdate
    | Append
    | Commit
    | Clear
    | CreateItem
    | RetrieveItem
    | DeleteItem
    | TruncateItem
    | CreateResponse
    | CancelResponse
)
_decode = msgspec.json.Decoder(ClientEvent).decode


class Rejected(Exception):
    """An event that cannot be accepted; the session goes on."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.param = code, message, param


def read_event(message: str | bytes) -> ClientEvent:
    """Raises Rejected."""
    try:
        return _decode(message)
    except msgspec.ValidationError as invalid:
        raise _explained(str(invalid)) from invalid
    except msgspec.DecodeError as broken:
        raise Rejected("invalid_json", "We could not parse the event. It must be a valid JSON object.") from broken


def event_id(message: str | bytes) -> str | None:
    """The id that the client gave to its event, as far as it can be read."""
    try:
        found = msgspec.json.decode(message).get("event_id")
    except (msgspec.DecodeError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def _explained(problem: str) -> Rejected:
    """msgspec's words in the provider's: "Object missing required field `type` - at `$.session`" …"""
    what, _, at = problem.partition(" - at ")
    path = re.sub(r"\[\.\.\.\]", "", at.strip("`").removeprefix("$").removeprefix("."))
    name = re.search(r"`(\w+)`$", what)
    inside = f"{path}.{name[1]}" if name and path else name[1] if name else path
    if what.startswith("Object missing"):
        return Rejected("missing_required_parameter", f"Missing required parameter: '{inside}'.", inside)
    if what.startswith("Object contains unknown"):
        return Rejected("unknown_parameter", f"Unknown parameter: '{inside}'.", inside)
    if what.startswith("Invalid"):
        value = what.rpartition("value ")[2]
        return Rejected("invalid_value", f"Invalid value: {value}.", path)
    if re.search(r"[<>]=|length|regex", what):
        return Rejected("invalid_value", f"Invalid '{path}': {what[0].lower()}{what[1:]}.", path)
    return Rejected("invalid_type", f"Invalid type for '{path}': {what[0].lower()}{what[1:]}.", path)
