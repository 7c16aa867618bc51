"""What models cost."""

import pytest
from django.conf import settings

from apps.plans.core.prices import PRICES, cost


def test_each_kind_of_token_has_its_price() -> None:
    usage = {
        "input_tokens": 3_000_000,
        "input_audio_tokens": 2_000_000,
        "cached_tokens": 1_500_000,
        "cached_audio_tokens": 1_000_000,
        "output_tokens": 2_000_000,
        "output_audio_tokens": 1_000_000,
    }
    # text: half fresh, half cached; audio: half fresh, half cached; one million of each written
    dollars = 0.5 * 4 + 0.5 * 0.4 + 1 * 32 + 1 * 0.4 + 1 * 24 + 1 * 64
    assert cost("gpt-realtime-2.1", usage) == round(dollars * 1_000_000)


def test_text_alone_and_minutes() -> None:
    assert cost("gpt-5.4-mini", {"input_tokens": 1_000, "output_tokens": 100}) == 750 + 450
    assert cost("gpt-live-transcribe", {}, seconds=90) == 25_500
    assert cost("gpt-realtime-2.1", {}) == 0


def test_a_model_that_is_not_in_the_table_has_no_cost() -> None:
    assert cost("somebody-elses", {"input_tokens": 1_000}) is None


@pytest.mark.parametrize("name", ["CHAT_MODEL", "VOICE_MODEL", "TRANSCRIPTION_MODEL"])
def test_the_models_of_the_settings_have_a_price(name: str) -> None:
    assert getattr(settings, name) in PRICES
