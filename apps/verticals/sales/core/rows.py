"""Leads in a table: what can be read of it, and everything that cannot. Pure."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from apps.business.core.names import clean, fold

MOST_ROWS: Final = 50_000
_LONGEST: Final = 120
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")

_HEADERS: Final[dict[str, tuple[str, ...]]] = {
    "first_name": ("first name", "firstname", "given name", "forename", "first"),
    "last_name": ("last name", "lastname", "family name", "surname", "last"),
    "name": ("name", "full name", "contact", "contact name"),
    "phone": ("phone", "phone number", "telephone", "mobile", "cell", "tel", "number"),
    "email": ("email", "e mail", "email address", "mail"),
    "company": ("company", "company name", "organization", "organisation", "business", "account"),
    "job_title": ("job title", "title", "role", "position"),
    "notes": ("notes", "note", "comment", "comments"),
    "consent": ("consent", "consent kind", "opt in", "permission"),
    "consent_date": ("consent date", "consented at", "consent at", "opt in date"),
    "consent_source": ("consent source", "opt in source", "consent proof"),
}
_COLUMNS: Final = {header: column for column, headers in _HEADERS.items() for header in headers}
_WRITTEN: Final = {"written", "in writing", "form", "web form", "signed", "email", "e mail"}
_SPOKEN: Final = {"spoken", "verbal", "phone", "call", "in person"}
_NO: Final = {"", "no", "n", "none", "false", "0"}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line of the file, counted from 1 with the header. `column` "" = the whole line."""

    line: int
    column: str
    text: str
    is_fatal: bool = True


@dataclass(frozen=True, slots=True)
class ConsentClaim:
    """That somebody has agreed to be called, with the day and the place where they did."""

    is_written: bool
    date: dt.date
    source: str


@dataclass(frozen=True, slots=True)
class Row:
    """A lead as the file has it; `phone` is E.164."""

    line: int
    first_name: str
    last_name: str
    phone: str
    email: str = ""
    company: str = ""
    job_title: str = ""
    notes: str = ""
    consent: ConsentClaim | None = None


@dataclass
class Sheet:
    """What a file holds: leads in its order, and every problem in its order."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lines: int = 0
    """Lines with anything in them, without the header."""


def read(lines: Iterable[tuple[int, list[str]]], *, e164: Callable[[str], str | None], today: dt.date) -> Sheet:
    """Reads a table. Whatever is wrong becomes a problem; nothing raises.

    Args:
        lines: (number in the file, values) of each line with anything in it, the header first.
        e164: a number as people write it, as E.164; None = it is none.
        today: no consent can have been given after it.
    """
    sheet = Sheet()
    table = iter(lines)
    header = next(table, None)
    columns = _columns(header[1]) if header else {}
    if missing := _missing(columns):
        sheet.problems.append(Problem(header[0] if header else 1, "", f"There is no column for {missing}."))
        return sheet
    seen: dict[str, int] = {}
    for line, values in table:
        sheet.lines += 1
        if sheet.lines > MOST_ROWS:
            sheet.problems.append(
                Problem(line, "", f"A file may have {MOST_ROWS:,} leads; from here on none was read.")
            )
            break
        cells = {name: clean(values[at], limit=2_000) if at < len(values) else "" for name, at in columns.items()}
        _read_row(sheet, line, cells, seen, e164=e164, today=today)
    return sheet


def _columns(header: list[str]) -> dict[str, int]:
    """Where each of our columns is; of two for the same the first."""
    found: dict[str, int] = {}
    for at, name in enumerate(header):
        column = _COLUMNS.get(" ".join(re.sub(r"[^a-z0-9]+", " ", fold(name)).split()))
        if column:
            found.setdefault(column, at)
    return found


def _missing(columns: Mapping[str, int]) -> str:
    if "phone" not in columns:
        return "the phone number"
    return "" if columns.keys() & {"first_name", "name"} else "the name"


def _read_row(
    sheet: Sheet,
    line: int,
    cells: Mapping[str, str],
    seen: dict[str, int],
    *,
    e164: Callable[[str], str | None],
    today: dt.date,
) -> None:
    problems: list[Problem] = []

    def wrong(column: str, text: str, *, is_fatal: bool = True) -> None:
        problems.append(Problem(line, column, text, is_fatal))

    first, last = _names(cells)
    if not any(letter.isalpha() for letter in first):
        wrong("name", "There is no name.")
    for column, value in (("first_name", first), ("last_name", last)):
        if len(value) > 80:
            wrong(column, "A name has at most 80 characters.")
    written = cells["phone"]
    phone = e164(written) if written else None
    if phone is None:
        wrong("phone", "That is not a complete phone number." if written else "There is no phone number.")
    elif phone in seen:
        wrong("phone", f"The same number is in line {seen[phone]}.")
    email = cells.get("email", "")
    if email and (len(email) > 254 or not _EMAIL.fullmatch(email)):
        wrong("email", "That is not an e-mail address; the lead is kept without it.", is_fatal=False)
        email = ""
    claim, doubt = _claim(cells, today)
    if doubt:
        wrong("consent", f"{doubt} The lead is kept without consent.", is_fatal=False)
    sheet.problems += problems
    if phone is None or any(problem.is_fatal for problem in problems):
        return
    seen[phone] = line
    company, job_title = (cells.get(name, "")[:_LONGEST] for name in ("company", "job_title"))
    sheet.rows.append(Row(line, first, last, phone, email, company, job_title, cells.get("notes", ""), claim))


def _names(cells: Mapping[str, str]) -> tuple[str, str]:
    first, last = cells.get("first_name", ""), cells.get("last_name", "")
    if not first and (name := cells.get("name", "")):
        if "," in name:
            last, _, first = (part.strip() for part in name.partition(","))
        else:
            first, _, last = name.partition(" ")
    return first, last


def _claim(cells: Mapping[str, str], today: dt.date) -> tuple[ConsentClaim | None, str]:
    """(the consent, or None; what is doubtful about it)."""
    kind = " ".join(re.sub(r"[^a-z0-9]+", " ", fold(cells.get("consent", ""))).split())
    if kind in _NO:
        return None, ""
    if kind not in _WRITTEN | _SPOKEN:
        return None, "The kind of consent is “written” or “spoken”."
    day, source = _date(cells.get("consent_date", "")), cells.get("consent_source", "")[:200]
    if day is None:
        return None, "A consent needs its date, such as 2026-11-22."
    if day > today:
        return None, "The consent's date is in the future."
    if not source:
        return None, "A consent needs its source: where and how it was given."
    return ConsentClaim(kind in _WRITTEN, day, source), ""


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None
