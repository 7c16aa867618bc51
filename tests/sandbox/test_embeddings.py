"""The stand-in's embeddings: the provider's wire, and vectors that are near when texts share words."""

import math
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI

from apps.sandbox.core.embeddings import DIMENSIONS, vector


async def embed(client: AsyncOpenAI, text: Any, **wanted: Any) -> Any:
    return await client.embeddings.create(**{"model": "any-embedding", "input": text, **wanted})


async def test_texts_are_embedded_in_their_order(client: AsyncOpenAI) -> None:
    answer = await embed(client, ["where to park", "parking places", "the price of a haircut"])
    assert [row.index for row in answer.data] == [0, 1, 2]
    assert answer.model == "any-embedding"
    assert answer.usage.total_tokens > 0
    near, far = (
        sum(a * b for a, b in zip(answer.data[0].embedding, answer.data[n].embedding, strict=True)) for n in (1, 2)
    )
    assert near > 0.5 > far


async def test_both_encodings_say_the_same(client: AsyncOpenAI) -> None:
    packed, plain = await embed(client, "a haircut"), await embed(client, "a haircut", encoding_format="float")
    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)
    assert len(plain.data[0].embedding) == DIMENSIONS
    assert len((await embed(client, "a haircut", dimensions=64)).data[0].embedding) == 64


async def test_it_says_that_it_stands_in(client: AsyncOpenAI) -> None:
    answer = await client.embeddings.with_raw_response.create(model="any", input="hello")
    assert answer.headers["x-callsphere-sandbox"] == "1"


@pytest.mark.parametrize(
    ("wanted", "param"),
    [
        ({"input": []}, "input"),
        ({"input": [""]}, "input"),
        ({"input": [[1, 2]]}, "input"),
        ({"input": ["x"] * 2049}, "input"),
        ({"input": "x", "encoding_format": "hex"}, "encoding_format"),
        ({"input": "x", "dimensions": -1}, "dimensions"),
        ({"input": "x", "model": ""}, "model"),
    ],
)
async def test_bad_requests_are_named(client: AsyncOpenAI, wanted: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        await embed(client, wanted.pop("input"), **wanted)
    assert refusal.value.param == param


async def test_faults_are_had_on_request(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.RateLimitError):
        await embed(client, "hello", model="any+429")
    with pytest.raises(openai.BadRequestError):
        await embed(client, "hello", model="any+nonsense")


@given(st.text(), st.integers(1, 600))
def test_a_vector_has_length_one_or_none(text: str, dimensions: int) -> None:
    made = vector(text, dimensions)
    assert len(made) == dimensions
    assert math.hypot(*made) == pytest.approx(1) or not any(made)
    assert vector(text, dimensions) == made
