"""What a call's session wants of the model, as client events of OpenAI's Realtime protocol (GA)."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from apps.voice.core import realtime
from apps.voice.core.actions import (
    AddText,
    AnswerTool,
    CancelResponse,
    ConfigureModel,
    ConnectModel,
    CreateResponse,
    DeleteItem,
    DropInput,
    SendAudio,
    TruncateItem,
)
from apps.voice.core.formats import PCM16, PCMA, PCMU, Format

ModelAction = (
    SendAudio
    | ConnectModel
    | ConfigureModel
    | DropInput
    | CreateResponse
    | CancelResponse
    | TruncateItem
    | DeleteItem
    | AddText
    | AnswerTool
)
FORMATS: dict[Format, dict[str, Any]] = {
    PCMU: {"type": "audio/pcmu"},
    PCMA: {"type": "audio/pcma"},
    PCM16: {"type": "audio/pcm", "rate": 24_000},
}


@dataclass(frozen=True, slots=True)
class Listening:
    """How the model tells that the caller's turn is over. Times are milliseconds.

    `semantic` judges by what was said and waits at most 8, 4 or 2 s (`eagerness`); else `silence_ms` of silence end
    a turn, and `idle_timeout_ms` without a word make the model ask by itself.
    """

    semantic: bool = False
    eagerness: Literal["auto", "low", "medium", "high"] = "auto"
    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_ms: int = 500
    idle_timeout_ms: int | None = None
    interrupt: bool = True
    """The model's server cancels its response by itself when the caller begins to speak."""
    respond: bool = True
    """A response follows each turn of the caller by itself."""

    def wire(self) -> dict[str, Any]:
        """As `turn_detection`."""
        both = {"create_response": self.respond, "interrupt_response": self.interrupt}
        if self.semantic:
            return {"type": "semantic_vad", "eagerness": self.eagerness, **both}
        idle = {} if self.idle_timeout_ms is None else {"idle_timeout_ms": self.idle_timeout_ms}
        return {
            "type": "server_vad",
            "threshold": self.threshold,
            "prefix_padding_ms": self.prefix_padding_ms,
            "silence_duration_ms": self.silence_ms,
            **idle,
            **both,
        }


@dataclass(frozen=True, slots=True)
class Setup:
    """What holds for a whole session. `transcription` is the model that writes the caller's words down; "" = none."""

    format: Format = PCMU
    listening: Listening = field(default_factory=Listening)
    transcription: str = ""


class Commands:
    """Writes one session's messages. It knows who speaks, because a response's instructions replace the session's."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._instructions = ""

    def write(self, action: ModelAction) -> list[str]:
        """The messages that carry `action` out, in order."""
        match action:
            case SendAudio(audio):
                return [realtime.append(audio)]
            case ConnectModel(persona, history):
                self._instructions = persona.instructions
                settings = {"instructions": persona.instructions, "tools": msgspec.Raw(persona.tools)}
                return [self._opening(settings, persona.voice), *(_message(role, text) for role, text in history)]
            case ConfigureModel(persona):
                # The voice stays: it is fixed after the first audio, and an update that names another one fails whole.
                self._instructions = persona.instructions
                settings = {"instructions": persona.instructions, "tools": msgspec.Raw(persona.tools)}
                return [_event("session.update", session={"type": "realtime", **settings})]
            case CreateResponse(instructions, say):
                return [self._response(instructions, say)]
            case AddText(role, text):
                return [_message(role, text)]
            case AnswerTool(call, output):
                item = {"type": "function_call_output", "call_id": call, "output": output}
                return [_event("conversation.item.create", item=item)]
            case CancelResponse(response):
                return [_event("response.cancel", event_id="cancel", response_id=response)]
            case TruncateItem(item, index, end):
                where = {"item_id": item, "content_index": index, "audio_end_ms": end}
                return [_event("conversation.item.truncate", event_id="truncate", **where)]
            case DeleteItem(item):
                return [_event("conversation.item.delete", event_id="delete", item_id=item)]
            case DropInput():
                return [_event("input_audio_buffer.clear")]

    def _opening(self, settings: dict[str, Any], voice: str) -> str:
        setup, form = self._setup, FORMATS[self._setup.format]
        audio = {
            "input": {
                "format": form,
                "transcription": {"model": setup.transcription} if setup.transcription else None,
                "turn_detection": setup.listening.wire(),
            },
            "output": {"format": form, "voice": voice} if voice else {"format": form},
        }
        settings = settings | {"tool_choice": "auto", "output_modalities": ["audio"], "audio": audio}
        return _event("session.update", session={"type": "realtime", **settings})

    def _response(self, instructions: str, say: str) -> str:
        if say:
            wanted = f"Say exactly these words, in the language they are in, and nothing else: {json.dumps(say)}"
            return _event("response.create", response={"instructions": wanted, "tool_choice": "none"})
        if instructions:
            both = f"{self._instructions}\n\n{instructions}"
            return _event("response.create", response={"instructions": both})
        return _event("response.create")


def _message(role: str, text: str) -> str:
    content = [{"type": "output_text" if role == "assistant" else "input_text", "text": text}]
    return _event("conversation.item.create", item={"type": "message", "role": role, "content": content})


def _event(kind: str, **fields: Any) -> str:
    return msgspec.json.encode({"type": kind, **fields}).decode()
