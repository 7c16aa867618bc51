"""Packages: all pinned with hashes, from nowhere in particular, under licences that let everybody use them."""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import distributions
from typing import Any

import pytest

from tests import audit
from tests.docs.test_docs import ROOT

pytestmark = pytest.mark.once
LOCKS = audit.LOCKS
PERMISSIVE = re.compile(
    r"MIT|BSD|Apache|ISC|Python Software Foundation|PSF|Mozilla|MPL|Unlicense|Zope|ZPL|CC0|HPND|Public Domain|CNRI",
    re.IGNORECASE,
)
OTHERS = {
    "psycopg": "LGPL: used as it is, over its own interface",
    "psycopg-binary": "LGPL, as psycopg",
    "psycopg-pool": "LGPL, as psycopg",
    "pgserver": "its metadata names none; its licence file is Apache-2.0. For the suite only",
}
"""Licences with conditions that we meet, each with why."""


def blocks(lock: str) -> list[str]:
    """Each requirement of a lock file with its hashes."""
    return [block for block in re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip()) if not block.startswith("#")]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes_and_names_no_address(lock: str) -> None:
    for block in blocks(lock):
        first = block.splitlines()[0]
        assert re.fullmatch(r"[a-z0-9._-]+==[\w.!+]+( ; [^\\]+)? \\", first), first
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), first
    assert "://" not in (ROOT / lock).read_text()


def test_what_the_product_names_is_in_its_lock() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    locked = {pin.partition("==")[0] for pin in audit.pins_of((ROOT / LOCKS[0]).read_text())}
    wanted = {re.split(r"[\[<>=;! ]", name)[0].lower() for name in project["project"]["dependencies"]}
    assert wanted - locked == set()


def test_the_two_locks_agree() -> None:
    product, everything = (set(audit.pins_of((ROOT / lock).read_text())) for lock in LOCKS)
    assert product - everything == set()


def test_licences_let_everybody_use_it() -> None:
    locked = {pin.partition("==")[0] for lock in LOCKS for pin in audit.pins_of((ROOT / lock).read_text())}
    strict = {}
    for each in distributions():
        name = re.sub(r"[-_.]+", "-", each.metadata["Name"] or "").lower()
        if name not in locked or name in OTHERS:
            continue
        fields = ("License-Expression", "License", "Classifier")
        told = [line for field in fields for line in each.metadata.get_all(field) or []]
        if not PERMISSIVE.search(" ".join(told)):
            strict[name] = " ".join(told)[:120]
    assert strict == {}


VULNERABLE = {"name": "left", "version": "1.0", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1"]}]}
UNKNOWN = {"name": "right", "skip_reason": "not found"}
WELL = {"name": "up", "version": "2.0", "vulns": []}


def test_a_known_vulnerability_fails_the_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers: Iterator[dict[str, Any]] = iter([{"dependencies": [WELL]}, {"dependencies": [WELL, UNKNOWN, VULNERABLE]}])
    monkeypatch.setattr(audit, "ask", lambda pins: audit.read(next(answers)))
    monkeypatch.setattr(audit, "GOOD_FOR", 0)
    assert audit.main() == 1
    told = capsys.readouterr().out
    assert "left 1.0: CVE-1 (mended in 1.1)" in told
    assert "nothing is known of right" in told


@pytest.mark.parametrize("answer", [None, audit.read({"dependencies": [UNKNOWN]})])
def test_no_answer_is_said_and_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], answer: audit.Answer | None
) -> None:
    asked: list[int] = []

    def ask(pins: list[str]) -> audit.Answer | None:
        asked.append(len(pins))
        return answer

    monkeypatch.setattr(audit, "ask", ask)
    monkeypatch.setattr(audit, "GOOD_FOR", 0)
    assert audit.main() == 0
    assert "NOT DONE" in capsys.readouterr().out
    assert asked == [1], "a service that is not there is asked once"
