"""A tenant's sources as their owner handles them: added, replaced, read once more."""

from collections.abc import Sequence
from pathlib import Path, PurePath

from django.db import transaction
from django.utils import timezone

from apps.agents.knowledge.models import KnowledgeFile, KnowledgeSource
from apps.agents.knowledge.reading.document import Unreadable
from apps.agents.knowledge.reading.kinds import kind_of
from apps.business.core.names import clean
from apps.common.errors import AppError
from apps.tenants import audit

MOST = 200
"""Sources of a tenant."""
Status = KnowledgeSource.Status


class SourceRefused(AppError):
    """The file is nothing that we read, or there is no room for it."""

    code = "source_refused"
    status = 422


@transaction.atomic
def add(*, title: str, data: bytes, file_name: str = "", actor: str) -> KnowledgeSource:
    """Takes a file in; a worker reads it within seconds.

    Raises:
        SourceRefused: it cannot be read, or there are too many already.
    """
    if KnowledgeSource.objects.count() >= MOST:
        raise SourceRefused(f"There are {MOST} documents already, which is the most. Delete one first.")
    source = KnowledgeSource(title=clean(title or PurePath(file_name).stem or "Document", limit=120))
    _describe(source, data, file_name)
    source.save()
    KnowledgeFile.objects.create(source=source, data=data)
    audit.record(actor=actor, action="knowledge.added", target=source.pk)
    return source


def add_folder(folder: Path, *, actor: str) -> None:
    """Takes in what lies in a folder and is not here yet, each under its file's name; no folder is an empty one."""
    here = set(KnowledgeSource.objects.values_list("title", flat=True))
    for path in sorted(folder.glob("*.*")):
        if path.stem not in here:
            add(title=path.stem, data=path.read_bytes(), file_name=path.name, actor=actor)


@transaction.atomic
def replace(*, source: KnowledgeSource, data: bytes, file_name: str = "", actor: str) -> None:
    """Puts another file in the source's place. Agents answer from the one before until this one has been read.

    Raises:
        SourceRefused: it cannot be read.
    """
    source = _locked(source)
    _describe(source, data, file_name)
    source.uploaded_at = timezone.now()
    KnowledgeFile.objects.update_or_create(source=source, defaults={"data": data})
    _await_reader(source)
    audit.record(actor=actor, action="knowledge.replaced", target=source.pk)


@transaction.atomic
def read_again(*, source: KnowledgeSource, actor: str) -> None:
    """Has the file read once more."""
    _await_reader(_locked(source))
    audit.record(actor=actor, action="knowledge.read_again", target=source.pk)


def anything_to_search(among: Sequence[str] = ()) -> bool:
    """Whether an agent of the tenant in scope could find something; `among` these sources, if there are any."""
    chosen = {"pk__in": among} if among else {}
    return KnowledgeSource.objects.filter(is_active=True, piece_count__gt=0, **chosen).exists()


def _describe(source: KnowledgeSource, data: bytes, file_name: str) -> None:
    try:
        source.kind = kind_of(data, file_name)
    except Unreadable as problem:
        raise SourceRefused(str(problem), field="upload") from None
    source.file_name, source.size = clean(file_name, limit=200), len(data)


def _locked(source: KnowledgeSource) -> KnowledgeSource:
    """As the database has it: a worker may have written it a moment ago."""
    current: KnowledgeSource = KnowledgeSource.objects.select_for_update().get(pk=source.pk)
    return current


def _await_reader(source: KnowledgeSource) -> None:
    """A worker that reads what was there before finds its claim gone, and keeps nothing."""
    source.status, source.claim, source.claimed_at, source.attempts = Status.WAITING, "", None, 0
    source.save()
