"""What the product asks of Redis with Sentinels and in a Cluster: every script, logs, bells, limits."""

import asyncio
import gc
import inspect
import re
import secrets
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from typing import Any

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError
from redis.exceptions import RedisError as AnyError

from apps.chat import leases, records
from apps.chat.leases import Leases, Member
from apps.chat.records import Record
from apps.chat.tokens import Visitor
from apps.common import redis
from apps.common.pipe import Pipe
from apps.common.redis import Script
from apps.conversations import holding, orders
from apps.conversations.orders import Answer, Order
from apps.dashboard import lease
from apps.dashboard.core.presence import Seat
from apps.dashboard.presence import Presence
from apps.live import cleaning, log, radio
from apps.live.hub import Hub
from apps.plans import budgets
from apps.plans.core.budget import Limit
from apps.plans.refusals import TooManyMessages
from apps.tenants import keys
from apps.tenants.data_rights import Subject
from apps.tenants.rest import rates
from apps.voice import tickets
from tests import redis_topologies
from tests.redis_topologies import Shards, Watched, as_redis, until

pytestmark = [pytest.mark.once, pytest.mark.timeout(300)]
TENANTS = [f"ten_{letter * 12}" for letter in "abcdefgh"]
"""Over the Cluster's three servers."""


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with redis_topologies.sentinel() as servers:
        yield servers


@pytest.fixture(scope="module")
def shards() -> Iterator[Shards]:
    with redis_topologies.cluster() as servers:
        yield servers


@pytest.fixture(params=["watched", "shards"])
async def everywhere(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """Each in turn is the product's Redis."""
    servers = request.getfixturevalue(request.param)
    with as_redis(servers.url):
        yield servers


@pytest.fixture
async def on_shards(shards: Shards) -> AsyncIterator[Shards]:
    with as_redis(shards.url):
        yield shards


def test_every_key_has_one_tag() -> None:
    """Of a tenant, of a channel, or of the platform: what a script may touch together is where it is together."""
    for name, build in inspect.getmembers(keys, inspect.isfunction):
        if name.startswith("_") or name == "is_floor":
            continue
        given = [
            1 if "int" in str(each.annotation) else "ten_x" for each in inspect.signature(build).parameters.values()
        ]
        built = build(*given)
        for key in [built] if isinstance(built, str) else built:
            assert len(re.findall(r"\{[^{}]+\}", key)) == 1, (name, key)
            assert key.startswith(("cs:{ten_x}:", "cs:{platform}:")), (name, key)


async def follow(hub: Hub, key: str, count: int) -> list[bytes]:
    events: list[bytes] = []
    async with asyncio.timeout(60):
        with closing(hub.follow(key)) as follower:
            while len(events) < count:
                events += await follower.next(idle=15)
    return events


async def test_logs_of_many_tenants_are_seen_once_from_everywhere(everywhere: Any) -> None:
    here, elsewhere = Hub(), Hub()
    names = [keys.run_log(tenant, secrets.token_hex(4)) for tenant in TENANTS]
    expected = {key: [f"{key} {number}".encode() for number in range(60)] for key in names}
    writers = {key: here.write(key) for key in names}
    reading = [asyncio.create_task(follow(hub, key, 60)) for key in names for hub in (here, elsewhere)]
    for number in range(60):
        for key in names:
            writers[key].append(expected[key][number])
        await asyncio.sleep(0)
    assert await asyncio.gather(*reading) == [expected[key] for key in names for _ in range(2)]
    heir = Hub()
    writer, told = await heir.take_over(names[0])
    assert told == expected[names[0]]
    writer.append(b"the heir's")
    await writer.flushed()
    writers[names[0]].append(b"too late")
    with pytest.raises(log.Superseded):
        await writers[names[0]].flushed()
    for hub in (here, elsewhere, heir):
        await hub.close()


async def test_every_script_runs(everywhere: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Cluster refuses one whose keys are in several slots; none is left out."""
    ran: set[str] = set()
    asked, sync = Pipe._add, Script.run

    def add(self: Pipe, words: Any, *options: Any) -> None:
        ran.update(str(word) for word in words[1:2] if words[0] in ("EVAL", "EVALSHA"))
        asked(self, words, *options)

    def run(self: Script, *words: Any) -> Any:
        ran.add(self._sha)
        return sync(self, *words)

    monkeypatch.setattr(Pipe, "_add", add)
    monkeypatch.setattr(Script, "run", run)
    tenant = secrets.choice(TENANTS)
    await _run_chats(tenant)
    await _run_the_others(tenant)
    await asyncio.sleep(0)
    await redis.pipe().ping()
    scripts = [each for each in gc.get_objects() if type(each) is Script]
    assert len(scripts) >= 20
    assert [each._source for each in scripts if not {each._sha, each._source} & ran] == []


async def _run_chats(tenant: str) -> None:
    visitor = Visitor(tenant, "vis_1", "wk_1")
    record = Record(secrets.token_hex(4), secrets.token_hex(4), visitor, secrets.token_hex(4))
    member = Member(tenant, record.run_id)

    class Holder:
        def stop(self, reason: str) -> None:
            stopped.set_result(reason)

        def lose(self) -> None:
            raise AssertionError

    stopped: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    adopted: asyncio.Future[Member] = asyncio.get_running_loop().create_future()
    ours, theirs = Leases(), Leases()
    ours.hold(member, Holder())
    assert await records.admit(record) == ("admitted", record.run_id)
    assert await records.find(tenant_id=tenant, run_id=record.run_id) == record
    other = Record("other", record.conversation_id, visitor, secrets.token_hex(4))
    assert await records.admit(other) == ("occupied", record.run_id)
    await records.withdraw(other)
    async with asyncio.timeout(30):
        await leases.ask_to_stop(member, "stopped")
        assert await stopped == "stopped"
        await ours.abandon(member)
        theirs.watch(lambda found: _tell(adopted, found))
        assert await adopted == member
    records.free(record)
    records.close(record)
    await theirs.release(member)
    for each in (ours, theirs):
        await each.close()
    found = await records.find(tenant_id=tenant, run_id=record.run_id)
    assert found is not None
    assert found.over


async def _tell(future: asyncio.Future[Any], found: Any) -> None:
    future.set_result(found)


async def _run_the_others(tenant: str) -> None:
    limits = (Limit("visitor", "messages", 60, 1), Limit("tenant", "tokens", 3_600, 30_000))
    asked = {"tenant_id": tenant, "widget_id": "w", "visitor": secrets.token_hex(4), "address": "", "limits": limits}
    reservation = await budgets.reserve(**asked, estimate=10)  # type: ignore[arg-type]
    with pytest.raises(TooManyMessages):
        await budgets.reserve(**asked, estimate=10)  # type: ignore[arg-type]
    budgets.settle(reservation, used=20)
    assert await asyncio.to_thread(rates.take, tenant_id=tenant, who=secrets.token_hex(4))
    await tickets.count_call(tenant_id=tenant, address="192.0.2.1")
    epoch = secrets.token_hex(4)
    assert await lease.take(tenant, epoch=epoch)
    assert await lease.renew(tenant, lease.Lease(epoch, 3, 4.0))
    assert await lease.held(tenant) == lease.Lease(epoch, 3, 4.0)
    await lease.release(tenant, epoch=epoch)
    assert await lease.held(tenant) is None
    call = holding.member(tenant, "call")
    await holding.keep([keys.calls()], [-1, call])
    assert call.encode() in await holding.renew([keys.calls()], [1_000])
    assert await log.append([(keys.run_log(tenant, epoch), 1, [b"a"])]) == [None]
    key = keys.floor_log(tenant)
    before = await asyncio.to_thread(lambda: log.publish(key=key, events=[b"a", b"b"]))
    log.post(key=key, events=[b"c"])
    async with asyncio.timeout(30):
        while (await log.last_event(key)) != (before + 1, b"c"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_bells_orders_and_presence(everywhere: Any) -> None:
    one, two = radio.Radio(), radio.Radio()
    for tenant in TENANTS:
        bell = keys.conversation_bell(tenant, "conv")
        assert await radio.send(bell, b"nobody") == 0
        receivers = [await each.tune(bell, most=4) for each in (one, two)]
        assert await radio.send(bell, b"look") in (1, 2)  # a Cluster's server tells of its own first
        await asyncio.to_thread(redis.client().publish, bell, b"again")
        for receiver in receivers:
            heard = await receiver.next(within=30)
            if heard == b"nobody":  # a Cluster's servers pass it on to each other in their own time
                heard = await receiver.next(within=30)
            assert [heard, await receiver.next(within=30)] == [b"look", b"again"]
            receiver.close()

    answering = asyncio.create_task(orders.follow(lambda order: Answer(True) if order.call == "mine" else None))
    order = Order(id=secrets.token_hex(4), tenant=TENANTS[0], call="mine", kind="listen")
    async with asyncio.timeout(60):
        while True:
            try:
                assert (await orders.ask(order)).ok
                break
            except orders.Unreachable:  # until it follows
                await asyncio.sleep(0.05)
    answering.cancel()

    here, elsewhere = (Presence(TENANTS[0], process=name) for name in ("here", "elsewhere"))
    here.put(Seat("socket", "user", "Ada", "owner", since=time.time()))
    await here.exchange()
    await elsewhere.exchange()
    assert [person.name for person in elsewhere.people()] == ["Ada"]


async def test_the_cache_and_the_cleaning(everywhere: Any) -> None:
    def use() -> None:
        cache.set_many({"a": 1, "b": [2]}, timeout=60)
        assert cache.get_many(["a", "b", "c"]) == {"a": 1, "b": [2]}
        assert cache.incr("a") == 2
        cache.delete_many(["a", "b"])
        client = redis.client()
        client.set(keys.run_state(TENANTS[1], "run_gone"), "x")
        client.hset(keys.floor_presence(TENANTS[1]), mapping={"p": "quirin", "q": "else"})
        subject = Subject(contact_id="con_1", conversations=frozenset({"run_gone"}))
        assert cleaning.clean(TENANTS[1], subject, lambda text: "quirin" in text) >= 2
        assert client.hgetall(keys.floor_presence(TENANTS[1])) == {b"q": b"else"}

    await asyncio.to_thread(use)


async def test_a_slot_moves_while_it_is_written_and_followed(on_shards: Shards) -> None:
    here, elsewhere = Hub(), Hub()
    key = keys.run_log(TENANTS[2], secrets.token_hex(4))
    writer = here.write(key)
    reading = [asyncio.create_task(follow(hub, key, 40)) for hub in (here, elsewhere)]
    expected = [b"%d" % number for number in range(40)]
    source = on_shards.owner(key)
    target = next(each for each in on_shards.servers if each is not source)
    for number, event in enumerate(expected):
        if number == 20:
            await writer.flushed()
            await asyncio.to_thread(on_shards.move, key, target)
            assert on_shards.owner(key) is target
        writer.append(event)
        await asyncio.sleep(0.01)
    assert await asyncio.gather(*reading) == [expected, expected]
    redis.pipe().post("SET", keys.run_state(TENANTS[2], "x"), "moved")
    assert await redis.pipe().call("GET", keys.run_state(TENANTS[2], "x")) == b"moved"
    for hub in (here, elsewhere):
        await hub.close()


async def test_a_server_away_holds_up_its_tenants_only(on_shards: Shards) -> None:
    hub = Hub()
    names = [keys.run_log(tenant, secrets.token_hex(4)) for tenant in TENANTS]
    writers = [hub.write(key) for key in names]
    for writer in writers:
        writer.append(b"1")
        await writer.flushed()
    stopped = on_shards.owner(names[0])
    there = {key for key in names if on_shards.owner(key) is stopped}
    assert there != set(names)
    stopped.signal(signal.SIGSTOP)
    try:
        for writer in writers:
            writer.append(b"2")
        async with asyncio.timeout(30):
            for writer in writers:
                if writer.feed.key not in there:
                    await writer.flushed()
        assert {writer.feed.key for writer in writers if writer.feed.last == 1} == there
    finally:
        stopped.signal(signal.SIGCONT)
    async with asyncio.timeout(60):
        for writer in writers:
            await writer.flushed()
    await asyncio.to_thread(until, on_shards.is_well, "the Cluster is well again")
    await hub.close()


async def test_a_master_that_hangs_is_left(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would answer TCP for ever. What only it had is given again to the one in its place."""
    monkeypatch.setattr("apps.live.reading.BLOCK_MS", 500)
    for name, seconds in (
        ("live.radio.QUIET", 1.0),
        ("common.redis.BLOCKED", 3.0),
        ("common.pipe.ANSWERED_WITHIN", 2.0),
    ):
        monkeypatch.setattr(f"apps.{name}", seconds)
    with as_redis(watched.url):
        here, elsewhere = Hub(), Hub()
        key = keys.run_log(TENANTS[0], secrets.token_hex(4))
        writer = here.write(key)
        bell = await radio.Radio().tune("cs:{ten_x}:bell", most=10)
        reading = [asyncio.create_task(follow(hub, key, 30)) for hub in (here, elsewhere)]
        for number in range(10):
            writer.append(b"%d" % number)
        await writer.flushed()
        era = redis.pipe().era(key)
        hung = watched.master()
        hung.signal(signal.SIGSTOP)
        try:
            for number in range(10, 30):
                writer.append(b"%d" % number)
                await asyncio.sleep(0.02)
            assert await asyncio.gather(*reading) == [[b"%d" % number for number in range(30)]] * 2
            with pytest.raises(ConnectionError):
                await redis.pipe().call("GET", key, era=era)
            async with asyncio.timeout(60):
                while not await _rings("cs:{ten_x}:bell"):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            assert await bell.next(within=30) == b"ring"
        finally:
            hung.signal(signal.SIGCONT)
        for hub in (here, elsewhere):
            await hub.close()
        await asyncio.to_thread(until, lambda: watched.replicas() == 1, "it follows the one in its place")


async def _rings(channel: str) -> bool:
    try:
        return bool(await radio.send(channel, b"ring"))
    except AnyError:
        return False


async def test_a_replica_is_never_written_to(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a Sentinel says: one that was away may name the master of before."""
    with as_redis(watched.url):
        replica = next(each for each in watched.servers if each is not watched.master())

        async def misled(*_: Any) -> tuple[str, int]:
            return "127.0.0.1", replica.port

        monkeypatch.setattr("apps.common.masters.Sentinels.__call__", misled)
        with pytest.raises(ConnectionError, match="not the master"):
            await redis.pipe().call("GET", "x")
