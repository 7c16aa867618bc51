"""The worker's reading: each source once, whoever dies in the midst of it, and never the old file over the new."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.agents.knowledge import intake, sources
from apps.agents.knowledge.models import KnowledgePiece, KnowledgeSource
from apps.common import duties
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.scope import tenant_scope
from tests.agents.knowledge.conftest import HOUSE, Add, fresh, texts, work
from tests.agents.knowledge.forms import pdf_of

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


def test_the_worker_knows_its_duties() -> None:
    assert {"knowledge.read", "knowledge.embed"} <= {duty.name for duty in duties.registered()}


def test_a_document_becomes_pieces(clinic: Tenant, add: Add) -> None:
    waiting = add(clinic, "House rules", read=False)
    assert (waiting.status, waiting.piece_count) == ("waiting", 0)
    assert work() == 1
    source = fresh(waiting)
    assert (source.status, source.kind, source.piece_count) == ("ready", "text", 2)
    assert source.characters == sum(len(text) for text in texts(source))
    assert source.read_at
    assert work() == 0
    with tenant_scope(clinic.pk):
        assert KnowledgePiece.objects.first().headings == ["House rules", "Parking"]
        assert AuditEntry.objects.filter(action="knowledge.added", target=source.pk).exists()


def test_what_gives_nothing_says_why(clinic: Tenant, add: Add) -> None:
    failed = add(clinic, "Scan", pdf_of([b"q Q"]))
    assert (failed.status, failed.gave_nothing, failed.piece_count) == ("failed", True, 0)
    assert "only pictures" in failed.reason
    empty = add(clinic, "Dots", b"\x01\x01 \x01 .txt-like but not one letter that is seen"[:3] + b" " * 200 + b"\x02")
    assert empty.status == "empty"
    assert empty.reason


def test_a_worker_that_is_killed_leaves_the_source_to_the_next(clinic: Tenant, add: Add) -> None:
    source = add(clinic, "House rules", read=False)
    assert intake._claim(NOW) is not None  # and then it is killed
    assert work(NOW + intake.LEASE / 2) == 0
    assert fresh(source).status == "reading"
    assert work(NOW + intake.LEASE * 2) == 1
    assert fresh(source).status == "ready"


def test_who_held_it_too_long_writes_nothing(clinic: Tenant, add: Add) -> None:
    source = add(clinic, "House rules", read=False)
    slow = intake._claim(NOW)
    assert slow is not None
    work(NOW + intake.LEASE * 2)
    before = fresh(source)
    with tenant_scope(clinic.pk):
        intake._store(slow, {"problem": "too late"}, [], "english")
    assert fresh(source).status == "ready"
    assert fresh(source).content == before.content


def test_a_file_that_is_replaced_while_it_is_read_wins(clinic: Tenant, add: Add) -> None:
    source = add(clinic, "House rules", read=False)
    reading = intake._claim(NOW)
    assert reading is not None
    with tenant_scope(clinic.pk):
        sources.replace(source=source, data=b"Everything is new.", actor="user:1")
        intake._store(reading, {"blocks": []}, [], "english")
    assert fresh(source).status == "waiting"
    work()
    assert texts(source) == ["Everything is new."]


def test_until_the_new_file_is_read_the_old_one_stays(clinic: Tenant, add: Add) -> None:
    source = add(clinic, "House rules")
    with tenant_scope(clinic.pk):
        sources.replace(source=source, data=b"Everything is new.", actor="user:1")
    assert len(texts(source)) == 2
    work()
    assert texts(source) == ["Everything is new."]
    with tenant_scope(clinic.pk):
        sources.replace(source=source, data=pdf_of([b"q Q"]), actor="user:1")
    work()
    assert texts(source) == []
    assert fresh(source).gave_nothing


def test_a_source_that_kills_its_workers_is_given_up(clinic: Tenant, add: Add) -> None:
    source = add(clinic, "House rules", read=False)
    now = NOW
    for _ in range(intake.MOST_ATTEMPTS):
        assert intake._claim(now) is not None
        now += intake.LEASE * 2
    assert work(now) == 0
    assert (fresh(source).status, fresh(source).claim) == ("failed", "")
    assert "Upload it anew" in fresh(source).reason
    with tenant_scope(clinic.pk):
        sources.read_again(source=source, actor="user:1")
    work()
    assert fresh(source).status == "ready"


def test_two_workers_never_hold_the_same(clinic: Tenant, add: Add) -> None:
    for n in range(3):
        add(clinic, f"Rules {n}", read=False)
    held = [intake._claim(NOW) for _ in range(4)]
    assert held.pop() is None
    assert len({source.pk for source in held if source}) == 3


def test_there_is_an_end_to_what_one_business_may_keep(
    clinic: Tenant, other_tenant: Tenant, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_PIECES", 3)
    assert add(clinic, "One").status == "ready"
    full = add(clinic, "Two")
    assert full.status == "failed"
    assert "no room" in full.reason
    assert add(other_tenant, "Three").status == "ready"
    monkeypatch.setattr(sources, "MOST", 2)
    with tenant_scope(clinic.pk), pytest.raises(sources.SourceRefused, match="2 documents already"):
        sources.add(title="Four", data=b"x", actor="user:1")


def test_what_is_no_document_is_refused_at_the_door(clinic: Tenant) -> None:
    with tenant_scope(clinic.pk):
        with pytest.raises(sources.SourceRefused) as refusal:
            sources.add(title="Picture", data=b"\x89PNG\r\n\x1a\n\0\0", actor="user:1")
        assert refusal.value.field == "upload"
        assert not KnowledgeSource.objects.exists()


def test_with_a_source_go_its_pieces(clinic: Tenant, add: Add) -> None:
    source = add(clinic, "House rules")
    with tenant_scope(clinic.pk):
        source.delete()
        assert not KnowledgePiece.objects.exists()
        assert not sources.anything_to_search()


def test_one_fault_does_not_stop_the_duty(clinic: Tenant, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    source = add(clinic, "House rules", read=False)

    def breaks(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(intake, "_store", breaks)
    with pytest.raises(RuntimeError):
        work()
    monkeypatch.undo()
    assert work(datetime.now(UTC) + intake.LEASE + timedelta(seconds=1)) == 1
    assert fresh(source).status == "ready"
    assert HOUSE.split()[-1] in texts(source)[-1]
