"""Taking in a file of leads: every good line becomes a lead, every bad one is reported."""

import csv
import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial

from django.db import transaction

from apps.business.core.names import clean
from apps.business.models import Contact
from apps.common.errors import InvalidInput
from apps.tenants import audit
from apps.verticals.sales import events, numbers
from apps.verticals.sales.core.rows import ConsentClaim, Problem, Row, Sheet, read
from apps.verticals.sales.models import Consent, Lead, LeadImport
from apps.verticals.sales.permission import consent_of

MOST_BYTES = 20_000_000
_SAMPLE = 4_096
_AT_ONCE = 1_000
_NOT_TEXT = Problem(1, "", "This is not a text file. Save the table as CSV.")


class FileTooLarge(InvalidInput):
    """More than anybody means to import at once."""

    code = "file_too_large"


class SourceNeeded(InvalidInput):
    """Whoever asks where we have their number from must get an answer."""

    code = "source_needed"


def lines_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number, values) of each line with anything in it; comma, semicolon or tab between the values."""
    first = text.lstrip("\r\n")[:_SAMPLE].partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        before = reader.line_num
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error:  # such as a value of more than 128 kB: a line that holds no lead
            values = ["?"]
        if any(value.strip() for value in values):
            yield before + 1, values


def sheet_of(data: bytes, *, region: str, today: dt.date) -> Sheet:
    """What a file holds; UTF-8 with or without a mark, or Windows-1252."""
    if b"\0" in data:
        return Sheet(problems=[_NOT_TEXT])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    return read(lines_of(text), e164=partial(numbers.e164, region=region), today=today)


@transaction.atomic
def take_in(*, data: bytes, name: str, source: str, now: dt.datetime, actor: str) -> LeadImport:
    """Reads a file and keeps what is good in it. Lines of numbers that are leads already are reported as problems.

    Args:
        source: where these leads come from; told to whoever asks.
        now: aware, in the business's time zone.

    Raises:
        FileTooLarge, SourceNeeded: nothing was read.
    """
    source = clean(source, limit=120)
    if not source:
        raise SourceNeeded("Say where these leads come from.", field="source")
    if len(data) > MOST_BYTES:
        raise FileTooLarge(f"A file may have {MOST_BYTES // 1_000_000} MB.", field="file")
    sheet = sheet_of(data, region=numbers.region(), today=now.date())
    known = _known([row.phone for row in sheet.rows])
    fresh = [row for row in sheet.rows if row.phone not in known]
    doubles = [Problem(row.line, "phone", "This number is a lead already.") for row in sheet.rows if row.phone in known]
    taken = LeadImport(
        name=clean(name, limit=200) or "leads.csv",
        source=source,
        lines=sheet.lines,
        created=len(fresh),
        known=len(doubles),
        problems=[asdict(one) for one in sorted([*sheet.problems, *doubles], key=lambda one: one.line)],
        imported_by=actor[:60],
        imported_at=now,
    )
    taken.save()
    for start in range(0, len(fresh), _AT_ONCE):
        _write(fresh[start : start + _AT_ONCE], taken, now=now)
    taken.consents = _write_consents(sheet.rows, now=now, actor=actor)
    taken.save(update_fields=["consents"])
    audit.record(actor=actor, action="leads.imported", target=taken.pk, details={"leads": taken.created})
    events.publish(events.LeadsImported(at=now.timestamp(), leads=taken.created))
    return taken


def _known(phones: Sequence[str]) -> set[str]:
    """Those that are leads already."""
    found: set[str] = set()
    for start in range(0, len(phones), _AT_ONCE):
        chunk = phones[start : start + _AT_ONCE]
        found.update(Lead.objects.filter(phone__in=chunk).values_list("phone", flat=True))
    return found


def _write(rows: Sequence[Row], taken: LeadImport, *, now: dt.datetime) -> None:
    contacts = [
        Contact(given_name=row.first_name, family_name=row.last_name, phone=row.phone, email=row.email, created_at=now)
        for row in rows
    ]
    Contact.objects.bulk_create(contacts)
    Lead.objects.bulk_create(
        Lead(
            contact=contact,
            phone=row.phone,
            company=row.company,
            job_title=row.job_title,
            notes=row.notes,
            source=taken.source,
            came_with=taken,
            created_at=now,
        )
        for contact, row in zip(contacts, rows, strict=True)
    )


def _write_consents(rows: Sequence[Row], *, now: dt.datetime, actor: str) -> int:
    """The consents of all lines, also of leads that were known: a later one may be in writing. How many were new."""
    claims = {row.phone: row.consent for row in rows if row.consent is not None}
    made = 0
    phones = list(claims)
    for start in range(0, len(phones), _AT_ONCE):
        chunk = phones[start : start + _AT_ONCE]
        had = {*Consent.objects.filter(phone__in=chunk).values_list("phone", "kind", "source", "obtained_at")}
        consents = [_consent(phone, claims[phone], now=now, actor=actor) for phone in chunk]
        new = [one for one in consents if (one.phone, one.kind, one.source, one.obtained_at) not in had]
        made += len(Consent.objects.bulk_create(new))
    return made


def _consent(phone: str, claim: ConsentClaim, *, now: dt.datetime, actor: str) -> Consent:
    given_at = dt.datetime.combine(claim.date, dt.time(), now.tzinfo)
    kind = Consent.Kind.WRITTEN if claim.is_written else Consent.Kind.SPOKEN
    return consent_of(phone=phone, kind=kind, source=claim.source, obtained_at=min(given_at, now), now=now, actor=actor)
