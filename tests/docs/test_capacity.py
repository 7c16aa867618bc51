"""docs/capacity.md says what bench/capacity.py reckons."""

import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- capacity:begin -->\n", "\n<!-- capacity:end -->"


def test_the_plan_is_what_the_script_reckons() -> None:
    page = (ROOT / "docs/capacity.md").read_text()
    shown = page[page.index(BEGIN) + len(BEGIN) : page.index(END)]
    assert shown == runpy.run_path(str(ROOT / "bench/capacity.py"))["tables"]()


def test_every_measured_constant_names_a_benchmark_that_exists() -> None:
    made = runpy.run_path(str(ROOT / "bench/capacity.py"))
    for name, constant in made["MEASURED"].items():
        assert (ROOT / constant.command).is_file(), name
        assert constant.when, name
    assert all(not constant.command for constant in made["ASSUMED"].values())


def test_more_of_what_is_assumed_needs_more() -> None:
    """The arithmetic reads every assumption: none is decoration."""
    made = runpy.run_path(str(ROOT / "bench/capacity.py"))
    for group in ("MEASURED", "ASSUMED"):
        for name, constant in dict(made[group]).items():
            if name in {"question", "viewer"}:  # told for their own sake: of single agents, and too small to be seen
                continue
            before = made["reckon"]()
            made[group][name] = constant._replace(value=constant.value * 10)
            assert made["reckon"]() != before, name
            made[group][name] = constant
