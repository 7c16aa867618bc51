"""When the caller's turn is over."""

from dataclasses import dataclass
from typing import Any, Literal


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

    def wire(self, *, mute: bool = False) -> dict[str, Any]:
        """As `turn_detection`; when `mute`, it only tells turns apart."""
        both = {"create_response": self.respond and not mute, "interrupt_response": self.interrupt and not mute}
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
