"""PDF by pypdf: the text of each page; lines in larger letters than most are headings."""

import io
import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pypdf
from pypdf.errors import DependencyError, PyPdfError

from apps.agents.knowledge.core.blocks import Block
from apps.agents.knowledge.reading.document import MAX_NOTES, MAX_PAGES, Document, Unreadable

_LARGER = 1.12
"""Times the usual size of letters, from which on a line is a heading."""
_LONGEST_HEADING = 120
_LEVELS = 3
_Line = tuple[str, float]
"""Text, and the size of most of its letters; "" where a paragraph ends."""

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what is wrong with a file is not the operator's business


def read(data: bytes) -> Document:
    """The document.

    Raises:
        Unreadable: it is encrypted, damaged, too long, or only pictures.
    """
    try:
        reader = pypdf.PdfReader(io.BytesIO(data), strict=False)
        # Many files let everybody read and keep only printing or editing behind a password.
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("This PDF is locked with a password. Save it without one, and upload that.")
        count = len(reader.pages)
    except (DependencyError, NotImplementedError):
        raise Unreadable("This PDF is locked in a way that we cannot open. Save it without a password.") from None
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError):
        raise Unreadable("This PDF is damaged: it cannot be opened.") from None
    if count > MAX_PAGES:
        raise Unreadable(f"This PDF has {count:,} pages; {MAX_PAGES} is the most. Split it into several files.")
    document = _document([_page(reader, number) for number in range(count)])
    if not document.blocks:
        raise Unreadable(
            "This PDF has no text in it, only pictures, as scanned paper has. Run it through text recognition (OCR), "
            "or upload the document that it was printed from."
        )
    return document


def _page(reader: pypdf.PdfReader, number: int) -> list[_Line] | None:
    """The lines of a page; None when it is damaged."""
    sizes: list[tuple[str, float]] = []

    def seen(text: str, cm: Any, tm: Any, font: Any, size: Any) -> None:
        # Many programs write the size into the matrix and 1 as the font's.
        sizes.append((text, abs(float(size or 1) * float(tm[3] or tm[1] or 1) * float(cm[3] or cm[1] or 1))))

    try:
        text = reader.pages[number].extract_text(visitor_text=seen)
    except Exception:  # pypdf raises all sorts on damaged content; the other pages may be well
        return None
    return list(_sized(text, sizes))


def _sized(text: str, parts: list[tuple[str, float]]) -> Iterator[_Line]:
    """The lines, each with the size of most of its letters."""
    sizes: list[float] = []
    for part, size in parts:
        sizes += [size] * sum(not letter.isspace() for letter in part)
    at = 0
    for line in text.split("\n"):
        letters = sum(not letter.isspace() for letter in line)
        own = Counter(round(size, 1) for size in sizes[at : at + letters])
        at += letters
        yield " ".join(line.split()), own.most_common(1)[0][0] if own else 0.0


def _document(pages: list[list[_Line] | None]) -> Document:
    letters: Counter[float] = Counter()
    for page in pages:
        for text, size in page or ():
            letters[size] += len(text)
    usual = letters.most_common(1)[0][0] if letters else 0.0
    larger = sorted((size for size in letters if usual and size > usual * _LARGER), reverse=True)
    levels = {size: min(rank, _LEVELS) for rank, size in enumerate(larger, start=1)}
    blocks, notes = [], []
    for number, page in enumerate(pages, start=1):
        own = list(_blocks(page or [], levels, number))
        blocks += own
        if page is None:
            notes.append(f"Page {number} is damaged and was left out.")
        elif not own:
            notes.append(f"Page {number} has no text: it is empty or a picture.")
    return Document(blocks, len(pages), notes[:MAX_NOTES])


def _blocks(lines: list[_Line], levels: dict[float, int], page: int) -> Iterator[Block]:
    """Paragraphs: they end at an empty line, a heading, and where a line ends with its sentence, well before others."""
    widest = max((len(text) for text, size in lines if size not in levels), default=0)
    paragraph: list[str] = []
    for text, size in lines:
        is_heading = bool(text) and size in levels and len(text) <= _LONGEST_HEADING
        if paragraph and (is_heading or not text):
            yield Block(" ".join(paragraph), page=page)
            paragraph = []
        if is_heading:
            yield Block(text, levels[size], page)
        elif text:
            paragraph.append(text)
            if text[-1] in ".!?:" and len(text) < widest * 0.75:
                yield Block(" ".join(paragraph), page=page)
                paragraph = []
    if paragraph:
        yield Block(" ".join(paragraph), page=page)
