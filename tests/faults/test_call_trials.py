"""A few seeded fault trials of calls, with the harness of bench/ in processes of its own."""

import subprocess
import sys

import pytest

from tests.faults.conftest import BENCH

pytestmark = [pytest.mark.once, pytest.mark.timeout(600)]
FAULTS = ("model socket lost", "carrier socket lost", "duplicate start", "stop missing", "tool slow", "worker killed")
CALLS, WITHOUT_OWNER, TOOLS_TWICE = 1, 9, 10


@pytest.fixture(scope="module")
def rows() -> dict[str, list[str]]:
    """By title of the fault: its row of the table."""
    command = [sys.executable, "call_trials.py", "--trials", "2", "--together", "2", "--seed", "suite"]
    done = subprocess.run(command, cwd=BENCH, capture_output=True, text=True, timeout=590)
    found = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[2:]]
    return {row[0]: row for row in found} or pytest.fail(f"no table:\n{done.stdout}\n{done.stderr}")


@pytest.mark.parametrize("title", FAULTS)
def test_no_call_is_left_behind_and_no_tool_runs_twice(rows: dict[str, list[str]], title: str) -> None:
    row = rows[title]
    assert (row[CALLS], row[WITHOUT_OWNER], row[TOOLS_TWICE]) == ("2", "0", "0")
