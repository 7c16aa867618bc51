"""A rolling restart under load, and what dies by itself: nobody loses anything."""

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psycopg
import pytest

from apps.operations.cluster import Cluster
from apps.operations.cluster.product import ROOT
from apps.telephony.account import configured
from apps.telephony.simulated.exchange import Exchange
from tests.dashboard.viewers import watching
from tests.operations.cluster.people import QUESTION, Chatter, Manager, PatientCaller

pytestmark = [pytest.mark.once, pytest.mark.timeout(900)]
SOON = 240.0
"""Seconds: generous, for a machine that does other things, too."""
OTHER_CALLER = "+12125550199"


async def until(true: Callable[[], Any], *, within: float = SOON) -> None:
    async with asyncio.timeout(within):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110  # it happens in other processes
            await asyncio.sleep(0.1)


def rows(cluster: Cluster, query: str) -> list[tuple[Any, ...]]:
    """As the runtime role, in every tenant's scope."""
    with psycopg.connect(cluster.environment["DATABASE_URL"]) as connection:
        connection.execute("SELECT set_config('app.tenant_id', '*', true)")
        return connection.execute(query.encode()).fetchall()


def holder(cluster: Cluster) -> str:
    """The process that has a call."""
    for process in cluster.processes.values():
        if process.role == "voice":
            metrics = httpx.get(f"http://127.0.0.1:{process.port}/metrics", timeout=30).text
            if any(
                line.startswith("callsphere_calls_under_way") and not line.endswith(" 0.0")
                for line in metrics.splitlines()
            ):
                return process.name
    return ""


def roles(cluster: Cluster, carrier_call: str) -> list[str]:
    """Who has spoken in a call, in order."""
    query = "SELECT t.role FROM conversations_turn t JOIN conversations_call c ON c.conversation_id = t.conversation_id"
    found = rows(cluster, f"{query} WHERE c.carrier_call = '{carrier_call}' AND t.text <> '' ORDER BY t.number")
    return [str(role) for (role,) in found]


def number_of(cluster: Cluster, slug: str) -> str:
    query = "SELECT number FROM telephony_phonenumber n JOIN tenants_tenant t ON t.id = n.tenant_id WHERE t.slug = "
    [(number,)] = rows(cluster, f"{query}'{slug}'")
    return str(number)


async def test_a_rolling_restart_loses_nothing(cluster: Cluster, carrier_port: int) -> None:
    before = cluster.processes
    pids = {process.name: process.pid for process in before.values()}
    chatters = [Chatter(cluster.url) for _ in range(3)]
    threads = [threading.Thread(target=chatter.run) for chatter in chatters]
    manager, caller = Manager(cluster.url), PatientCaller()
    for thread in threads:
        thread.start()
    watching_floor = asyncio.create_task(manager.run())
    async with Exchange(configured(), port=carrier_port) as exchange:
        call = exchange.call(
            from_=OTHER_CALLER,
            to=number_of(cluster, "summit-sales"),
            url=f"{cluster.url}/voice/twilio/incoming",
            caller=caller,
            status_callback=f"{cluster.url}/voice/twilio/status",
        )
        await until(lambda: roles(cluster, call.sid)[-2:] == ["visitor", "agent"])
        await until(lambda: manager.last is not None and all(chatter.answers for chatter in chatters))
        holds = await asyncio.to_thread(holder, cluster)
        assert holds
        rolling = asyncio.create_task(asyncio.to_thread(cluster.roll, within=SOON))
        await until(lambda: pids[holds] in cluster.processes[holds].leaving)
        turns = len(roles(cluster, call.sid))
        await until(lambda: roles(cluster, call.sid)[turns:][-2:] == ["visitor", "agent"])
        still_leaving = pids[holds] in cluster.processes[holds].leaving
        caller.leaves = True
        async with asyncio.timeout(SOON):
            await call.over()
        await rolling
    for chatter in chatters:
        chatter.stop.set()
    for thread in threads:
        await asyncio.to_thread(thread.join, SOON)
    async with watching(cluster.url, await manager.page.ticket()) as fresh:
        await fresh.until("snapshot", within=60)
        assert manager.last is not None
        now = manager.last
        await until(lambda: (now.epoch, now.seq, now.state) == (fresh.epoch, fresh.seq, fresh.state), within=60)
    manager.stop.set()
    await watching_floor

    changed = {name for name, process in cluster.processes.items() if process.pid != pids[name]}
    assert changed == {"web1", "web2", "voice1", "voice2", "worker1"}
    assert all(process.is_ready for process in cluster.processes.values())
    died = [one.name for one in cluster.processes.values() if one.restarts != before[one.name].restarts]
    assert died == []
    # Every answer came whole, in order (`check`) and as the transcript has it; each question counts once.
    for chatter in chatters:
        assert [text for role, text in chatter.turns if role == "user"] == [QUESTION] * len(chatter.asked)
        assert [text for role, text in chatter.turns if role == "agent"] == [answer.text for answer in chatter.answers]
        assert not [refusal for refusal in chatter.refusals if " 502" in refusal], chatter.refusals
    assert sum(chatter.comebacks for chatter in chatters) > 0
    # The call went on where it was, was answered there, and ended by the caller's own will.
    assert call.errors == []
    assert still_leaving
    ended = rows(cluster, f"SELECT ended FROM conversations_call WHERE carrier_call = '{call.sid}'")
    assert ended == [("caller_left",)]
    # The floor's socket was told to come back; what it knew then was what one that asks afresh is told (above).
    assert 1012 in manager.codes


def test_what_dies_comes_back_while_others_serve(cluster: Cluster) -> None:
    cluster.wait_ready()
    before = cluster.processes
    with httpx.Client(base_url=cluster.url, timeout=60) as client:
        for name in ("web1", "voice2"):
            cluster.kill(name)
            for path in ("/healthz", "/demo/riverside-clinic/", "/demo/voice/riverside-clinic/"):
                assert client.get(path).status_code == 200, path
            form = {"tenant": "riverside-clinic"}
            assert client.post("/api/voice/tickets", json=form, headers={"Origin": cluster.url}).status_code == 200
    cluster.wait_ready()  # who is still starting when PostgreSQL goes may die of it, and comes back once more
    cluster.kill("edge")  # the master of nginx: its workers must not keep the port
    cluster.restart_redis()
    cluster.restart_postgres()
    cluster.restart_postgres(immediate=True)
    cluster.wait_ready()
    now = cluster.processes
    died = {name: now[name].restarts - before[name].restarts for name in now}
    assert died == {
        **{"web1": 1, "web2": 0, "voice1": 0, "voice2": 1, "worker1": 0},
        **{"edge": 1, "redis": 1, "postgres": 2},
    }
    assert Chatter(cluster.url).ask().check().text


def manage(cluster: Cluster, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "callsphere.settings"}
    command = [sys.executable, "manage.py", "cluster", f"--folder={cluster.folder}", *words]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_its_state_is_told_a_second_one_is_refused_and_the_end_leaves_nothing(cluster: Cluster) -> None:
    told = manage(cluster, "--status")
    assert (told.returncode, told.stdout.splitlines()[0]) == (0, f"{cluster.url}  ready")
    for process in cluster.processes.values():
        assert re.search(rf"{process.name} +{process.pid} +{process.port or ''} +ready", told.stdout)
        assert int((cluster.folder / f"{process.name}.pid").read_text()) == process.pid
    second = manage(cluster, "--port=0")
    assert second.returncode == 1
    assert "A cluster runs already" in second.stderr
    pids = [process.pid for process in cluster.processes.values()]
    assert manage(cluster, "--stop").returncode == 0
    assert cluster.status.state == "stopped"
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    assert list(cluster.places.leftovers()) == []
    gone = manage(cluster, "--status")
    assert gone.returncode == 1
    assert "No cluster runs in" in gone.stderr
