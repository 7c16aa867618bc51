"""A short run of the mixed load: each kind of fault once, with the harness of bench/ in processes of its own."""

import subprocess
import sys

import pytest

from tests.edge.proxies import missing
from tests.faults.conftest import BENCH

pytestmark = [pytest.mark.once, pytest.mark.timeout(1_500)]
FEW = ("--visitors", "4", "--callers", "2", "--viewers", "3", "--programs", "1", "--readers", "1", "--agents", "6")


def test_nobody_loses_anything_while_everything_breaks_once() -> None:
    missing("nginx", "caddy", "haproxy", any_of_them=True)
    command = [sys.executable, "mixed.py", "--once", "--every", "8", "--seed", "suite", *FEW]
    done = subprocess.run(command, cwd=BENCH, capture_output=True, text=True, timeout=1_490)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken promises" in done.stdout
