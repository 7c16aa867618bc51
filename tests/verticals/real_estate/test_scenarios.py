"""The scenario files: readable by the runner, naming only tools, models and fields that exist."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps

from apps.tenants.models import Tenant
from apps.verticals import real_estate
from apps.verticals.real_estate.agents import VERTICAL
from apps.verticals.real_estate.demo import load
from apps.verticals.real_estate.tools import TOOLS

FILES = sorted((Path(real_estate.__file__).parent / "scenarios").glob("*.yaml"))
NAMES = {tool.name for tool in TOOLS} | {f"transfer_to_{agent.slug}" for agent in VERTICAL.agents}


def read(path: Path) -> dict[str, Any]:
    scenario: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return scenario


def test_there_are_enough_and_each_has_its_name() -> None:
    names = [read(path)["name"] for path in FILES]
    assert len(names) == len(set(names)) >= 12


def test_every_agent_is_met() -> None:
    called = {name for path in FILES for turn in read(path)["turns"] for name in turn.get("calls", [])}
    assert {f"transfer_to_{agent.slug}" for agent in VERTICAL.agents} <= called


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_its_shape(path: Path) -> None:
    scenario = read(path)
    assert set(scenario) <= {"name", "now", "turns", "expect"}
    for turn in scenario["turns"]:
        assert set(turn) <= {"visitor", "calls", "says", "never"}
        assert set(turn.get("calls", [])) <= NAMES


def test_what_is_expected_is_not_so_beforehand(tenant: Tenant) -> None:
    """Where something must happen, it must not be there already, or the scenario could not fail."""
    load(dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone))
    changed = set()
    for path in FILES:
        for row in read(path).get("expect", []):
            if apps.get_model(row["model"]).objects.filter(**row["where"]).count() != row["count"]:
                changed.add(path.stem.partition("_")[2])
    assert changed == {"search_and_view", "repair", "emergency", "correct_the_date"}
