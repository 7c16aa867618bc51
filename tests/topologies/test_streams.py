"""A chat's answer goes on while the Redis that holds it is killed and a replica takes its place."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from apps.conversations.models import Turn
from apps.tenants import keys
from apps.tenants.models import WidgetKey
from apps.tenants.scope import tenant_scope
from tests import redis_topologies
from tests.chat.client import Answer, Visitor, parse
from tests.chat.test_runs import HOURS, slow_down
from tests.product_process import Product, product
from tests.redis_topologies import until

pytestmark = [pytest.mark.once, pytest.mark.timeout(300)]
SLOWLY = "slow=0.4"
"""Seconds between two words of the model: an answer lasts longer than a failover."""


class Following:
    """Somebody who reads the run's stream at one of the processes."""

    def __init__(self, server: Product, visitor: Visitor, run: str) -> None:
        self.answer, self.begun = Answer(), threading.Event()
        self._http, self._headers = Visitor(server.address, visitor.key).http, visitor.headers()
        self.thread = threading.Thread(target=self._read, args=(f"/api/chat/runs/{run}/stream?after=0",))
        self.thread.start()

    def _read(self, path: str) -> None:
        with self._http.stream("GET", path, headers=self._headers) as response:
            for event in parse(response.iter_lines()):
                self.answer.events.append(event)
                self.begun.set()


@contextmanager
def watched(widget: WidgetKey) -> Iterator[tuple[str, Callable[[], object]]]:
    """What REDIS_URL is to say, and what kills the server that has the tenant's keys, until another is in its place."""
    with redis_topologies.sentinel() as servers:
        yield servers.url, servers.kill_master


@contextmanager
def sharded(widget: WidgetKey) -> Iterator[tuple[str, Callable[[], object]]]:
    with redis_topologies.cluster(replicas=3) as shards:
        key = keys.floor_log(widget.tenant_id)

        def kill() -> None:
            killed = shards.owner(key)
            killed.kill()
            until(lambda: shards.owner(key) is not killed and shards.is_well(), "a replica has its slots")

        yield shards.url, kill


@pytest.mark.parametrize("topology", [watched, sharded])
def test_whoever_reads_sees_every_number_once(topology: Callable, widget: WidgetKey) -> None:
    slow_down(widget, SLOWLY)
    with (
        topology(widget) as (url, fail_over),
        product(REDIS_URL=url) as one,
        product(REDIS_URL=url) as other,
    ):
        visitor = Visitor(one.address, widget.key)
        begun = visitor.ask(HOURS, stop_after=4)
        run = begun.run["run"]
        following = [Following(server, visitor, run) for server in (one, other)]
        for each in following:
            assert each.begun.wait(60)
        fail_over()
        for each in following:
            each.thread.join(120)
        with tenant_scope(widget.tenant_id):
            turns = Turn.objects.filter(run=run, role="agent").order_by("number")
            stored = "".join(turn.text for turn in turns)
        for answer in (each.answer for each in following):
            assert answer.check().done["reason"] == "stop"
            assert answer.text == stored
            assert not answer.named("reset"), "the run went on; nobody had to begin it anew"
        # And what comes next finds the server that has the keys now, in both processes.
        for server in (one, other):
            again = Visitor(server.address, widget.key).ask("hello").check()
            assert again.done["reason"] == "stop"
