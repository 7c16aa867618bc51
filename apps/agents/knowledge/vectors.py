"""Vectors of pieces and of questions by the provider's embeddings; where it has none, words alone are searched.

The simulated provider's vectors say no more than words do, so they are not used.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence
from time import monotonic

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from apps.agents import model
from apps.agents.knowledge.core.ranking import Floats
from apps.agents.knowledge.models import KnowledgePiece, KnowledgeSource
from apps.common.errors import AppError
from apps.common.ids import new_id
from apps.tenants.memory import Memory
from apps.tenants.scope import all_tenants, in_tenant, tenant_scope

logger = logging.getLogger(__name__)

EVERY = 2.0
BATCH = 128
"""Pieces in one request; together far below what the provider takes at once."""
LEASE = dt.timedelta(minutes=10)
"""After which another worker takes over a source whose vectors did not come."""
RETRY = dt.timedelta(minutes=5)
PATIENCE = 1.5
"""Seconds that a visitor's question waits for its vector."""
PAUSE = 30.0
"""Seconds for which no question is sent after the provider has failed with one."""


def enabled() -> bool:
    """Whether there is a provider to ask."""
    return bool(settings.EMBEDDING_MODEL) and not settings.SANDBOX_ANSWERS


def perform(now: dt.datetime) -> int:
    """Has the pieces of one source embedded; how many sources (0 or 1). A failure is kept for its owner to see."""
    source = _claim(now) if enabled() else None
    if source is None:
        return 0
    with tenant_scope(source.tenant_id):
        rows = list(source.pieces.only("pk", "text", "headings", "source"))
    try:
        vectors = asyncio.run(_embed([_context(source, row) for row in rows]))
    except AppError as error:
        logger.warning("Documents could not be embedded", extra={"code": error.code})
        with tenant_scope(source.tenant_id):
            KnowledgeSource.objects.filter(pk=source.pk, content=source.content).update(
                embed_at=now + RETRY, embedding_problem=error.message[:300]
            )
        return 0
    with tenant_scope(source.tenant_id), transaction.atomic():
        _store(source, rows, vectors)
    return 1


_embedded: Memory[bool] = Memory(KnowledgeSource)
_failed_at = -PAUSE


async def vector_of(question: str, *, tenant_id: str) -> Floats | None:
    """The question's vector; None when nothing is embedded, or the provider does not answer in time."""
    global _failed_at
    if not enabled() or monotonic() - _failed_at < PAUSE:
        return None
    if not await in_tenant(tenant_id, _embedded.recall, (tenant_id, settings.EMBEDDING_MODEL), _anything_embedded):
        return None
    try:
        async with asyncio.timeout(PATIENCE):
            return (await model.embed(model=settings.EMBEDDING_MODEL, texts=[question]))[0]
    except (AppError, TimeoutError):
        _failed_at = monotonic()
        logger.warning("A question could not be embedded")
        return None


async def vector_once(question: str, *, tenant_id: str) -> Floats | None:
    """The same for who has no event loop that goes on."""
    try:
        return await vector_of(question, tenant_id=tenant_id)
    finally:
        await model.close()


def packed(vector: Floats) -> bytes:
    """As it is stored."""
    return vector.astype("<f4").tobytes()


def unpacked(stored: bytes | memoryview) -> Floats:
    return np.frombuffer(stored, "<f4")


def _anything_embedded() -> bool:
    return KnowledgeSource.objects.filter(is_active=True, embedded_with=settings.EMBEDDING_MODEL).exists()


def _claim(now: dt.datetime) -> KnowledgeSource | None:
    with all_tenants(reason="the worker has every tenant's documents embedded"):
        due = KnowledgeSource.objects.filter(
            Q(embed_at=None) | Q(embed_at__lte=now), status=KnowledgeSource.Status.READY
        ).exclude(embedded_with=settings.EMBEDDING_MODEL)
        if not due.exists():
            return None
        with transaction.atomic():
            source: KnowledgeSource | None = due.select_for_update(skip_locked=True).order_by("read_at").first()
            if source is not None:
                source.embed_at = now + LEASE
                source.save(update_fields=["embed_at"])
            return source


async def _embed(texts: Sequence[str]) -> list[Floats]:
    """Raises ModelUnavailable or ModelRefused."""
    vectors: list[Floats] = []
    try:
        for start in range(0, len(texts), BATCH):
            vectors += await model.embed(model=settings.EMBEDDING_MODEL, texts=texts[start : start + BATCH])
    finally:
        await model.close()
    return vectors


def _context(source: KnowledgeSource, piece: KnowledgePiece) -> str:
    """A piece with what it stands under: alone it may not say what it is about."""
    return "\n".join((source.title, " > ".join(piece.headings), piece.text))


def _store(claimed: KnowledgeSource, rows: list[KnowledgePiece], vectors: list[Floats]) -> None:
    """Nothing when the source was read anew or deleted meanwhile."""
    source = KnowledgeSource.objects.select_for_update().filter(pk=claimed.pk, content=claimed.content).first()
    if source is None:
        return
    for row, vector in zip(rows, vectors, strict=True):
        row.vector = packed(vector)
    KnowledgePiece.objects.bulk_update(rows, ["vector"], batch_size=BATCH)
    source.content, source.embed_at = new_id("cnt"), None
    source.embedded_with, source.embedding_problem = settings.EMBEDDING_MODEL, ""
    source.save()
