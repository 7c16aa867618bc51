"""The mappings of docs/security name tests that exist, and leave no line of the standards out."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.docs.test_docs import ROOT

pytestmark = pytest.mark.once
FOLDER = ROOT / "docs/security"
PAGES = sorted(FOLDER.glob("*.md"))
REQUIREMENTS = {1: 70, 2: 183}
"""Of ASVS 5.0.0, by level."""
ROW = re.compile(
    r"^\| (\d+\.\d+\.\d+) \| ([12]) \| [^|]+ \| (yes|partly|no|operator|n/a) \| ([^|]*) \| ([^|]*) \|$", re.M
)


@cache
def defined_in(path: Path) -> frozenset[str]:
    """`test_x` and `TestY::test_x` of a module."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if hasattr(each, "name")}
    return frozenset(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_test_that_is_named_exists(page: Path) -> None:
    for path, name in re.findall(r"`(tests/[\w/]+\.py)(?:::([\w:]+))?`", page.read_text()):
        assert (ROOT / path).exists(), path
        assert not name or name in defined_in(ROOT / path), f"{path}::{name}"


def test_every_requirement_of_levels_1_and_2_is_there_once() -> None:
    text = (FOLDER / "asvs.md").read_text()
    rows = ROW.findall(text)
    ids = [row[0] for row in rows]
    assert len(ids) == len(set(ids)) == len(re.findall(r"^\| \d+\.", text, re.M))
    assert {level: sum(row[1] == str(level) for row in rows) for level in (1, 2)} == REQUIREMENTS


def test_what_is_not_met_says_why_and_the_count_is_right() -> None:
    text = (FOLDER / "asvs.md").read_text()
    rows = ROW.findall(text)
    assert [row[0] for row in rows if row[2] in ("no", "partly") and not row[3].strip()] == []
    for level in (1, 2):
        count = [sum(row[1] == str(level) and row[2] == met for row in rows) for met in ("yes", "partly", "no")]
        assert f"| level {level} | {' | '.join(map(str, count))} |" in text


def test_all_ten_are_there() -> None:
    assert re.findall(r"^\| (LLM\d\d) ", (FOLDER / "llm.md").read_text(), re.M) == [f"LLM{n:02}" for n in range(1, 11)]
