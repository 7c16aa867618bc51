"""The settings of a Realtime session: what it starts with, and what an update changes."""

from typing import Any

import msgspec
from msgspec import UNSET

from .realtime_wire import Rejected, ResponseSettings, SemanticVad, ServerVad, Settings

_WHOLE = {"turn_detection", "transcription", "noise_reduction", "tools", "format", "tool_choice"}
"""Replaced as a whole; all else is merged field by field."""


class SessionSettings:
    """`wire` is the session as the events show it."""

    def __init__(self, ident: str, model: str, expires_at: int) -> None:
        pcm = {"type": "audio/pcm", "rate": 24_000}
        vad = msgspec.to_builtins(ServerVad())
        self.wire: dict[str, Any] = {
            "type": "realtime",
            "object": "realtime.session",
            "id": ident,
            "model": model,
            "output_modalities": ["audio"],
            "instructions": "You are a helpful assistant.",
            "tools": [],
            "tool_choice": "auto",
            "max_output_tokens": "inf",
            "tracing": None,
            "truncation": "auto",
            "prompt": None,
            "include": None,
            "expires_at": expires_at,
            "audio": {
                "input": {"format": pcm, "transcription": None, "noise_reduction": None, "turn_detection": vad},
                "output": {"format": pcm, "voice": "alloy", "speed": 1.0},
            },
        }
        self.detection: ServerVad | SemanticVad | None = ServerVad()

    def update(self, new: Settings, *, spoken: bool) -> None:
        """Take on what `new` sets. `spoken`: audio was sent already, so that the voice is fixed. Raises Rejected."""
        changes = msgspec.to_builtins(new)
        voice = changes.get("audio", {}).get("output", {}).get("voice", self.voice)
        if spoken and voice != self.voice:
            raise Rejected(
                "cannot_update_voice",
                "Cannot update a conversation's voice if assistant audio is present.",
                "session.audio.output.voice",
            )
        if changes.get("model", self.wire["model"]) != self.wire["model"]:
            raise Rejected("invalid_value", "The model of a session cannot be changed.", "session.model")
        _merge(self.wire, changes)
        if new.audio is not UNSET and new.audio.input is not UNSET and new.audio.input.turn_detection is not UNSET:
            self.detection = new.audio.input.turn_detection

    @property
    def voice(self) -> str:
        return str(self.wire["audio"]["output"]["voice"])

    @property
    def hears(self) -> str:
        """The type of the input's format."""
        return str(self.wire["audio"]["input"]["format"]["type"])

    @property
    def speaks(self) -> str:
        return str(self.wire["audio"]["output"]["format"]["type"])

    @property
    def transcribes(self) -> bool:
        return self.wire["audio"]["input"]["transcription"] is not None

    def for_response(self, asked: ResponseSettings) -> dict[str, Any]:
        """Instructions, tools, tool_choice, modality and max_output_tokens of one response."""
        own = msgspec.to_builtins(asked)
        names = ("instructions", "tools", "tool_choice", "output_modalities", "max_output_tokens")
        return {name: own.get(name, self.wire[name]) for name in names}


def chosen(choice: str | dict[str, Any]) -> str:
    """`tool_choice` as the brain takes it: a word, or a tool's name."""
    return str(choice["name"]) if isinstance(choice, dict) else str(choice)


def _merge(into: dict[str, Any], changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict) and name not in _WHOLE:
            _merge(into[name], value)
        else:
            into[name] = value
