"""Telling by its first bytes what a file is; names lie."""

import codecs
from pathlib import PurePath
from typing import Literal

from apps.agents.knowledge.reading.document import MAX_BYTES, Unreadable

Kind = Literal["pdf", "docx", "html", "text"]
_PAGES = (".html", ".htm", ".xhtml")
_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def kind_of(data: bytes, name: str = "") -> Kind:
    """What to read the file as.

    Raises:
        Unreadable: it is empty, too large, or nothing that we read.
    """
    if not data.strip():
        raise Unreadable("This file is empty.")
    if len(data) > MAX_BYTES:
        raise Unreadable(f"This file is larger than {MAX_BYTES // 1024 // 1024} MB. Split it into several.")
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK"):
        if b"word/" in data:
            return "docx"
        raise Unreadable("This is a packed file but no Word document. Upload a PDF, a Word document or a text.")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("This is a file of an old Office version. Save it as .docx or PDF, and upload that.")
    if data.startswith(b"{\\rtf"):
        raise Unreadable("This is Rich Text. Save it as .docx or PDF, and upload that.")
    beginning = data[:4096]
    if not beginning.startswith(_MARKS) and _is_binary(beginning):
        raise Unreadable("This is no text. Upload a PDF, a Word document (.docx), a text or a web page.")
    looks_like_page = b"<html" in beginning.lower() or beginning.lstrip()[:9].lower() == b"<!doctype"
    return "html" if looks_like_page or PurePath(name.lower()).suffix in _PAGES else "text"


def decoded(data: bytes) -> str:
    """The text of a file that names its encoding by a mark, or not at all: UTF-8, else the one of old Windows."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _is_binary(beginning: bytes) -> bool:
    odd = sum(byte < 9 or 13 < byte < 27 for byte in beginning)
    return b"\0" in beginning or odd > len(beginning) // 50
