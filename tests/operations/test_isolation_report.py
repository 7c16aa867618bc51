"""The isolation report: it tries everything, sees a hole that is planted, and leaves no trace."""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from zlib import crc32

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, models
from django.utils import timezone

from apps.api.resources.contacts import ContactResource
from apps.business.models import Contact
from apps.common.redis import client
from apps.operations.isolation import examination, orm, probes, redis_keys, rendering, walls
from apps.operations.isolation.findings import Line, Report, Section
from apps.operations.isolation.routes import Route, entries, routes
from apps.tenants import keys
from apps.tenants.base import TenantManager
from apps.tenants.models import Tenant, User
from apps.tenants.rls import tenant_models
from apps.tenants.scope import all_tenants
from callsphere.settings import ENV
from tests.conftest import make_member, make_tenant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(800)]


def quietly(line: str) -> None:
    """Nobody watches."""


def some(route: Route) -> bool:
    """A tenth of the admin's many addresses, and all others; tests/isolation walks every one of them."""
    return not route.is_admin or crc32(route.name.encode()) % 10 == 0


def everything() -> tuple[dict[str, int], set[bytes], list[str]]:
    """(rows by table, names of Redis keys, files): whatever a report could leave behind."""
    with all_tenants(reason="the suite counts"):
        rows = {model._meta.label: model._base_manager.count() for model in apps.get_models()}
    lists = [default_storage.listdir(folder) for folder in probes.FOLDERS if default_storage.exists(folder)]
    return rows, set(client().scan_iter()), [name for folders, files in lists for name in folders + files]


def without_counters(names: set[bytes]) -> set[bytes]:
    """Limits of an internet address count every request, ours too; they name no tenant and expire by themselves."""
    return {name for name in names if not name.startswith(b"cs:{platform}:")}


def test_everything_is_tried_refused_and_removed() -> None:
    before = everything()
    report = examination.examine(say=quietly, route=some)
    assert report.holes == []
    tried = {section.title: section.tried for section in report.sections}
    assert tried.pop("Raw SQL and the database's role") > (1_000 if connection.vendor == "postgresql" else -1)
    assert min(tried.values()) > 0
    assert tried["Models"] > 2_000
    assert tried["Routes"] > 1_000
    rows, names, files = everything()
    assert rows == before[0]
    assert without_counters(names) <= without_counters(before[1])
    assert files == before[2]


def test_every_model_and_every_route_is_tried() -> None:
    probe = probes.make("alone")
    try:
        assert probe.unmade == {}
        assert set(probe.rows) == set(tenant_models())
        assert [label for label, model in _texts(probe).items() if probe.canary not in model] == []
        walked = routes(probe)
        addresses = [(name, pattern) for name, pattern, _ in entries() if name != "admin:None"]
        assert Counter((route.name, route.pattern) for route in walked) == Counter(addresses)
        assert [route.path for route in walked if "<" in route.path or "(?P" in route.path] == []
        with_ids = {route.name for route in walked if route.takes_id}
        assert {"chat-resume", "inbox-conversation", "api:contacts-detail", "admin:business_booking_change"} <= with_ids
    finally:
        probes.remove(probe)


def _texts(probe: probes.Probe) -> dict[str, str]:
    """What is known by the canary wherever it shows up: label of a model with a required text → its row in words."""
    with all_tenants(reason="the suite reads what was made"):
        return {
            model._meta.label: repr(model._base_manager.filter(pk=probe.rows[model]).values().get())
            for model in (Contact, apps.get_model("sales.Lead"), apps.get_model("agents.KnowledgePiece"))
        }


def test_a_manager_that_forgets_the_scope_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    scoped = TenantManager.get_queryset

    def forgetful(self: Any) -> Any:
        return models.Manager.get_queryset(self) if self.model is Contact else scoped(self)

    rival, victim = probes.make("A"), probes.make("B")
    try:
        monkeypatch.setattr(TenantManager, "get_queryset", forgetful)
        holes = orm.examine(rival=rival, victim=victim).holes
        monkeypatch.undo()
    finally:
        probes.remove(rival, victim)
    assert {subject for subject, _ in holes} == {"business.Contact"}
    assert any("answered without a scope" in hole for _, hole in holes)
    if connection.vendor == "sqlite":  # PostgreSQL's own wall still holds
        assert any("found it by its id" in hole for _, hole in holes)
        assert any("deleted it" in hole for _, hole in holes)


def test_a_view_that_forgets_the_scope_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(self: ContactResource, *, locked: bool = False) -> Contact:
        with all_tenants(reason="planted by the suite"):
            return Contact.objects.get(pk=self.kwargs["pk"])

    monkeypatch.setattr(ContactResource, "row", forgetful)
    report = examination.examine(
        say=quietly, kinds=frozenset({"routes"}), route=lambda route: route.name == "api:contacts-detail"
    )
    assert any("rival key, GET: 200 showed" in hole for _, _, hole in report.holes)


def test_a_key_that_does_not_name_its_tenant_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def shared(tenant_id: str, run_id: str) -> str:
        return f"cs:run:{run_id}"

    shared.__module__ = keys.__name__
    line = Line("run_log()")
    redis_keys._builder(line, shared, *_pair())
    assert len(line.holes) == 10
    fine = Line("run_log()")
    redis_keys._builder(fine, keys.run_log, *_pair())
    assert (fine.holes, fine.refused) == ([], 10)


def _pair() -> tuple[probes.Probe, probes.Probe]:
    return (
        probes.Probe(Tenant(slug="a"), User(email="a@a.example"), "canary-a"),
        probes.Probe(Tenant(slug="b"), User(email="b@b.example"), "canary-b"),
    )


@pytest.mark.parametrize("command", ["DISABLE ROW LEVEL SECURITY", "NO FORCE ROW LEVEL SECURITY"])
def test_a_table_without_its_wall_is_found(command: str) -> None:
    if connection.vendor != "postgresql":
        section = walls.examine(rival=_pair()[0], victim=_pair()[1])
        assert (section.tried, "one wall" in dict(examination.facts())["Database"]) == (0, True)
        assert "no second wall" in section.explained
        return
    rival, victim = probes.make("A"), probes.make("B")
    try:
        with _owner() as owner:
            owner.execute(f"ALTER TABLE business_contact {command}")
        holes = walls.examine(rival=rival, victim=victim).holes
    finally:
        with _owner() as owner:
            owner.execute("ALTER TABLE business_contact ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        probes.remove(rival, victim)
    subjects = {subject for subject, _ in holes}
    assert "policy of business_contact" in subjects
    if command.startswith("DISABLE"):
        assert ("table business_contact", "a row was inserted for it") in holes
        assert subjects == {"policy of business_contact", "table business_contact"}
    else:
        assert holes == [("policy of business_contact", "row-level security is not forced")]


def _owner() -> "psycopg.Connection[Any]":
    from callsphere.settings import database

    owner = database(ENV.database_owner_url)
    return psycopg.connect(
        host=owner["HOST"],
        port=owner["PORT"] or None,
        user=owner["USER"],
        password=owner["PASSWORD"] or None,
        dbname=connection.settings_dict["NAME"],
        autocommit=True,
    )


def test_what_a_killed_report_left_is_removed_and_nothing_else() -> None:
    left, running = probes.make("left"), probes.make("running")
    namesake = make_tenant(f"{probes.SLUG}-ltd", "Isolation Probe Ltd")
    make_member("alice@riverside.example", namesake)
    empty = make_tenant(f"{probes.SLUG}-empty", "Isolation Probe without members")
    long_ago = timezone.now() - 2 * probes.ABANDONED
    with all_tenants(reason="the suite lets time pass"):
        Tenant.objects.filter(pk__in=[left.tenant.pk, namesake.pk, empty.pk]).update(created_at=long_ago)
    User.objects.filter(pk=left.owner.pk).update(date_joined=long_ago)
    assert probes.remove_abandoned(timezone.now()) == 1
    with all_tenants(reason="the suite looks at what is left"):
        assert set(Tenant.objects.values_list("pk", flat=True)) == {running.tenant.pk, namesake.pk, empty.pk}
    assert not User.objects.filter(pk=left.owner.pk).exists()
    assert list(client().scan_iter(keys.of_tenant(left.tenant.pk))) == []
    assert not default_storage.exists(left.file)
    assert default_storage.exists(running.file)
    probes.remove(running)


def test_the_probes_go_even_when_an_examination_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> Section:
        raise RuntimeError("planted")

    monkeypatch.setattr(orm, "examine", broken)
    with pytest.raises(RuntimeError, match="planted"):
        examination.examine(say=quietly, kinds=frozenset({"models"}))
    with all_tenants(reason="the suite looks at what is left"):
        assert not Tenant.objects.exists()
    assert not User.objects.exists()


def test_the_rows_are_nothing_that_a_worker_would_do() -> None:
    """No number that rings, no address that resolves, nothing that is due: a worker may well be running."""
    from apps.common import duties

    probe = probes.make("alone")
    try:
        before = probe.fingerprint()
        for duty in duties.registered():
            if duty.name not in {"analysis.conversations", "knowledge.embed"}:  # they read texts, and send nothing out
                duty.perform(timezone.now())
        changed = [label for label, value in probe.fingerprint().items() if value != before[label]]
        assert changed == []
    finally:
        probes.remove(probe)


def test_the_command_writes_each_format_and_fails_on_a_hole(tmp_path: Path) -> None:
    call_command("isolation_report", "--only", "redis", "exits", "--output", str(tmp_path / "report.json"))
    told = json.loads((tmp_path / "report.json").read_text())
    assert told["format"] == rendering.FORMAT
    assert told["holes"] == []
    assert told["tried"] == told["refused"] == sum(section["tried"] for section in told["sections"])
    assert "cs:{platform}" not in json.dumps(told["holes"])
    client().set("planted", "1")
    try:
        with pytest.raises(SystemExit) as ended:
            call_command("isolation_report", "--only", "redis", "--output", str(tmp_path / "report.html"))
    finally:
        client().delete("planted")
    assert ended.value.code == 1
    page = (tmp_path / "report.html").read_text()
    assert "names no tenant" in page
    assert "got through or could not be made" in page


def test_a_report_in_markdown_survives_what_its_subjects_contain() -> None:
    line = Line("api/<str:pk>|x")
    line.refuse("404")
    line.fail("200 showed *all*\nof it")
    report = Report([("Made at", "today")], [Section("Routes", "Every one.", [line])], ["The rest."])
    text = rendering.as_markdown(report)
    assert "| api/\\<str:pk>\\|x | 2 | 404 ×1 | 200 showed \\*all\\* of it |  |" in text
    assert "**1 of 2 attempts got through or could not be made.**" in text
    assert "- The rest." in text
    assert settings.MEDIA_ROOT.name not in text
