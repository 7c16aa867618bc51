"""The short name of a new business, as it stands in addresses."""

from collections.abc import Iterator
from itertools import count
from typing import Final

from django.utils.text import slugify

MAX_LENGTH: Final = 50
FALLBACK: Final = "business"
"""For a name without a letter or digit that an address could hold."""


def slugs(name: str) -> Iterator[str]:
    """What the business could be called in addresses, the best first, without end: `glow`, `glow-2`, `glow-3` …"""
    base = slugify(name)[:MAX_LENGTH].strip("-_") or FALLBACK
    yield base
    for number in count(2):
        suffix = f"-{number}"
        yield base[: MAX_LENGTH - len(suffix)].rstrip("-_") + suffix
