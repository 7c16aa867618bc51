"""The demo line and its scenarios: rich, alike for the same now, and loaded once."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps

from apps.tenants.models import Tenant
from apps.verticals import after_hours
from apps.verticals.after_hours import escalation, rotations
from apps.verticals.after_hours.demo import TENANT, load
from apps.verticals.after_hours.models import Incident, Outreach, Visit
from apps.verticals.after_hours.tools import TOOLS

FILES = sorted((Path(after_hours.__file__).parent / "scenarios").glob("*.yaml"))
TOOL_NAMES = {tool.name for tool in TOOLS}


def read(path: Path) -> dict[str, Any]:
    scenario: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return scenario


def counts() -> dict[str, int]:
    models = apps.get_app_config("after_hours").get_models()
    return {model.__name__: model._default_manager.count() for model in models}


@pytest.fixture
def now(tenant: Tenant) -> dt.datetime:
    return dt.datetime(2026, 11, 23, 22, tzinfo=tenant.zone)


def test_it_is_rich_and_loaded_once(now: dt.datetime) -> None:
    load(now)
    before = counts()
    assert all(before.values())
    assert (before["Building"], before["Responder"], before["Rotation"], before["Incident"]) == (8, 10, 5, 54)
    assert set(Incident.objects.values_list("state", flat=True)) >= {"closed", "downgraded", "missed", "pending"}
    load(now + dt.timedelta(days=3))
    assert counts() == before


def test_it_rings_nobody_by_itself(now: dt.datetime) -> None:
    load(now)
    assert escalation.climb(now + dt.timedelta(days=1)) == 0
    assert not Outreach.objects.filter(status="waiting").exists()


def test_who_is_on_leave_is_not_on_call_and_who_swaps_is_first(now: dt.datetime) -> None:
    load(now)
    teams = {
        one.rotation.name: [str(person) for person in one.responders] for one in rotations.everybody_on_call(now=now)
    }
    assert "Ivy Kowalski" not in teams["Electrical"]
    assert len(teams["Everything else"]) == 7
    week = dt.timedelta(days=7)
    swapped = rotations.on_call("plumbing", now=now + week)
    assert swapped is not None
    assert str(swapped.responders[0]) == "Nadia Flores"


@pytest.mark.parametrize("local", [(2026, 1, 1, 0), (2027, 3, 13, 23), (2026, 10, 31, 12), (2026, 12, 24, 18)])
def test_any_day_will_do(tenant: Tenant, local: tuple[int, int, int, int]) -> None:
    load(dt.datetime(*local, tzinfo=tenant.zone))
    assert Visit.objects.get().incident.reference == "AH-1053"


def test_the_tenant_is_as_promised() -> None:
    assert (TENANT.slug, TENANT.widget_key) == ("nightwatch-property", "wk_demo_after_hours")
    assert ("owner@nightwatch-property.example", "owner") in {(email, role) for email, _, role in TENANT.logins}


def test_there_are_enough_scenarios_and_each_has_its_name() -> None:
    names = [read(path)["name"] for path in FILES]
    assert len(names) == len(set(names)) >= 12


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_shape_of_a_scenario(path: Path) -> None:
    scenario = read(path)
    assert set(scenario) <= {"name", "now", "turns", "expect"}
    for turn in scenario["turns"]:
        assert set(turn) <= {"visitor", "calls", "says", "never"}
        own = {name for name in turn.get("calls", []) if not name.startswith("transfer_to_")}
        assert own <= TOOL_NAMES
        assert all(isinstance(word, str) and word for key in ("says", "never") for word in turn.get(key, []))


def test_what_is_expected_is_not_so_beforehand(now: dt.datetime) -> None:
    """Where something must happen, it must not be there already, or the scenario could not fail."""
    load(now)
    changed = set()
    for path in FILES:
        for row in read(path).get("expect", []):
            if apps.get_model(row["model"])._default_manager.filter(**row["where"]).count() != row["count"]:
                changed.add(int(path.stem[:2]))
    assert changed == {1, 2, 3, 4, 5, 10, 11, 13, 14, 17}
