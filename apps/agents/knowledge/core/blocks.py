"""A document as its reader hands it on: blocks of text in order; and how headings are told in plain text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MARKED = re.compile(r"(#{1,6})\s+(.*?)\s*#*")
_UNDERLINE = re.compile(r"={3,}|-{3,}")
_LONGEST_HEADING = 80


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a list item or a row of a table; a heading when `level` is 1 (highest) to 6. Pages count from 1."""

    text: str
    level: int = 0
    page: int | None = None


def outlined(text: str) -> list[Block]:
    """The blocks of plain text or Markdown: paragraphs are parted by empty lines, list items stand alone.

    Headings are marked (`## Prices`), underlined, or lines in capitals.
    """
    blocks: list[Block] = []
    paragraph: list[str] = []

    def end() -> None:
        if paragraph:
            blocks.append(Block(" ".join(paragraph)))
            paragraph.clear()

    for line in _lines(text):
        heading = _MARKED.fullmatch(line)
        if heading and heading[2]:
            end()
            blocks.append(Block(heading[2], level=len(heading[1])))
        elif len(paragraph) == 1 and len(paragraph[0]) <= _LONGEST_HEADING and _UNDERLINE.fullmatch(line):
            blocks.append(Block(paragraph.pop(), level=1 if line[0] == "=" else 2))
        elif not paragraph and _is_shouted(line):
            blocks.append(Block(line, level=2))
        elif not line:
            end()
        else:
            if _is_item(line):
                end()
            paragraph.append(line)
    end()
    return blocks


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield " ".join(line.split())


def _is_shouted(line: str) -> bool:
    letters = [letter for letter in line if letter.isalpha()]
    return len(letters) >= 4 and len(line) <= _LONGEST_HEADING and line.isupper() and line[-1] not in ".!?,;"


def _is_item(line: str) -> bool:
    return re.match(r"(?:[-*+•–]|\d{1,3}[.)])\s|\|", line) is not None
