"""Files made to harm who reads them: each ends in an answer, within the reader's bounds, and the worker goes on.

What is only unreadable, and the plainest bomb, is in tests/agents/knowledge/test_reading.py.
"""

import datetime as dt
import io
import resource
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from apps.agents.knowledge import intake, sources
from apps.agents.knowledge.models import KnowledgeSource
from apps.agents.knowledge.reading.document import MAX_BYTES, Unreadable
from apps.agents.knowledge.reading.kinds import kind_of
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.sales.imports import sheet_of
from tests.agents.knowledge.conftest import work
from tests.agents.knowledge.forms import as_docx, outlined

pytestmark = pytest.mark.timeout(280)

MEMORY = 1024 * 1024 * 1024
"""Bytes that a reader may have (reading/__main__.py, which is a program)."""
GOOD = as_docx(outlined("# Prices\n\nA cut is forty dollars."))
SECRETS = ("root:", "nobody:", "daemon:")
"""Of /etc/passwd."""


def changed(part: str, data: bytes, *, more: dict[str, bytes] | None = None) -> bytes:
    """A Word document with another part in the place of its own."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as good, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in good.namelist():
            archive.writestr(name, data if name == part else good.read(name))
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return written.getvalue()


def document(body: str, *, doctype: str = "") -> bytes:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return f"{head}{doctype}<w:document {space}><w:body>{body}</w:body></w:document>".encode()


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def laughing() -> bytes:
    """Ten entities of ten entities of …: a gigabyte of "ha" (the billion laughs)."""
    names = "abcdefghij"
    inner = "".join(
        f"<!ENTITY {name} '{f'&{names[number - 1]};' * 10 if number else 'ha' * 5}'>"
        for number, name in enumerate(names)
    )
    return changed("word/document.xml", document(paragraph("&j;"), doctype=f"<!DOCTYPE x [{inner}]>"))


def reaching(address: str) -> bytes:
    """An entity that is another file's content, or another server's."""
    doctype = f'<!DOCTYPE x [<!ENTITY out SYSTEM "{address}"><!ENTITY % more SYSTEM "{address}"> %more;]>'
    return changed("word/document.xml", document(paragraph("before &out; after"), doctype=doctype))


def lying() -> bytes:
    """A part that says that it is small, and unpacks to 200 MB."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = b"".join(packed.compress(b"a" * 1_000_000) for _ in range(200)) + packed.flush()
    good = changed("word/document.xml", b"MARK" * 20)
    at = good.index(b"word/document.xml")
    size, name = len(data), b"word/document.xml"
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, 0, size, 100, len(name), 0) + name + data
    central = struct.pack(
        "<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, size, 100, len(name), 0, 0, 0, 0, 0, 0
    )
    assert at > 0
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, len(central) + len(name), len(local), 0)
    return local + central + name + end


def escaping() -> bytes:
    names = (
        "../../../../tmp/attacked",
        "/etc/attacked",
        "..\\..\\attacked",
        "word/../../attacked",
        "word/" + "a" * 5_000,
    )
    return changed("", b"", more=dict.fromkeys(names, b"x"))


def crowded() -> bytes:
    return changed("", b"", more={f"word/{number}.xml": b"" for number in range(6_000)})


def fetching() -> bytes:
    """A template and a picture that lie on somebody's server."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    links = "".join(
        f'<Relationship Id="rX{n}" Type="{kind}/{what}" Target="http://127.0.0.1:9/x" TargetMode="External"/>'
        for n, what in enumerate(("attachedTemplate", "image", "oleObject", "frame"))
    )
    with zipfile.ZipFile(io.BytesIO(GOOD)) as good:
        part = "word/_rels/document.xml.rels"
        own = good.read(part).replace(b"</Relationships>", links.encode() + b"</Relationships>")
    return changed(part, own)


def pdf(objects: dict[int, bytes], *, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A file of these objects with a table of where they are."""
    written, places = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        places[number] = len(written)
        written += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table, size = len(written), max(objects) + 1
    written += b"xref\n0 %d\n0000000000 65535 f \n" % size
    written += b"".join(b"%010d 00000 n \n" % places.get(number, 0) for number in range(1, size))
    return bytes(written + b"trailer\n<< /Size %d %b >>\nstartxref\n%d\n%%%%EOF" % (size, trailer, table))


def stream(data: bytes, *, filters: bytes = b"/FlateDecode", more: bytes = b"") -> bytes:
    return b"<< /Length %d /Filter %b %b >>\nstream\n%b\nendstream" % (len(data), filters, more, data)


PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
FONT = (
    b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> /XObject << /X 5 0 R >> >>"
)
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R %b >>" % FONT
DRAW = b"BT /F1 10 Tf (Hello there.) Tj ET /X Do"


def page_of(content: bytes, form: bytes = b"null") -> bytes:
    return pdf({1: CATALOG, 2: PAGES, 3: PAGE, 4: content, 5: form})


def bombs(times: int) -> bytes:
    data = b"0" * 400_000_000 if times == 1 else zlib.compress(b"0" * 400_000_000, 9)
    for _ in range(max(1, times - 1)):
        data = zlib.compress(data, 9)
    return data


def form(content: bytes) -> bytes:
    more = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>"
    return stream(zlib.compress(content), more=more)


def scripted() -> bytes:
    action = b"/OpenAction << /S /JavaScript /JS (app.launchURL\\('http://127.0.0.1:9/'\\)) >>"
    return pdf(
        {1: CATALOG.replace(b">>", action + b">>"), 2: PAGES, 3: PAGE, 4: stream(zlib.compress(DRAW)), 5: b"null"}
    )


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a billion laughs": laughing,
    "a file of the server": lambda: reaching("file:///etc/passwd"),
    "a page of the network": lambda: reaching("http://127.0.0.1:9/x"),
    "a size that lies": lying,
    "names that climb": escaping,
    "six thousand parts": crowded,
    "links to elsewhere": fetching,
    "deep elements": lambda: changed("word/document.xml", document("<w:p>" * 100_000)),
    "a long attribute": lambda: changed("word/document.xml", document(f'<w:p w:a="{"a" * 20_000_000}"/>')),
    "an archive in it": lambda: changed("", b"", more={"word/embeddings/x.zip": GOOD * 20}),
    "a page and a document": lambda: page_of(stream(zlib.compress(DRAW))) + GOOD,
    "pages that hold themselves": lambda: pdf({1: CATALOG, 2: PAGES.replace(b"3 0 R", b"2 0 R")}),
    "a table that leads to itself": lambda: pdf({1: CATALOG, 2: PAGES}, trailer=b"/Root 1 0 R /Prev 9 /XRefStm 9"),
    "400 MB of noughts": lambda: page_of(stream(bombs(1))),
    "packed twice": lambda: page_of(stream(bombs(2), filters=b"[/FlateDecode /FlateDecode]")),
    "a hundred filters": lambda: page_of(stream(b"x", filters=b"[" + b"/ASCIIHexDecode " * 100 + b"]")),
    "arrays in arrays": lambda: page_of(b"[" * 200_000 + b"]" * 200_000),
    "brackets without end": lambda: page_of(stream(zlib.compress(b"[" * 1_000_000 + b"<<" * 1_000_000))),
    "a form that draws itself": lambda: page_of(stream(zlib.compress(DRAW)), form(DRAW)),
    "a script": scripted,
    "a length without end": lambda: page_of(b"<< /Length 99999999999 >>\nstream\nBT\nendstream"),
    "a million pages": lambda: pdf(
        {1: CATALOG, 2: b"<< /Type /Pages /Kids [" + b"3 0 R " * 1_000_000 + b"] >>", 3: PAGE}
    ),
    "a long line": lambda: b"a" * (MAX_BYTES - 1),
    "lines alone": lambda: b"#\n" * (MAX_BYTES // 20),
    "stars": lambda: b"* " * 400_000,
}


@pytest.mark.once
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_ends_in_an_answer(what: str) -> None:
    data = HOSTILE[what]()
    try:
        kind = kind_of(data[:MAX_BYTES], f"{what}.pdf")
    except Unreadable:
        return
    answer = intake._read(kind, data)
    assert answer.keys() & {"blocks", "problem"}
    told = str(answer)
    assert not any(secret in told for secret in SECRETS)
    assert len(told) < 3_000_000
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < MEMORY + 200_000_000


@pytest.mark.once
@pytest.mark.parametrize(
    "data",
    [
        b"phone" + b"," * 1_000_000 + b"\n+12125550142\n",
        b"first name,phone\n" + b",".join([b"x"] * 1_000_000),
        b'first name,phone\n"' + b"a" * 5_000_000,
        b"first name,phone\n" + b'"' * 2_000_001,
        b"first name,phone\n" + b"\n" * 500_000,
        b"first name,phone\n" + b"=cmd|'/c calc'!A1,+12125550142\n" * 10,
        b"phone,phone,tenant,tenant_id,id\n+12125550142,+12125550143,ten_x,ten_x,dlc_1\n",
    ],
    ids=["columns", "a wide line", "no end quote", "quotes", "empty lines", "formulas", "columns of ours"],
)
def test_a_hostile_table_ends_in_an_answer(data: bytes) -> None:
    sheet = sheet_of(data, region="US", today=dt.date(2026, 11, 30))
    assert len(sheet.rows) <= 10
    assert len(sheet.problems) < 50_000


def test_the_worker_reads_on(clinic: Tenant, transactional_db: None) -> None:
    """After files that kill their reader the next one is read, and the owner is told what became of each."""
    hostile: dict[str, Any] = {"noughts": HOSTILE["400 MB of noughts"](), "laughs": laughing()}
    with tenant_scope(clinic.pk):
        for title, data in hostile.items():
            sources.add(title=title, data=data, file_name=f"../../../etc/{title}\r\nX: y", actor="user:1")
        sources.add(title="Prices", data=GOOD, file_name="prices.docx", actor="user:1")
    assert work() == 3
    with tenant_scope(clinic.pk):
        found = {source.title: source for source in KnowledgeSource.objects.all()}
    assert found["Prices"].status == KnowledgeSource.Status.READY
    for title in hostile:
        assert found[title].status != KnowledgeSource.Status.READY or found[title].characters < 1_000_000
        assert found[title].status in (*KnowledgeSource.Status.values,)
