"""Vectors of texts, by their words alone: each stem adds to a place of its own in the vector.

Two texts are near when they share words. It stands in for a provider's embeddings on the wire, not for their sense.
"""

import base64
import math
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .request import BadRequest
from .words import content, words

DIMENSIONS = 512
MOST_INPUTS = 2048


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    model: str
    texts: list[str]
    dimensions: int
    packed: bool
    """Whether vectors go out as base64 of little-endian float32."""


def read_embedding(body: Any) -> EmbeddingRequest:
    """Raises BadRequest."""
    if not isinstance(body, Mapping) or not isinstance(body.get("model"), str) or not body["model"]:
        raise BadRequest("You must provide a model parameter.", "model")
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise BadRequest("'input' must be a text or a list of texts, none of them empty.", "input")
    if not 0 < len(texts) <= MOST_INPUTS:
        raise BadRequest(f"'input' must have 1 to {MOST_INPUTS} texts.", "input")
    if (encoding := body.get("encoding_format") or "float") not in ("float", "base64"):
        raise BadRequest("'encoding_format' must be 'float' or 'base64'.", "encoding_format")
    dimensions = body.get("dimensions") or DIMENSIONS
    if not isinstance(dimensions, int) or not 0 < dimensions <= 4096:
        raise BadRequest("'dimensions' must be from 1 to 4096.", "dimensions")
    return EmbeddingRequest(body["model"], texts, dimensions, encoding == "base64")


def embedded(request: EmbeddingRequest) -> dict[str, Any]:
    """The answer's body."""
    vectors = [vector(text, request.dimensions) for text in request.texts]
    rows = [
        {"object": "embedding", "index": n, "embedding": _packed(one) if request.packed else one}
        for n, one in enumerate(vectors)
    ]
    tokens = sum(len(words(text)) for text in request.texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": rows, "model": request.model, "usage": usage}


def vector(text: str, dimensions: int) -> list[float]:
    """Of length 1, or 0 where no word carries meaning. The same for the same text, everywhere and always."""
    values = [0.0] * dimensions
    for stem in content(text):
        place = zlib.crc32(stem.encode())
        values[place % dimensions] += 1 if place & 1 << 31 else -1  # what falls together by chance cancels out
    length = math.sqrt(sum(value * value for value in values))
    return [value / length for value in values] if length else values


def _packed(values: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
