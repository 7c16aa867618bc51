"""Finding what answers a question in the documents of the tenant in scope."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.agents.knowledge.core.quoting import quotation
from apps.agents.knowledge.core.ranking import BEST, Floats, Hit
from apps.agents.knowledge.core.words import language_of, terms
from apps.agents.knowledge.indexes import index_of
from apps.agents.knowledge.models import KnowledgePiece
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece that was found, and how well it fits.

    Attributes:
        quote: what of it is said aloud.
    """

    source_id: str
    source: str
    page: int | None
    headings: tuple[str, ...]
    text: str
    quote: str
    hit: Hit

    @property
    def place(self) -> str:
        """Where it stands, such as “Price list 2026”, page 2."""
        if self.page is not None:
            return f"“{self.source}”, page {self.page}"
        return f"“{self.source}”, “{self.headings[-1]}”" if self.headings else f"“{self.source}”"


@dataclass(frozen=True, slots=True)
class Findings:
    """The nearest passages, the best first; whether one of them surely is about the question; and its terms."""

    passages: list[Passage]
    is_sure: bool
    terms: list[str]


def find(question: str, *, vector: Floats | None = None, best: int = BEST, among: Sequence[str] = ()) -> Findings:
    """The passages nearest to the question, also when none of them surely answers it.

    Args:
        vector: the question's own; None = by words alone.
        among: ids of the sources to look in; none = all.
    """
    language = language_of(Tenant.objects.get(pk=current_tenant_id()).locale)
    kept = index_of(language, among)
    asked = terms(question, language)
    hits = kept.index.search(asked, vector, best=best)
    # The texts come from the tenant's own rows: an index that were mistaken would still show nobody else's.
    keys = [kept.keys[hit.position] for hit in hits]
    rows = KnowledgePiece.objects.filter(pk__in=keys, source__is_active=True).select_related("source")
    found = {row.pk: row for row in rows}
    passages = [_passage(found[key], hit, asked, language) for key, hit in zip(keys, hits, strict=True) if key in found]
    return Findings(passages, any(passage.hit.is_sure for passage in passages), asked)


def _passage(piece: KnowledgePiece, hit: Hit, asked: list[str], language: str) -> Passage:
    headings = tuple(piece.headings)
    quote = quotation(piece.text, asked, headings=headings, language=language)
    return Passage(piece.source_id, piece.source.title, piece.page, headings, piece.text, quote, hit)
