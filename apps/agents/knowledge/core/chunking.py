"""Cutting a document into pieces for the search: about as long as an answer, cut where a thought ends."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from apps.agents.knowledge.core.blocks import Block

SIZE = 600
"""Characters that a piece has at most."""
OVERLAP = 120
"""Characters of the piece before that it repeats at most, so that no thought is lost at a cut."""
_Unit = tuple[str, str]
"""What joins it to the text before it, and a sentence, or a part of one that is too long."""
_END = re.compile(r"(?<=[.!?…])[\"'”’»)\]]*\s+(?=[\"'“‘«(\[]*[^\W_])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:Dr|Mr|Mrs|Ms|Prof|St|Sr|Jr|No|Nos|vs|etc|approx|incl|e\.g|i\.e|[A-Z])\.$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the document.

    Attributes:
        text: `repeated` of its first characters are the end of the piece before.
        headings: those it stands under, the highest first.
        page: where its own text begins; None where the form has no pages.
    """

    text: str
    headings: tuple[str, ...] = ()
    page: int | None = None
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class _Section:
    headings: tuple[str, ...]
    blocks: list[Block]


def pieces(blocks: Iterable[Block], *, size: int = SIZE, overlap: int = OVERLAP) -> list[Piece]:
    """The document in pieces of at most `size` characters, in its order: every character is in one of them.

    A piece ends with its section or its page at the latest. Repeated is only what belongs to the same section.
    """
    made: list[Piece] = []
    for section in _sections(blocks):
        before = ""
        for page, units in _pages(section, longest=size - overlap - 1):
            for text, repeated in _packed(units, before, size=size, overlap=overlap):
                made.append(Piece(text, section.headings, page, repeated))
                before = text
    return made


def _sections(blocks: Iterable[Block]) -> Iterator[_Section]:
    """A new one at each heading; headings that follow each other without a text between them stay together."""
    path: list[tuple[int, str]] = []
    gathered: list[Block] = []
    for block in blocks:
        if not (text := " ".join(block.text.split())):
            continue
        if block.level:
            if any(not one.level for one in gathered):
                yield _Section(tuple(name for _, name in path), gathered)
                gathered = []
            path = [(level, name) for level, name in path if level < block.level] + [(block.level, text)]
        gathered.append(Block(text, block.level, block.page))
    if gathered:
        yield _Section(tuple(name for _, name in path), gathered)


def _pages(section: _Section, *, longest: int) -> Iterator[tuple[int | None, list[_Unit]]]:
    """The section's units, page by page."""
    for page, blocks in groupby(section.blocks, key=lambda block: block.page):
        units: list[_Unit] = []
        for block in blocks:
            glue = "\n"
            for sentence in sentences(block.text):
                for joint, part in _parts(sentence, longest):
                    units.append((joint if joint is not None else glue, part))
                glue = " "
        yield page, units


def sentences(text: str) -> list[str]:
    """The sentences of one line of text; together they are the text, but for the spaces between them."""
    found: list[str] = []
    start = 0
    for match in _END.finditer(text):
        if not _ABBREVIATION.search(text[start : match.start()][-12:]):
            found.append(text[start : match.end()].strip())
            start = match.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def _parts(sentence: str, longest: int) -> Iterator[tuple[str | None, str]]:
    """The sentence, cut between words where it is too long, and within a word where that is too long by itself."""
    joint, rest = None, sentence
    while len(rest) > longest:
        space = rest.rfind(" ", 1, longest + 1)
        cut = space if space > 0 else longest
        yield joint, rest[:cut]
        joint, rest = (" ", rest[cut + 1 :]) if space > 0 else ("", rest[cut:])
    if rest:
        yield joint, rest


def _packed(units: list[_Unit], before: str, *, size: int, overlap: int) -> Iterator[tuple[str, int]]:
    """(text, characters of it that are repeated) of each piece; `before` is the text of the last one before them."""
    text, repeated = "", 0
    for glue, unit in units:
        if text and len(text) + len(glue) + len(unit) <= size:
            text += glue + unit
            continue
        if text:
            yield text, repeated
            before = text
        repeating = _tail(before, overlap)
        repeated = len(repeating) + len(glue) if repeating else 0
        text = repeating + glue + unit if repeating else unit
    if text:
        yield text, repeated


def _tail(text: str, longest: int) -> str:
    """The end of a text from the beginning of a sentence, or at least of a word; "" when neither begins there."""
    if len(text) <= longest:
        return text
    end = text[-longest:]
    start = _END.search(end) or re.search(r"\s+", end)
    return end[start.end() :] if start else ""
