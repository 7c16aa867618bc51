"""The demo helpdesk and its scenarios: rich, alike for the same now, and loaded once."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps

from apps.tenants.models import Tenant
from apps.verticals import it_helpdesk
from apps.verticals.it_helpdesk.demo import TENANT, load
from apps.verticals.it_helpdesk.models import Device, Employee, Organization, Ticket, Troubleshooting, Visit
from apps.verticals.it_helpdesk.tools import TOOLS

FILES = sorted((Path(it_helpdesk.__file__).parent / "scenarios").glob("*.yaml"))
TOOL_NAMES = {tool.name for tool in TOOLS}


def read(path: Path) -> dict[str, Any]:
    scenario: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return scenario


def counts() -> dict[str, int]:
    models = apps.get_app_config("it_helpdesk").get_models()
    return {model.__name__: model._default_manager.count() for model in models}


@pytest.fixture
def now(tenant: Tenant) -> dt.datetime:
    return dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone)


def test_it_is_rich_and_loaded_once(now: dt.datetime) -> None:
    load(now)
    before = counts()
    assert all(before.values())
    assert (before["Organization"], before["Employee"], before["Ticket"]) == (6, 20, 64)
    assert Ticket.objects.exclude(status="closed").count() > 10
    assert not Device.objects.exclude(organization_id__in=Organization.objects.values("pk")).exists()
    assert Troubleshooting.objects.filter(outcome="solved").exists()
    load(now + dt.timedelta(days=3))
    assert counts() == before


@pytest.mark.parametrize("local", [(2026, 1, 1, 0), (2027, 3, 13, 23), (2026, 10, 31, 12), (2026, 12, 24, 18)])
def test_any_day_will_do(tenant: Tenant, local: tuple[int, int, int, int]) -> None:
    load(dt.datetime(*local, tzinfo=tenant.zone))
    assert Visit.objects.get().ticket.reference == "INC-1001"
    assert Employee.objects.filter(contact__given_name="Dana", organization__code="4719").exists()


def test_the_tenant_is_as_promised() -> None:
    assert (TENANT.slug, TENANT.widget_key) == ("bluewire-it", "wk_demo_it_helpdesk")
    assert ("owner@bluewire-it.example", "owner") in {(email, role) for email, _, role in TENANT.logins}


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
    assert changed == {1, 2, 3, 5, 6, 7, 10, 14, 15, 19, 20}
