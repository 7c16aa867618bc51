"""A few seeded trials of every fault, and a short soak, with the harness of bench/ in processes of its own."""

import subprocess
import sys

import pytest
from faults.kinds import KINDS

from tests.faults.conftest import BENCH

pytestmark = [pytest.mark.once, pytest.mark.timeout(600)]
VIOLATIONS = slice(5, 11)
"""The columns that must be 0."""


@pytest.fixture(scope="module")
def batches() -> dict[str, tuple[list[str], str]]:
    """By title of the fault: its row of the table, and what was complained of."""
    command = [sys.executable, "trials.py", "--trials", "2", "--lanes", "2", "--database", "sqlite", "--seed", "suite"]
    done = subprocess.run(command, cwd=BENCH, capture_output=True, text=True, timeout=590)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[2:]]
    return {row[0]: (row, done.stderr) for row in rows} or pytest.fail(f"no table:\n{done.stdout}\n{done.stderr}")


@pytest.mark.parametrize("title", [kind.title for kind in KINDS.values()])
def test_a_fault_costs_no_visitor_anything(batches: dict[str, tuple[list[str], str]], title: str) -> None:
    row, complaints = batches[title]
    assert row[1] == "2"
    assert row[VIOLATIONS] == ["0"] * 6, complaints


def test_a_short_soak_finds_nothing_wrong() -> None:
    command = [sys.executable, "soak.py", "--minutes", "0.5", "--visitors", "12", "--database", "sqlite"]
    done = subprocess.run(command, cwd=BENCH, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
