"""Indexes of tenants' pieces, kept between questions. One holds one tenant's pieces, read in that tenant's scope."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from django.conf import settings

from apps.agents.knowledge.core.ranking import Index
from apps.agents.knowledge.core.words import terms
from apps.agents.knowledge.models import KnowledgePiece, KnowledgeSource
from apps.agents.knowledge.vectors import enabled, unpacked
from apps.tenants.scope import current_tenant_id

MOST_PIECES = 20_000
"""Of all indexes that this process keeps; the one used longest ago goes first. With vectors about 8 kB each."""
_Version = tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """`keys` are the ids of the pieces by their position in the index."""

    version: _Version
    index: Index
    keys: list[str]


_kept: OrderedDict[tuple[str, ...], Kept] = OrderedDict()
_lock = Lock()


def index_of(language: str, among: Sequence[str] = ()) -> Kept:
    """The index of the tenant in scope as its sources are now; made anew when one of them has changed.

    Args:
        among: ids of the sources it holds; none = all. Each choice is an index of its own: what an agent must not
            answer from shall not even tell which words are rare.
    """
    key = (current_tenant_id(), language, *sorted(among))
    version = _version(among)
    with _lock:
        found = _kept.get(key)
        if found is not None and found.version == version:
            _kept.move_to_end(key)
            return found
    made = _make(version, language)
    with _lock:
        _kept[key] = made
        _kept.move_to_end(key)
        while len(_kept) > 1 and sum(len(kept.keys) for kept in _kept.values()) > MOST_PIECES:
            _kept.popitem(last=False)
    return made


def _version(among: Sequence[str]) -> _Version:
    # Before the pieces are read: what changes meanwhile makes the index stale.
    chosen = {"pk__in": among} if among else {}
    sources = KnowledgeSource.objects.filter(is_active=True, piece_count__gt=0, **chosen).order_by("pk")
    return tuple(sources.values_list("pk", "content", "title", "embedded_with"))


def _make(version: _Version, language: str) -> Kept:
    titles = {pk: terms(title, language) for pk, _, title, _ in version}
    embedded = {pk for pk, _, _, model in version if enabled() and model == settings.EMBEDDING_MODEL}
    rows = KnowledgePiece.objects.filter(source_id__in=titles).order_by("source_id", "position")
    keys, words = [], []
    for pk, source_id, stems in rows.values_list("pk", "source_id", "terms"):
        keys.append(pk)
        words.append(titles[source_id] + stems.split())
    stored = dict(rows.filter(source_id__in=embedded).values_list("pk", "vector")) if embedded else {}
    vectors = [unpacked(stored[key]) if stored.get(key) is not None else None for key in keys]
    return Kept(version, Index(words, vectors), keys)
