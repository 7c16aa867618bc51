"""The worker's duty of reading sources: one at a time, each claimed, none for ever.

A claim is a row's `claim`, taken in a transaction. Who reads writes its pieces only while the row still carries it; so
a worker that is killed loses nothing but time, and a file that was replaced meanwhile is not overwritten by the old.
"""

import datetime as dt
import json
import logging
import os
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone

from apps.agents.knowledge.core.blocks import Block
from apps.agents.knowledge.core.chunking import Piece, pieces
from apps.agents.knowledge.core.words import language_of, terms
from apps.agents.knowledge.models import KnowledgeFile, KnowledgePiece, KnowledgeSource
from apps.common import queues
from apps.common.ids import new_id
from apps.common.queues import Waiting
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, tenant_scope

logger = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks for something to read."""
PATIENCE = 90.0
"""Seconds of wall clock that a reader gets; of the processor it has less (reading/__main__.py)."""
LEASE = dt.timedelta(seconds=240)
"""After which a claim is thought to be a dead worker's: longer than a reader and the writing of its pieces take."""
MOST_ATTEMPTS = 3
MOST_PIECES = 20_000
"""Of a tenant: what a search looks through in milliseconds."""
_BATCH = 500
_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")
Status = KnowledgeSource.Status


def perform(now: dt.datetime) -> int:
    """Reads one source that waits; how many (0 or 1)."""
    source = _claim(now)
    if source is None:
        return 0
    with tenant_scope(source.tenant_id):
        data = bytes(KnowledgeFile.objects.get(source_id=source.pk).data)
        language = language_of(Tenant.objects.get(pk=source.tenant_id).locale)
    answer = _read(source.kind, data)
    made = pieces(Block(*block) for block in answer.get("blocks", ()))
    with tenant_scope(source.tenant_id), transaction.atomic():
        _store(source, answer, made, language)
    return 1


def _claim(now: dt.datetime) -> KnowledgeSource | None:
    """The one that has waited longest, or that a dead worker left; its attempts are counted."""
    due = Q(status=Status.WAITING) | Q(status=Status.READING, claimed_at__lt=now - LEASE)
    with all_tenants(reason="the worker reads every tenant's documents"):
        if not KnowledgeSource.objects.filter(due).exists():
            return None  # without a lock, as nearly always
        with transaction.atomic():
            waiting = KnowledgeSource.objects.select_for_update(skip_locked=True).filter(due).order_by("uploaded_at")
            source: KnowledgeSource | None = waiting.first()
            if source is None:
                return None
            if source.attempts >= MOST_ATTEMPTS:
                _give_up(source)
                return None
            source.claim, source.claimed_at, source.status = new_id("clm"), now, Status.READING
            source.attempts += 1
            source.save(update_fields=["claim", "claimed_at", "status", "attempts"])
            return source


def waiting(now: dt.datetime) -> Waiting:
    """Documents that nobody has begun to read."""
    with all_tenants(reason="how much waits, whosever it is"):
        return queues.waiting(KnowledgeSource.objects.filter(status=Status.WAITING), "uploaded_at", now)


def _give_up(source: KnowledgeSource) -> None:
    """A file whose readers die takes their workers with it: it is not tried for ever."""
    source.pieces.all().delete()
    source.status, source.claim, source.claimed_at = Status.FAILED, "", None
    source.reason = "Reading it broke off again and again. Upload it anew, or in another form."
    source.characters = source.piece_count = 0
    source.content = new_id("cnt")
    source.save()


def _read(kind: str, data: bytes) -> dict[str, Any]:
    """What the reader's process says: `blocks`, `pages` and `notes`, or a `problem`."""
    # A file may be hostile: the process that opens it inherits no secret.
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    command = [sys.executable, "-m", "apps.agents.knowledge.reading", kind]
    try:
        done = subprocess.run(  # noqa: S603  # our own module
            command,
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a warning for each of a million broken objects would fill our memory
            timeout=PATIENCE,
            check=False,
            cwd=settings.BASE_DIR,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return {"problem": "Reading this file took too long. Save it anew, or split it into several."}
    if done.returncode:
        logger.warning("A reader of documents died", extra={"kind": kind, "status": done.returncode})
        return {"problem": "This file is too complicated to read. Save it anew, or split it into several."}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _store(claimed: KnowledgeSource, answer: dict[str, Any], made: list[Piece], language: str) -> None:
    """Puts the pieces in the place of those before, in one transaction; nothing when the claim is gone."""
    source = KnowledgeSource.objects.select_for_update().filter(pk=claimed.pk, claim=claimed.claim).first()
    if source is None:
        return
    others = KnowledgeSource.objects.exclude(pk=source.pk).aggregate(sum=Sum("piece_count"))["sum"] or 0
    problem = answer.get("problem", "")
    if not problem and others + len(made) > MOST_PIECES:
        problem = "There is no room for this document. Delete some that nobody asks about."
    if problem:
        made = []
    source.pieces.all().delete()
    KnowledgePiece.objects.bulk_create(
        [_row(source, position, piece, language) for position, piece in enumerate(made)], batch_size=_BATCH
    )
    source.status = Status.FAILED if problem else Status.READY if made else Status.EMPTY
    source.reason = problem or ("" if made else "There is no text in it.")
    source.notes, source.pages = answer.get("notes", []), answer.get("pages")
    source.characters = sum(len(piece.text) - piece.repeated for piece in made)
    source.piece_count = len(made)
    source.content, source.claim, source.claimed_at = new_id("cnt"), "", None
    source.embedded_with, source.embed_at, source.embedding_problem = "", None, ""
    source.read_at, source.attempts = timezone.now(), 0
    source.save()


def _row(source: KnowledgeSource, position: int, piece: Piece, language: str) -> KnowledgePiece:
    # The piece under a heading is about it; where the heading is in its text, too, it counts twice.
    stems = terms(" ".join((*piece.headings, piece.text)), language)
    return KnowledgePiece(
        source=source,
        position=position,
        text=piece.text,
        headings=list(piece.headings),
        page=piece.page,
        terms=" ".join(stems),
    )
