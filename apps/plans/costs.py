"""What models cost here: the table's prices, and nothing where the simulated model answers."""

from collections.abc import Mapping

from django.conf import settings

from apps.plans.core import prices


def of_answer(*, model: str, input_tokens: int, output_tokens: int) -> int:
    """A chat's answer, in millionths of a dollar; 0 where no price is known."""
    return 0 if settings.SANDBOX_ANSWERS else _cost(model, input_tokens=input_tokens, output_tokens=output_tokens)


def of_call(*, usage: Mapping[str, int], speech_seconds: float) -> int:
    """A call, in millionths of a dollar; 0 where no price is known.

    The caller's words are written down by a second model, which is paid by the minute: of speech, as we measure it.
    """
    if settings.SANDBOX_ANSWERS:
        return 0
    written = prices.cost(settings.TRANSCRIPTION_MODEL, {}, seconds=speech_seconds) or 0
    return _cost(settings.VOICE_MODEL, **usage) + written


def _cost(model: str, **usage: int) -> int:
    return prices.cost(model, usage) or 0
