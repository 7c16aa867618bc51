"""One supervised process, with programs of a line each."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from apps.operations.cluster.machine import Kind, Machine
from apps.operations.cluster.places import ClusterError

LIVES = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('deaf', 'w'); time.sleep(600)"
SOON = 60.0


class Shop:
    """Makes machines, keeps what they say, and ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        self.machines: list[Machine] = []

    def machine(self, program: str, *, ready: Callable[[], bool] = lambda: True, **more: Any) -> Machine:
        async def is_ready() -> bool:
            return ready()

        command = [sys.executable, "-c", program]
        kind = Kind("web1", "web", command, dict(os.environ), is_ready, self.folder, self.folder / "log", **more)
        made = Machine(kind, self.said.append, lambda: None)
        self.machines.append(made)
        return made


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    for machine in shop.machines:
        machine.kill()
        await machine.stop()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not true():  # noqa: ASYNC110  # it happens in another process
            await asyncio.sleep(0.02)


async def test_what_dies_is_started_again_and_said(shop: Shop) -> None:
    machine = shop.machine(LIVES)
    await machine.start()
    await machine.until_ready(within=SOON)
    first = machine.process.pid
    os.kill(first, signal.SIGKILL)
    await until(lambda: machine.process.pid not in (0, first))
    await machine.until_ready(within=SOON)
    assert machine.process.restarts == 1
    assert shop.said[0] == f"!! web1 ({first}) ended with SIGKILL; again in 0.2 s"


async def test_what_dies_again_and_again_waits_longer(shop: Shop) -> None:
    machine = shop.machine("import sys; sys.exit(3)", ready=lambda: False)
    await machine.start()
    await until(lambda: machine.restarts == 3)
    assert [line.rpartition("; ")[2] for line in shop.said] == ["again in 0.2 s", "again in 0.4 s", "again in 0.8 s"]
    assert "status 3" in shop.said[0]


async def test_what_it_has_started_dies_with_it(shop: Shop) -> None:
    child = (
        "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid)"
    )
    machine = shop.machine(f"{child}; sys.stdout.flush(); {LIVES}")
    await machine.start()
    await until(lambda: machine.kind.log.exists() and machine.kind.log.read_text().strip().isdecimal())
    orphan = int(machine.kind.log.read_text())
    os.kill(machine.process.pid, signal.SIGKILL)

    def is_gone() -> bool:
        try:
            return Path(f"/proc/{orphan}/stat").read_text().rpartition(") ")[2][:1] in "ZX"
        except OSError:
            return True

    await until(is_gone)


async def test_a_successor_comes_and_no_death_is_counted(shop: Shop) -> None:
    machine = shop.machine(LIVES)
    await machine.start()
    await machine.until_ready(within=SOON)
    first = machine.process.pid
    await machine.replace(within=SOON)
    await machine.gone()
    assert machine.process.pid not in (0, first)
    assert (machine.process.restarts, machine.process.leaving, shop.said) == (0, [], [])


async def test_a_successor_that_does_not_answer_is_an_error(shop: Shop) -> None:
    answers = [True]
    machine = shop.machine(LIVES, ready=lambda: answers[0])
    await machine.start()
    await machine.until_ready(within=SOON)
    answers[0] = False
    with pytest.raises(ClusterError, match="web1 does not answer after 1 s"):
        await machine.replace(within=1)


async def test_who_does_not_leave_is_killed(shop: Shop) -> None:
    machine = shop.machine(DEAF, patience=0.2)
    await machine.start()
    await until((shop.folder / "deaf").exists)
    await machine.stop()
    assert machine.process.pid == 0
    assert any("does not leave after 0 s and is killed" in line for line in shop.said)
