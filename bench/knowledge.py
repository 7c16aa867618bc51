"""How well and how fast documents are searched: `python -m bench.knowledge`.

Quality is that of the labelled set (tests/agents/knowledge); `--wrong` names the questions that went wrong. Then
questions are asked of a business with 2,000 pieces, through the database.
"""

import os
import random
import sys
import tempfile
from collections.abc import Callable
from statistics import median
from time import perf_counter

PIECES, ROUNDS = 2_000, 50


def table() -> str:
    """The quality, for people."""
    from tests.agents.knowledge.evaluation import asked, quality

    lines = ["                                   recall@4    MRR  answered  not sure", ""]
    for name, together in (("own document", False), ("all documents", True)):
        answers = asked(together=together)
        for half, held_out in (("tuned on", False), ("held out", True)):
            found = quality([answer for answer in answers if answer.question.held_out == held_out])
            lines.append(
                f"{name + ', ' + half:<26} {found.answerable:>3}+{found.unanswerable:<3} {found.recall:>8.1%} "
                f"{found.mrr:>6.3f}  {found.answered:>8.1%}  {found.declined:>8.1%}"
            )
    return "\n".join(lines)


def wrong(*, together: bool, held_out: bool | None = None) -> list[str]:
    """The questions that went wrong, one line each."""
    from tests.agents.knowledge.evaluation import asked

    return [
        f"{answer.question.trade}: {answer.question.ask} (rank {answer.rank}, sure {answer.is_sure})"
        for answer in asked(together=together)
        if held_out in (None, answer.question.held_out)
        if (answer.question.has is None) == answer.is_sure or (answer.question.has and answer.rank is None)
    ]


def cost() -> str:
    """What one question costs a business with PIECES pieces, on SQLite; with vectors as a provider's are long."""
    import numpy as np
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from apps.agents.knowledge import indexes, search, vectors
    from apps.agents.knowledge.core.words import terms
    from apps.agents.knowledge.models import KnowledgePiece, KnowledgeSource
    from apps.tenants.models import Tenant
    from apps.tenants.scope import all_tenants, tenant_scope
    from tests.agents.knowledge.evaluation import questions
    from tests.agents.knowledge.forms import FORMS, text_of

    chance, noise = random.Random(7), np.random.default_rng(7)
    words = " ".join(text_of(trade) for trade in FORMS).split()
    with all_tenants(reason="a benchmark makes its own business"):
        tenant = Tenant.objects.create(slug="bench", name="Bench", vertical="salon")
    lines = []
    with tenant_scope(tenant.pk):
        source = KnowledgeSource.objects.create(title="Everything", status="ready", piece_count=PIECES, content="a")
        texts = [" ".join(chance.choices(words, k=100)) for _ in range(PIECES)]
        rows = [
            KnowledgePiece(source=source, position=n, text=text, terms=" ".join(terms(text)))
            for n, text in enumerate(texts)
        ]
        KnowledgePiece.objects.bulk_create(rows, batch_size=500)
        asks = [question.ask for question in questions()][:ROUNDS]
        lines.append(f"by words:             {_timed(lambda ask: search.find(ask), asks, indexes)}")
        for row in rows:
            row.vector = vectors.packed(noise.standard_normal(1536).astype(np.float32))
        KnowledgePiece.objects.bulk_update(rows, ["vector"], batch_size=100)
        KnowledgeSource.objects.update(embedded_with="bench", content="b")
        vector = noise.standard_normal(1536).astype(np.float32)
        lines.append(f"by words and vectors: {_timed(lambda ask: search.find(ask, vector=vector), asks, indexes)}")
    return "\n".join(lines)


def _timed(find: Callable[[str], object], asks: list[str], indexes: object) -> str:
    indexes._kept.clear()  # type: ignore[attr-defined]
    times = []
    for ask in asks:
        began = perf_counter()
        find(ask)
        times.append((perf_counter() - began) * 1000)
    warm = sorted(times[1:])
    return f"first {times[0]:.0f} ms, then median {median(warm):.1f} ms, slowest {warm[-1]:.1f} ms"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="cs-") as var:
        os.environ.update(CALLSPHERE_VAR=var, DEBUG="1", DJANGO_SETTINGS_MODULE="callsphere.settings")
        os.environ.update(OPENAI_API_KEY="none is called", EMBEDDING_MODEL="bench", DATABASE_URL="")
        import django

        django.setup()
        print(table())
        if "--wrong" in sys.argv:
            print("\n".join(["", *wrong(together=True, held_out=False)]))
        print(f"\nOne question, {PIECES:,} pieces\n{cost()}")
