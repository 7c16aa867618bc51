"""The scenario files: readable by the runner, naming only tools, models and fields that exist."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps

from apps.tenants.models import Tenant
from apps.verticals import healthcare
from apps.verticals.healthcare.demo import load
from apps.verticals.healthcare.tools import TOOLS

FILES = sorted((Path(healthcare.__file__).parent / "scenarios").glob("*.yaml"))
TOOL_NAMES = {tool.name for tool in TOOLS}


def read(path: Path) -> dict[str, Any]:
    scenario: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return scenario


def test_there_are_enough_and_each_has_its_name() -> None:
    names = [read(path)["name"] for path in FILES]
    assert len(names) == len(set(names)) >= 12


def test_every_tool_is_played() -> None:
    called = {name for path in FILES for turn in read(path)["turns"] for name in turn.get("calls", [])}
    # Which tool looks for free times, and when an appointment is cancelled, is for a competent model to choose; a
    # chat cannot vouch for a phone number.
    free = {"find_next_available", "get_available_slots", "cancel_appointment", "lookup_patient_by_phone"}
    assert called == TOOL_NAMES - free


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_its_shape(path: Path) -> None:
    scenario = read(path)
    assert set(scenario) <= {"name", "now", "turns", "expect"}
    assert isinstance(scenario["now"], str | dt.datetime)
    for turn in scenario["turns"]:
        assert set(turn) <= {"visitor", "calls", "says", "never"}
        assert turn["visitor"].strip()
        assert set(turn.get("calls", [])) <= TOOL_NAMES
        assert all(isinstance(word, str) and word for key in ("says", "never") for word in turn.get(key, []))


def test_what_is_expected_is_not_so_beforehand(tenant: Tenant) -> None:
    """Where something must happen, it must not be there already, or the scenario could not fail."""
    load(dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone))
    changed = set()
    for path in FILES:
        for row in read(path).get("expect", []):
            assert set(row) == {"model", "where", "count"}
            if apps.get_model(row["model"]).objects.filter(**row["where"]).count() != row["count"]:
                changed.add(path.stem.partition("_")[2])
    assert changed == {
        *("book_known_patient", "register_and_book", "cancel", "reschedule", "correct_the_date", "slot_taken"),
    }
