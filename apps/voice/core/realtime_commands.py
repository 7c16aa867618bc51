"""What a call's session wants of the model, as client events of OpenAI's Realtime protocol (GA)."""

import json
from dataclasses import dataclass
from typing import Any

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
    MuteModel,
    SendAudio,
    TruncateItem,
)
from apps.voice.core.events import Persona
from apps.voice.core.formats import PCM16, PCMA, PCMU, Format
from apps.voice.core.listening import Listening

ModelAction = (
    SendAudio
    | ConnectModel
    | ConfigureModel
    | MuteModel
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


def spoken_on(line: Format, *, converted: bool) -> Format:
    """What a model and a `line` (the carrier's format) have in common: its own, untouched, unless it is `converted`."""
    return PCM16 if converted or line not in FORMATS else line


@dataclass(frozen=True, slots=True)
class Setup:
    """What holds for a whole session. `transcription` is the model that writes the caller's words down; "" = none."""

    format: Format = PCMU
    transcription: str = ""


class Commands:
    """Writes one session's messages. It knows who speaks, because a response's instructions replace the session's."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._instructions = ""
        self._listening = Listening()
        self._mute = False

    def write(self, action: ModelAction) -> list[bytes]:
        """The messages that carry `action` out, in order: text, in UTF-8."""
        match action:
            case SendAudio(audio):
                return [realtime.append(audio)]
            case ConnectModel(persona, history, mute):
                self._instructions, self._listening, self._mute = persona.instructions, persona.listening, mute
                return [self._opening(persona), *(_message(role, text) for role, text in history)]
            case MuteModel(mute):
                self._mute = mute
                return [_event("session.update", session={"type": "realtime", **self._hearing()})]
            case ConfigureModel(persona):
                # The voice stays: it is fixed after the first audio, and an update that names another one fails whole.
                self._instructions, self._listening = persona.instructions, persona.listening
                return [_event("session.update", session={"type": "realtime", **_role(persona), **self._hearing()})]
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

    def _hearing(self) -> dict[str, Any]:
        return {"audio": {"input": {"turn_detection": self._listening.wire(mute=self._mute)}}}

    def _opening(self, persona: Persona) -> bytes:
        setup, form = self._setup, FORMATS[self._setup.format]
        audio = {
            "input": {
                "format": form,
                "transcription": {"model": setup.transcription} if setup.transcription else None,
                "turn_detection": self._listening.wire(mute=self._mute),
            },
            "output": {"format": form, "voice": persona.voice} if persona.voice else {"format": form},
        }
        settings = {**_role(persona), "tool_choice": "auto", "output_modalities": ["audio"], "audio": audio}
        return _event("session.update", session={"type": "realtime", **settings})

    def _response(self, instructions: str, say: str) -> bytes:
        if say:
            wanted = f"Say exactly these words, in the language they are in, and nothing else: {json.dumps(say)}"
            return _event("response.create", response={"instructions": wanted, "tool_choice": "none"})
        if instructions:
            both = f"{self._instructions}\n\n{instructions}"
            return _event("response.create", response={"instructions": both})
        return _event("response.create")


def _role(persona: Persona) -> dict[str, Any]:
    return {"instructions": persona.instructions, "tools": msgspec.Raw(persona.tools)}


def _message(role: str, text: str) -> bytes:
    content = [{"type": "output_text" if role == "assistant" else "input_text", "text": text}]
    return _event("conversation.item.create", item={"type": "message", "role": role, "content": content})


def _event(kind: str, **fields: Any) -> bytes:
    return msgspec.json.encode({"type": kind, **fields})
