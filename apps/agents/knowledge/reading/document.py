"""What a reader makes of a file, and the limits that hold for all of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.agents.knowledge.core.blocks import Block

MAX_BYTES = 10 * 1024 * 1024
"""Of the file as it is uploaded."""
MAX_EXPANDED = 60 * 1024 * 1024
"""Of all parts of a packed file together."""
MAX_PAGES = 500
MAX_CHARACTERS = 1_000_000
MAX_NOTES = 20


class Unreadable(Exception):
    """The file gives no text; the message is for its owner."""


@dataclass(slots=True)
class Document:
    """The text in order, the number of pages where the form has them, and remarks for its owner."""

    blocks: list[Block]
    pages: int | None = None
    notes: list[str] = field(default_factory=list)


def bounded(blocks: Iterable[Block]) -> list[Block]:
    """The blocks that have text, without characters that no database takes.

    Raises:
        Unreadable: they are longer than MAX_CHARACTERS.
    """
    kept, length = [], 0
    for block in blocks:
        text = "".join(letter if letter.isprintable() or letter.isspace() else " " for letter in block.text).strip()
        length += len(text)
        if length > MAX_CHARACTERS:
            raise Unreadable(f"This is longer than {MAX_CHARACTERS:,} characters. Split it into several files.")
        if text:
            kept.append(Block(text, block.level, block.page))
    return kept
