"""Word documents by python-docx: paragraphs, headings and the rows of tables."""

import io
import re
import zipfile
from collections.abc import Iterator

import docx
from docx.table import Table
from docx.text.paragraph import Paragraph

from apps.agents.knowledge.core.blocks import Block
from apps.agents.knowledge.reading.document import MAX_EXPANDED, Document, Unreadable

_MAX_PARTS = 5_000
_HEADING = re.compile(r"Heading ([1-6])")


def read(data: bytes) -> Document:
    """The document.

    Raises:
        Unreadable: it is damaged, expands to too much, or has no text.
    """
    _check(data)
    try:
        blocks = list(_blocks(io.BytesIO(data)))
    except Exception:  # python-docx and lxml raise all sorts on damaged files
        raise Unreadable("This Word document is damaged: it cannot be opened.") from None
    if not any(block.text.strip() for block in blocks):
        raise Unreadable("This Word document has no text in it; text in pictures and text boxes is not read.")
    return Document(blocks)


def _check(data: bytes) -> None:
    """Before anything is unpacked: a few kilobytes may say that they are gigabytes."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Unreadable("This Word document is damaged: it cannot be opened.") from None
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("This Word document is locked with a password. Save it without one, and upload that.")
    # A part is never unpacked beyond the size that it states here.
    if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > MAX_EXPANDED:
        raise Unreadable("This Word document is far larger inside than it looks. Remove pictures, or save it as a PDF.")


def _blocks(file: io.BytesIO) -> Iterator[Block]:
    for part in docx.Document(file).iter_inner_content():
        if isinstance(part, Paragraph):
            yield Block(part.text, _level(part))
        else:
            yield from (Block(row) for row in _rows(part))


def _level(paragraph: Paragraph) -> int:
    style = paragraph.style.name or "" if paragraph.style is not None else ""
    heading = _HEADING.match(style)
    return int(heading[1]) if heading else 1 if style == "Title" else 0


def _rows(table: Table) -> Iterator[str]:
    """Each row as a line."""
    rows = [[cell.text.strip() for cell in row.cells] for row in table.rows]
    for cells in rows:
        filled = [
            cell for n, cell in enumerate(cells) if cell and (n == 0 or cell != cells[n - 1])
        ]  # merged ones repeat
        if filled:
            yield " | ".join(filled)
