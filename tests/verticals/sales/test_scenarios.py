"""The scenario files: readable by the runner, naming only tools, models and fields that exist."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps

from apps.tenants.models import Tenant
from apps.verticals import sales
from apps.verticals.sales.demo import load
from apps.verticals.sales.tools import TOOLS
from tests.verticals.sales.conftest import in_denver

FILES = sorted((Path(sales.__file__).parent / "scenarios").glob("*.yaml"))
TRANSFERS = {f"transfer_to_{slug}" for slug in ("triage", "inbound", "outbound", "lead", "appointment")}
TOOL_NAMES = {tool.name for tool in TOOLS}


def read(path: Path) -> dict[str, Any]:
    scenario: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return scenario


def test_there_are_enough_and_each_has_its_name() -> None:
    names = [read(path)["name"] for path in FILES]
    assert len(names) == len(set(names)) >= 12


def test_every_tool_is_played_but_those_of_calls_that_we_make() -> None:
    called = {name for path in FILES for turn in read(path)["turns"] for name in turn.get("calls", [])}
    ours = {"get_call_briefing", "confirm_person", "record_outcome"}
    assert called == (TOOL_NAMES - ours) | TRANSFERS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_its_shape(path: Path) -> None:
    scenario = read(path)
    assert set(scenario) <= {"name", "now", "turns", "expect"}
    for turn in scenario["turns"]:
        assert set(turn) <= {"visitor", "calls", "says", "never"}
        assert turn["visitor"].strip()
        assert set(turn.get("calls", [])) <= TOOL_NAMES | TRANSFERS
        assert all(isinstance(word, str) and word for key in ("says", "never") for word in turn.get(key, []))


def test_what_is_expected_is_not_so_beforehand(tenant: Tenant) -> None:
    """Where something must happen, it must not be there already, or the scenario could not fail."""
    in_denver(tenant, "+13035550199")
    load(dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone))
    changed = set()
    for path in FILES:
        for row in read(path).get("expect", []):
            if apps.get_model(row["model"]).objects.filter(**row["where"]).count() != row["count"]:
                changed.add(path.stem.partition("_")[0])
    assert changed == {"01", "02", "03", "05", "07", "10", "11", "12", "18"}
