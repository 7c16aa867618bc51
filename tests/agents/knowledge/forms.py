"""The documents of the labelled set in the forms that owners upload, made from one text each."""

import io
import textwrap
from collections.abc import Sequence
from html import escape
from pathlib import Path

import docx

from apps.agents.knowledge.core.blocks import Block, outlined

DOCUMENTS = Path(__file__).parent / "documents"
FORMS = {
    "salon": "pdf",
    "clinic": "pdf",
    "rental": "docx",
    "helpdesk": "html",
    "restaurant": "html",
    "gym": "docx",
    "vet": "txt",
    "garage": "pdf",
    "hotel": "html",
    "solar": "txt",
}


def text_of(name: str) -> str:
    """The document's text as it was written."""
    return next(DOCUMENTS.glob(f"{name}.*")).read_text()


def uploaded(name: str) -> tuple[bytes, str]:
    """(the file as its owner uploads it, its name)."""
    form = FORMS[name]
    return MAKERS[form](outlined(text_of(name))) if form != "txt" else text_of(name).encode(), f"{name}.{form}"


def as_docx(blocks: Sequence[Block]) -> bytes:
    document = docx.Document()
    for block in blocks:
        if block.level:
            document.add_heading(block.text, block.level)
        else:
            document.add_paragraph(block.text)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def as_html(blocks: Sequence[Block]) -> bytes:
    """A page as websites are: the text between a menu, scripts and a footer."""
    body = "\n".join(
        f"<h{block.level}>{escape(block.text)}</h{block.level}>" if block.level else f"<p>{escape(block.text)}</p>"
        for block in blocks
    )
    return f"""<!doctype html><html><head><title>Page</title><style>p {{ color: red }}</style></head><body>
    <header><nav><a href="/">Home</a> <a href="/jobs">Jobs with us</a></nav></header>
    <script>track("cookies and prices")</script><main>{body}</main>
    <aside>Subscribe to our newsletter</aside><footer>All rights reserved</footer></body></html>""".encode()


def as_pdf(blocks: Sequence[Block], *, lines_a_page: int = 44) -> bytes:
    """Pages of lines in Helvetica, headings larger; as plain as a printer driver writes them."""
    lines: list[tuple[str, float]] = []
    for block in blocks:
        size = {0: 10.0, 1: 18.0, 2: 14.0}.get(block.level, 12.0)
        lines += [(line, size) for line in textwrap.wrap(block.text, int(950 / size))]
    pages = [lines[n : n + lines_a_page] for n in range(0, len(lines), lines_a_page)]
    return pdf_of([_content(page) for page in pages])


def _content(lines: Sequence[tuple[str, float]]) -> bytes:
    parts, y = [], 800.0
    for text, size in lines:
        y -= size * 1.5
        plain = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("latin-1", "replace")
        parts.append(b"BT /F1 %g Tf 1 0 0 1 50 %g Tm (%s) Tj ET" % (size, y, plain))
    return b"\n".join(parts)


def pdf_of(contents: Sequence[bytes]) -> bytes:
    """A PDF whose pages have these content streams."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(contents)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for n, content in enumerate(contents):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            b"/Contents %d 0 R >>" % (5 + 2 * n)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    written, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(written))
    return written + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + trailer


MAKERS = {"pdf": as_pdf, "docx": as_docx, "html": as_html}
