"""Files as owners upload them, and as nobody should: what cannot be read is said in a sentence that helps."""

import io
import json
import subprocess
import sys
import zipfile
from typing import Any

import docx
import pypdf
import pytest

from apps.agents.knowledge import intake
from apps.agents.knowledge.core.blocks import Block, outlined
from apps.agents.knowledge.reading.document import MAX_CHARACTERS, MAX_PAGES, Unreadable, bounded
from apps.agents.knowledge.reading.kinds import decoded, kind_of
from tests.agents.knowledge.forms import FORMS, as_docx, as_html, as_pdf, pdf_of, text_of, uploaded

BLOCKS = outlined("# Prices\n\nA cut is forty dollars.\n\n## Color\n\nColor is eighty dollars.")


def read(data: bytes, name: str = "") -> dict[str, Any]:
    """What the reader's process says."""
    return intake._read(kind_of(data, name), data)


def lines(answer: dict[str, Any]) -> list[tuple[str, int]]:
    assert "problem" not in answer, answer
    return [(text, level) for text, level, _ in answer["blocks"]]


@pytest.mark.parametrize("make", [as_pdf, as_docx, as_html])
def test_each_form_gives_the_same_text(make: Any) -> None:
    found = lines(read(make(BLOCKS)))
    assert [text for text, _ in found] == [block.text for block in BLOCKS]
    assert [level > 0 for _, level in found] == [block.level > 0 for block in BLOCKS]


@pytest.mark.parametrize("name", FORMS)
def test_a_whole_document_survives_its_form(name: str) -> None:
    found = "".join("".join(text.split()) for text, _ in lines(read(*uploaded(name))))
    wanted = "".join("".join(block.text.split()) for block in outlined(text_of(name)))
    assert found == wanted


def test_a_pdf_knows_its_pages() -> None:
    answer = read(as_pdf([Block(f"Line {n} of the document.") for n in range(100)], lines_a_page=40))
    assert answer["pages"] == 3
    assert {page for _, _, page in answer["blocks"]} == {1, 2, 3}


def test_a_page_without_text_is_noted() -> None:
    contents = [b"BT /F1 10 Tf 1 0 0 1 50 700 Tm (Hello there.) Tj ET", b"q Q"]
    answer = read(pdf_of(contents))
    assert lines(answer) == [("Hello there.", 0)]
    assert answer["notes"] == ["Page 2 has no text: it is empty or a picture."]


def encrypted(password: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(as_pdf(BLOCKS)))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def test_a_pdf_that_only_keeps_printing_back_is_read() -> None:
    assert lines(read(encrypted("")))[1][0] == "A cut is forty dollars."


def packed(**parts: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return written.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (encrypted("secret"), "locked with a password"),
        (pdf_of([b"q Q"]), "only pictures"),
        (b"%PDF-1.7 and then nothing of the kind", "damaged"),
        (as_pdf(BLOCKS)[:300], "damaged"),
        (pdf_of([b""] * (MAX_PAGES + 1)), "pages"),
        (packed(word__document_xml=b"\0" * 70_000_000), "larger inside"),
        (packed(word__document_xml=b"<a/>"), "damaged"),
        (b"PK\x03\x04word/ and then noise", "damaged"),
        (as_docx([]), "no text"),
        (as_html([]), "no text"),
        (b"<html><body><script>render()</script></body></html>", "no text"),
        (("word " * (MAX_CHARACTERS // 5 + 1)).encode(), "longer than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_gives_no_text_says_why(data: bytes, said: str) -> None:
    assert said in read(data)["problem"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"a" * (10 * 1024 * 1024 + 1), "larger than 10 MB"),
        (b"\xd0\xcf\x11\xe0 old word", "old Office"),
        (b"{\\rtf1 hello}", "Rich Text"),
        (packed(xl__workbook_xml=b"<a/>"), "no Word document"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "no text"),
        (b"MZ\x90\0\x03", "no text"),
    ],
)
def test_what_is_none_of_our_forms_is_refused_at_once(data: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        kind_of(data, "price list.pdf")


@pytest.mark.parametrize(
    "data",
    [
        b"<html><body>" + b"<div>" * 50_000 + b"deep" + b"</div>" * 50_000,
        b"<html><body><p>fine</p>" + b"<table><tr><td>" * 3_000 + b"x",
        b"<!doctype html><!DOCTYPE x [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><p>fine &b;</p>",
        b"<html>" + bytes(range(32, 256)) * 50,
        as_html(BLOCKS)[:250],
    ],
)
def test_a_hostile_page_ends_in_an_answer(data: bytes) -> None:
    answer = read(data, "page.html")
    assert answer.keys() & {"blocks", "problem"}


def test_of_a_page_only_the_main_text_is_taken() -> None:
    page = b"""<html><body><nav>Home Prices</nav><div hidden>secret</div><div style="display: none">secret</div>
    <main><h1>Rules</h1><p>Be <b>on</b> time.</p><ul><li>One</li><li><p>Two</p></li></ul>
    <table><tr><th>Cut</th><th>Price</th></tr><tr><td>Short</td><td>40</td></tr></table>
    <form>Your name <button>Send</button></form></main><footer>Imprint</footer></body></html>"""
    assert lines(read(page)) == [
        ("Rules", 1),
        ("Be on time.", 0),
        ("One", 0),
        ("Two", 0),
        ("Cut | Price", 0),
        ("Short | 40", 0),
    ]


def test_the_rows_of_a_word_table_are_lines() -> None:
    document = docx.Document()
    table = document.add_table(2, 2)
    for n, text in enumerate(("Cut", "Price", "Short", "40")):
        table.cell(n // 2, n % 2).text = text
    written = io.BytesIO()
    document.save(written)
    assert lines(read(written.getvalue())) == [("Cut | Price", 0), ("Short | 40", 0)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_old_encodings_are_read(encoding: str) -> None:
    assert decoded("Prix : 40 € à l’heure".encode(encoding)) == "Prix : 40 € à l’heure"


def test_what_no_database_takes_is_left_out() -> None:
    assert bounded([Block("a\0b\x1bc"), Block("\0"), Block("  ")]) == [Block("a b c")]


def test_the_reader_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}

    def run(command: Any, **options: Any) -> Any:
        seen.update(options["env"])
        return subprocess.CompletedProcess(command, 0, stdout=b"{}")

    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setattr(intake.subprocess, "run", run)
    intake._read("text", b"x")
    assert "PATH" in seen
    assert "sk-secret" not in seen.values()


def test_a_reader_that_takes_too_long_or_dies_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "PATIENCE", 0.001)
    assert "took too long" in read(as_pdf(BLOCKS))["problem"]
    monkeypatch.setattr(intake, "PATIENCE", 30.0)
    assert "too complicated" in intake._read("nonsense", b"x")["problem"]


def test_the_reader_bounds_itself() -> None:
    """Its memory ends long before the machine's."""
    script = (
        "import sys, resource\nfrom apps.agents.knowledge.reading import pdf\n"
        "pdf.read = lambda data: [bytearray(1 << 20) for _ in range(4096)]\nsys.argv = ['x', 'pdf']\n"
        "import apps.agents.knowledge.reading.__main__"
    )
    done = subprocess.run([sys.executable, "-c", script], input=b"", capture_output=True, timeout=60, check=False)
    assert "too complicated" in json.loads(done.stdout)["problem"]
