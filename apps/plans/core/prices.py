"""What the models cost, in one table. Pure.

Source: the models' own pages under https://developers.openai.com/api/docs/models/ (gpt-5.4-mini: its announcement),
as of 2026-11-22. A model that is not in the table has no cost on record, and its pages say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

MICRO = 1_000_000
"""Costs are whole millionths of a US dollar, so that sums are exact."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens; `minute` for a minute of audio."""

    text_in: float = 0.0
    text_cached: float = 0.0
    text_out: float = 0.0
    audio_in: float = 0.0
    audio_cached: float = 0.0
    audio_out: float = 0.0
    minute: float = 0.0


PRICES: dict[str, Price] = {
    "gpt-realtime-2.1": Price(4.0, 0.4, 24.0, 32.0, 0.4, 64.0),
    "gpt-realtime-2.1-mini": Price(0.6, 0.06, 2.4, 10.0, 0.3, 20.0),
    "gpt-realtime-2": Price(4.0, 0.4, 24.0, 32.0, 0.4, 64.0),
    "gpt-realtime-1.5": Price(4.0, 0.4, 16.0, 32.0, 0.4, 64.0),
    "gpt-5.4-mini": Price(0.75, 0.075, 4.5),
    "gpt-live-transcribe": Price(minute=0.017),
    "gpt-transcribe": Price(minute=0.0045),
}


def cost(model: str, usage: Mapping[str, int], *, seconds: float = 0.0) -> int | None:
    """What `usage` costs with a model, in millionths of a dollar; None for a model without a price.

    Args:
        usage: `input_tokens` and `output_tokens` in all; of them `input_audio_tokens`, `output_audio_tokens`,
            `cached_tokens`, and of those `cached_audio_tokens`. What is missing counts as none.
        seconds: of audio, for models that are paid by the minute.
    """
    price = PRICES.get(model)
    if price is None:
        return None
    cached_audio = usage.get("cached_audio_tokens", 0)
    cached_text = usage.get("cached_tokens", 0) - cached_audio
    audio_in, audio_out = usage.get("input_audio_tokens", 0), usage.get("output_audio_tokens", 0)
    text_in, text_out = usage.get("input_tokens", 0) - audio_in, usage.get("output_tokens", 0) - audio_out
    dollars_a_million = (
        max(0, text_in - cached_text) * price.text_in
        + cached_text * price.text_cached
        + text_out * price.text_out
        + max(0, audio_in - cached_audio) * price.audio_in
        + cached_audio * price.audio_cached
        + audio_out * price.audio_out
    )
    return round(dollars_a_million + seconds / 60 * price.minute * MICRO)
