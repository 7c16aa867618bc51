"""All that is held of a contact, in one ZIP: JSON for programs, a page for people, the recordings of their calls."""

import datetime as dt
import json
import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO, Any, Final

from django.core.files import File
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.template.loader import render_to_string
from django.utils import timezone

from apps.business.data_rights import subjects
from apps.business.data_rights.models import DataRequest
from apps.business.data_rights.progress import Progress
from apps.business.models import Contact
from apps.common.errors import NotFound
from apps.tenants import audit, data_rights
from apps.tenants.data_rights import Holding, Subject
from apps.tenants.scope import all_tenants, tenant_scope

FORMAT: Final = "callsphere.contact.v1"
KEPT: Final = dt.timedelta(days=1)
_PAGE: Final = 200
_INTERNAL: Final = frozenset({"tenant", "given_key", "family_key", "claim", "claimed_at", "secret_hash", "key"})


def make(progress: Progress) -> None:
    """Writes the file and puts it into the storage for a day."""
    with tenant_scope(progress.tenant.pk):
        contact = Contact.objects.filter(pk=progress.request.contact_id).first()
        if contact is None:
            return progress.finish(report={"problem": "The contact is not there any more."})
        subject = subjects.subject_of(contact)
    holdings = data_rights.holdings()
    progress.begin(len(holdings) + 2)
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            sections = []
            for holding in holdings:
                progress.step(holding.title)
                sections += _section(archive, holding, subject, progress)
                progress.did()
            progress.step("Writing the pages")
            _pages(archive, contact.name, sections, progress)
            progress.did()
        size = file.tell()
        file.seek(0)
        _store(progress, file, size, sections)


def _section(archive: zipfile.ZipFile, holding: Holding, subject: Subject, progress: Progress) -> list[dict[str, Any]]:
    rows = []
    for page in _pages_of(holding, subject, progress):
        for row in page:
            rows.append(_row(archive, row, set()))
        progress.beat()
    return [{"title": holding.title, "rows": rows}] if rows else []


def _pages_of(holding: Holding, subject: Subject, progress: Progress) -> Iterator[list[Any]]:
    """The rows of a holding, a page at a time, each in a scope of its own."""
    last = ""
    while True:
        with tenant_scope(progress.tenant.pk):
            rows = list(holding.rows(subject).filter(pk__gt=last).order_by("pk")[:_PAGE])
            if not rows:
                return
            yield rows
        last = rows[-1].pk


def _row(archive: zipfile.ZipFile, row: models.Model, above: set[Any]) -> dict[str, Any]:
    """A row with its files, and all that hangs on it."""
    fields = {_named(field): _value(row, field) for field in row._meta.concrete_fields if field.name not in _INTERNAL}
    told: dict[str, Any] = {"fields": fields}
    files = [_put(archive, name, stored) for name, stored in data_rights.files_of(row)]
    if any(files):
        told["files"] = [name for name in files if name]
    parts = []
    for relation in data_rights.dependents(type(row)):
        if relation.related_model in above:
            continue
        children = relation.related_model.objects.filter(**{relation.field.name: row}).order_by("pk")
        made = [_row(archive, child, above | {type(row)}) for child in children]
        if made:
            title = str(relation.related_model._meta.verbose_name_plural).capitalize()
            parts.append({"title": title, "rows": made})
    if parts:
        told["parts"] = parts
    return told


def _named(field: Any) -> str:
    return str(field.verbose_name).capitalize()


def _value(row: models.Model, field: Any) -> Any:
    if isinstance(field, models.ForeignKey):
        related = getattr(row, field.name)
        return str(related) if related is not None else None
    if field.choices:
        return str(getattr(row, f"get_{field.name}_display")())
    return getattr(row, field.attname)


def _put(archive: zipfile.ZipFile, name: str, stored: str) -> str:
    """Copies a file of the storage into the archive; its name there, "" when it is gone."""
    path = f"files/{name}"
    try:
        with default_storage.open(stored, "rb") as source, archive.open(path, "w") as target:
            for piece in source.chunks():
                target.write(piece)
    except FileNotFoundError:
        return ""
    return path


def _pages(archive: zipfile.ZipFile, name: str, sections: list[dict[str, Any]], progress: Progress) -> None:
    now = timezone.now().astimezone(progress.tenant.zone)
    told = {
        "format": FORMAT,
        "made_at": now.isoformat(timespec="seconds"),
        "business": progress.tenant.name,
        "person": name,
        "sections": sections,
    }
    archive.writestr("data.json", json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
    with timezone.override(progress.tenant.zone):
        archive.writestr("index.html", render_to_string("data_rights/export.html", {**told, "made_at": now}))


def _store(progress: Progress, file: IO[bytes], size: int, sections: list[dict[str, Any]]) -> None:
    request = progress.request
    name = default_storage.save(f"exports/{progress.tenant.pk}/{request.pk}.zip", File(file))
    counts = {section["title"]: len(section["rows"]) for section in sections}
    with tenant_scope(progress.tenant.pk):
        audit.record(
            actor=request.actor,
            action="contact.exported",
            target=request.contact_id,
            details={"rows": sum(counts.values())},
        )
    progress.finish(
        file=name, size=size, expires_at=timezone.now() + KEPT, report={"exported": counts}, done=request.steps or 1
    )


def ready_file(request: DataRequest, *, now: dt.datetime) -> str:
    """The name in the storage of an export that may still be fetched.

    Raises:
        NotFound: there is none, or its day is over.
    """
    if not request.file or request.expires_at is None or request.expires_at <= now:
        raise NotFound("This export is not there any more. Ask for another one.")
    return request.file


def forget(now: dt.datetime) -> int:
    """Deletes the files whose day is over; how many. A duty of the worker."""
    with all_tenants(reason="an export is kept for a day at every business"):
        old = list(DataRequest.objects.filter(expires_at__lte=now).exclude(file=""))
    for request in old:
        default_storage.delete(request.file)
        with tenant_scope(request.tenant_id):
            DataRequest.objects.filter(pk=request.pk).update(file="", size=0)
    return len(old)


def forget_of(*, tenant_id: str, contact_id: str) -> int:
    """Deletes the files that were made of a contact: an erasure takes them, too."""
    with tenant_scope(tenant_id):
        made = list(DataRequest.objects.filter(contact_id=contact_id).exclude(file=""))
    for request in made:
        default_storage.delete(request.file)
        with tenant_scope(tenant_id):
            DataRequest.objects.filter(pk=request.pk).update(file="", size=0)
    return len(made)
