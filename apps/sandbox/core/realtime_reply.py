"""One response of a Realtime session, event by event in the provider's order."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .completion import Output, WireCall, count_tokens, pieces
from .realtime_items import Conversation, Ids, Item
from .sound import RATES, Samples, encoded, milliseconds

Event = dict[str, Any]
Speaker = Callable[[str, str, int], Samples]
"""(text, voice, samples per second) to sound."""
_CHUNK_MS = 190  # no multiple of a carrier's frame, as the provider's chunks are none
_INPUT_TOKEN_MS, _OUTPUT_TOKEN_MS = 100, 50


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds until the first event, and how many times faster than it plays the audio comes; 0 = all at once."""

    think: float = 0.25
    speed: float = 5.0
    stall: float = 0.0  # seconds before each piece of audio, on top
    reorder: bool = False  # the last piece of audio comes after response.done


@dataclass(slots=True)
class Reply:
    """A response while it is sent. What `steps` gives has happened when it is taken, so it is to be sent at once."""

    ids: Ids
    output: Output
    speaker: Speaker
    voice: str
    form: str
    modality: str
    pace: Pace
    conversation: Conversation
    keeps: bool  # whether its items become part of the conversation
    max_tokens: int | str
    metadata: dict[str, str] | None
    input_text: int  # tokens
    input_audio_ms: int
    id: str = ""
    items: list[Item] = field(default_factory=list)
    audio_ms: int = 0
    _open: bool = False  # whether the last item is still being sent
    _before: str | None = None  # the item in front of the last one
    _late: Event | None = None

    def __post_init__(self) -> None:
        self.id = self.ids.new("resp")

    def steps(self) -> Iterator[float | Event]:
        """From response.created to response.done; a number is the seconds to wait before the next."""
        yield {"type": "response.created", "response": self._wire("in_progress")}
        limits = [{"name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5}]
        yield {"type": "rate_limits.updated", "rate_limits": limits}
        yield self.pace.think
        if self.output.text or not self.output.calls:
            yield from self._message()
        for call in self.output.calls:
            yield from self._call(call)
        cut_short = self.output.finish == "length"
        details = {"type": "incomplete", "reason": "max_output_tokens"} if cut_short else None
        yield self._done("incomplete" if cut_short else "completed", details)
        if self._late:
            yield self._late

    def cancel(self, reason: str) -> Iterator[Event]:
        """What is sent instead of the remaining steps."""
        if self._open:
            yield from self._close(self.items[-1], "incomplete")
        yield self._done("cancelled", {"type": "cancelled", "reason": reason})
        if self._late:
            yield self._late

    def _add(self, item: Item) -> Iterator[Event]:
        self.items.append(item)
        self._open = True
        self._before = self.conversation.add(item) if self.keeps else None
        place = {"response_id": self.id, "output_index": len(self.items) - 1}
        yield {"type": "response.output_item.added", **place, "item": item.wire()}
        if self.keeps:
            yield {"type": "conversation.item.added", "previous_item_id": self._before, "item": item.wire()}

    def _message(self) -> Iterator[float | Event]:
        item = Item(self.ids.new("item"), "message", "assistant", status="in_progress")
        yield from self._add(item)
        item.form = f"output_{self.modality}"
        part = {"type": self.modality, "transcript" if self.modality == "audio" else "text": ""}
        yield {"type": "response.content_part.added", **self._at(item), "part": part}
        if self.modality == "audio":
            yield from self._speech(item)
        else:
            for piece in pieces(self.output.text):
                item.text = (item.text or "") + piece
                yield {"type": "response.output_text.delta", **self._at(item), "delta": piece}
        yield from self._close(item, "incomplete" if self.output.finish == "length" else "completed")

    def _speech(self, item: Item) -> Iterator[float | Event]:
        sound = encoded(self.speaker(self.output.text, self.voice, RATES[self.form]), self.form)
        chunk = RATES[self.form] * (2 if self.form == "audio/pcm" else 1) * _CHUNK_MS // 1000
        words, total, said = pieces(self.output.text), max(1, len(self.output.text)), 0
        for start in range(0, len(sound), chunk):
            piece = sound[start : start + chunk]
            yield self.pace.stall + (_CHUNK_MS / 1000 / self.pace.speed if self.pace.speed else 0.0)
            while words and (said / total <= start / len(sound) or start + chunk >= len(sound)):
                word = words.pop(0)  # words run ahead of their sound
                said += len(word)
                item.text = (item.text or "") + word
                yield {"type": "response.output_audio_transcript.delta", **self._at(item), "delta": word}
            item.audio_ms = self.audio_ms = milliseconds(start + len(piece), self.form)
            event = {"type": "response.output_audio.delta", **self._at(item), "delta": b64encode(piece).decode()}
            if not self.pace.reorder:
                yield event
                continue
            if self._late:
                yield self._late
            self._late = event

    def _call(self, call: WireCall) -> Iterator[Event]:
        item = Item(self.ids.new("item"), "function_call", call=call.id, name=call.name, status="in_progress")
        yield from self._add(item)
        place = {**self._at(item), "call_id": call.id}
        del place["content_index"]
        for part in re.findall(r".{1,12}", call.arguments, re.S):
            item.arguments += part
            yield {"type": "response.function_call_arguments.delta", **place, "delta": part}
        yield from self._close(item, "completed")

    def _close(self, item: Item, status: str) -> Iterator[Event]:
        self._open = False
        item.status = status
        at = self._at(item)
        if item.kind == "function_call":
            del at["content_index"]
            said = {"call_id": item.call, "name": item.name, "arguments": item.arguments}
            yield {"type": "response.function_call_arguments.done", **at, **said}
        elif item.form == "output_audio":
            yield {"type": "response.output_audio.done", **at}
            yield {"type": "response.output_audio_transcript.done", **at, "transcript": item.text}
            part = {"type": "audio", "transcript": item.text}
            yield {"type": "response.content_part.done", **at, "part": part}
        elif item.form:
            yield {"type": "response.output_text.done", **at, "text": item.text}
            yield {"type": "response.content_part.done", **at, "part": {"type": "text", "text": item.text}}
        place = {"response_id": self.id, "output_index": len(self.items) - 1}
        yield {"type": "response.output_item.done", **place, "item": item.wire()}
        if self.keeps:
            yield {"type": "conversation.item.done", "previous_item_id": self._before, "item": item.wire()}

    def _at(self, item: Item) -> Event:
        index = len(self.items) - 1
        return {"response_id": self.id, "item_id": item.id, "output_index": index, "content_index": 0}

    def _done(self, status: str, details: Event | None) -> Event:
        return {"type": "response.done", "response": self._wire(status, details, self._usage())}

    def _usage(self) -> Event:
        written = sum(count_tokens((i.text or "") + i.name + i.arguments) for i in self.items)
        heard, spoken = self.input_audio_ms // _INPUT_TOKEN_MS, self.audio_ms // _OUTPUT_TOKEN_MS
        cached = {"text_tokens": 0, "audio_tokens": 0, "image_tokens": 0}
        return {
            "total_tokens": self.input_text + heard + written + spoken,
            "input_tokens": self.input_text + heard,
            "output_tokens": written + spoken,
            "input_token_details": {
                "text_tokens": self.input_text,
                "audio_tokens": heard,
                "image_tokens": 0,
                "cached_tokens": 0,
                "cached_tokens_details": cached,
            },
            "output_token_details": {"text_tokens": written, "audio_tokens": spoken},
        }

    def _wire(self, status: str, details: Event | None = None, usage: Event | None = None) -> Event:
        form = {"type": self.form, "rate": 24_000} if self.form == "audio/pcm" else {"type": self.form}
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [item.wire() for item in self.items],
            "conversation_id": self.conversation.id if self.keeps else None,
            "output_modalities": [self.modality],
            "max_output_tokens": self.max_tokens,
            "audio": {"output": {"format": form, "voice": self.voice}},
            "usage": usage,
            "metadata": self.metadata,
        }
