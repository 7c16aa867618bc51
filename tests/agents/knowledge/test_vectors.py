"""Meaning: the provider's embeddings over a real socket, and what happens when it fails or knows none."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import uvicorn

from apps.agents import model
from apps.agents.knowledge import search, sources, vectors
from apps.agents.knowledge.models import KnowledgePiece
from apps.sandbox.server import build_app
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from tests.agents.knowledge.conftest import Add, fresh

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(build_app(pace=0), lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(autouse=True)
def configured(settings: Any, provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SANDBOX_ANSWERS, settings.OPENAI_BASE_URL = False, provider
    settings.EMBEDDING_MODEL = "any-embedding"
    monkeypatch.setattr(vectors, "_failed_at", -vectors.PAUSE)


def vector_of(question: str, tenant: Tenant) -> Any:
    return asyncio.run(vectors.vector_once(question, tenant_id=tenant.pk))


@pytest.mark.django_db(transaction=True)
def test_pieces_and_questions_get_vectors(clinic: Tenant, add: Add) -> None:
    source = add(clinic, "House rules")
    assert source.embedded_with == ""
    assert vectors.perform(NOW) == 1
    assert vectors.perform(NOW) == 0
    assert fresh(source).embedded_with == "any-embedding"
    assert fresh(source).content != source.content
    with tenant_scope(clinic.pk):
        stored = [vectors.unpacked(row.vector) for row in KnowledgePiece.objects.all()]
    assert [len(vector) for vector in stored] == [512, 512]
    assert all(np.linalg.norm(vector) == pytest.approx(1, abs=1e-5) for vector in stored)
    vector = vector_of("where can I park", clinic)
    with tenant_scope(clinic.pk):
        found = search.find("where can I park", vector=vector)
    assert found.passages[0].headings == ("House rules", "Parking")
    assert found.passages[0].hit.cosine == pytest.approx(float(vector @ stored[0]), abs=1e-4)


@pytest.mark.django_db(transaction=True)
def test_another_model_embeds_anew_and_is_not_mixed(clinic: Tenant, add: Add, settings: Any) -> None:
    source = add(clinic, "House rules")
    vectors.perform(NOW)
    settings.EMBEDDING_MODEL = "another"
    assert vector_of("park", clinic) is None
    with tenant_scope(clinic.pk):
        hits = search.find("park", vector=np.ones(512, np.float32)).passages
        assert [passage.hit.cosine for passage in hits] == [None]
    assert vectors.perform(NOW) == 1
    assert fresh(source).embedded_with == "another"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("broken", "said"), [("any+500", "not answering"), ("any+404", "did not accept")])
def test_a_failure_is_kept_and_tried_again(clinic: Tenant, add: Add, settings: Any, broken: str, said: str) -> None:
    source = add(clinic, "House rules")
    settings.EMBEDDING_MODEL = broken
    assert vectors.perform(NOW) == 0
    assert said in fresh(source).embedding_problem
    with tenant_scope(clinic.pk):
        assert search.find("where can I park").is_sure  # words are searched all the same
    settings.EMBEDDING_MODEL = "any"
    assert vectors.perform(NOW + timedelta(seconds=10)) == 0
    assert vectors.perform(NOW + vectors.RETRY + timedelta(seconds=1)) == 1
    assert fresh(source).embedding_problem == ""


@pytest.mark.django_db(transaction=True)
def test_a_visitor_does_not_wait_for_a_slow_provider(
    clinic: Tenant, add: Add, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(clinic, "House rules")
    settings.EMBEDDING_MODEL = "any+slow=5"
    monkeypatch.setattr(vectors, "PATIENCE", 30.0)
    assert vectors.perform(NOW) == 1
    monkeypatch.setattr(vectors, "PATIENCE", 0.2)
    began = asyncio.run(_timed("park", clinic))
    assert began < 3
    asked: list[str] = []
    monkeypatch.setattr(model, "embed", lambda **_: asked.append("again"))
    assert vector_of("park", clinic) is None
    assert asked == []  # for a while nobody else waits


async def _timed(question: str, tenant: Tenant) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await vectors.vector_once(question, tenant_id=tenant.pk) is None
    return loop.time() - began


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_leaves_it_to_the_next(clinic: Tenant, add: Add) -> None:
    add(clinic, "House rules")
    assert vectors._claim(NOW) is not None  # and then it is killed
    assert vectors.perform(NOW) == 0
    assert vectors.perform(NOW + vectors.LEASE + timedelta(seconds=1)) == 1


@pytest.mark.django_db(transaction=True)
def test_vectors_of_what_was_replaced_are_thrown_away(clinic: Tenant, add: Add) -> None:
    source = add(clinic, "House rules")
    claimed = vectors._claim(NOW)
    assert claimed is not None
    with tenant_scope(clinic.pk):
        rows = list(source.pieces.all())
    add_new(clinic, source)
    with tenant_scope(clinic.pk):
        vectors._store(claimed, rows, [np.ones(4, np.float32)] * len(rows))
        assert not KnowledgePiece.objects.exclude(vector=None).exists()
    assert fresh(source).embedded_with == ""


def add_new(tenant: Tenant, source: Any) -> None:
    from tests.agents.knowledge.conftest import work

    with tenant_scope(tenant.pk):
        sources.replace(source=source, data=b"Everything is new.", actor="user:1")
    work()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("without", ["key", "model"])
def test_without_a_provider_nothing_is_sent(clinic: Tenant, add: Add, settings: Any, without: str) -> None:
    source = add(clinic, "House rules")
    if without == "key":
        settings.SANDBOX_ANSWERS = True
    else:
        settings.EMBEDDING_MODEL = ""
    assert vectors.perform(NOW) == 0
    assert vector_of("park", clinic) is None
    assert fresh(source).embedding_problem == ""


def test_the_gateway_tells_what_may_succeed_later(settings: Any) -> None:
    async def embed(name: str) -> Any:
        try:
            return await model.embed(model=name, texts=["one", "two"])
        finally:
            await model.close()

    assert len(asyncio.run(embed("any"))) == 2
    with pytest.raises(model.ModelUnavailable):
        asyncio.run(embed("any+503"))
    with pytest.raises(model.ModelRefused):
        asyncio.run(embed("any+401"))
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    with pytest.raises(model.ModelUnavailable):
        asyncio.run(embed("any"))
