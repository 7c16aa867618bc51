"""The log and its fan-out, on a real Redis: two hubs in one loop stand for two processes."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis.exceptions import RedisError

from apps.common import redis
from apps.live import log, reading
from apps.live.feed import TAIL
from apps.live.hub import Hub


@pytest.fixture
async def here() -> AsyncIterator[Hub]:
    hub = Hub()
    yield hub
    await hub.close()


@pytest.fixture
async def elsewhere() -> AsyncIterator[Hub]:
    hub = Hub()
    yield hub
    await hub.close()


@pytest.fixture
def key() -> str:
    return f"cs:{{ten_test}}:{secrets.token_hex(8)}"


async def read(hub: Hub, key: str, *, after: int, upto: int) -> list[bytes]:
    events: list[bytes] = []
    async with asyncio.timeout(30):
        with closing(hub.follow(key, after=after)) as follower:
            while after + len(events) < upto:
                events += await follower.next(idle=15)
    return events


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110  # it happens inside the hub, which has no event for it
        await asyncio.sleep(0.001)


def is_reading(hub: Hub) -> bool:
    return any(reader._reading for reader in hub.readers.values())


def numbered(count: int) -> list[bytes]:
    return [f"event {number}".encode() for number in range(1, count + 1)]


async def test_local_and_remote_followers_see_everything_once(here: Hub, elsewhere: Hub, key: str) -> None:
    events = numbered(200)
    writer = here.write(key)
    readers = [asyncio.create_task(read(hub, key, after=0, upto=200)) for hub in (here, elsewhere, elsewhere)]
    for event in events:
        writer.append(event)
        await asyncio.sleep(0)
    await writer.flushed()
    assert await asyncio.gather(*readers) == [events] * 3


@pytest.mark.parametrize("after", [0, 1, 7, 19, 20])
async def test_any_position_resumes_in_any_process(here: Hub, elsewhere: Hub, key: str, after: int) -> None:
    events = numbered(30)
    writer = here.write(key)
    writer.append(*events[:10])
    await writer.flushed()
    writer.append(*events[10:20])
    await writer.flushed()
    readers = [asyncio.create_task(read(hub, key, after=after, upto=30)) for hub in (here, elsewhere)]
    await asyncio.sleep(0)
    writer.append(*events[20:])
    assert await asyncio.gather(*readers) == [events[after:]] * 2


async def test_a_later_follower_may_start_before_the_feed(here: Hub, elsewhere: Hub, key: str) -> None:
    writer = here.write(key)
    writer.append(*numbered(10))
    await writer.flushed()
    late = asyncio.create_task(read(elsewhere, key, after=8, upto=12))
    early = asyncio.create_task(read(elsewhere, key, after=0, upto=12))
    writer.append(b"event 11", b"event 12")
    assert await late == numbered(12)[8:]
    assert await early == numbered(12)


async def test_a_new_log_is_read_while_the_reader_waits_on_another(here: Hub, elsewhere: Hub, key: str) -> None:
    other = here.write(key + "-other")
    waiting = asyncio.create_task(read(elsewhere, key + "-other", after=0, upto=1))
    async with asyncio.timeout(30):
        while not is_reading(elsewhere):  # noqa: ASYNC110  # set inside the hub, which has no event for it
            await asyncio.sleep(0.001)
    writer = here.write(key)
    following = asyncio.create_task(read(elsewhere, key, after=0, upto=1))
    writer.append(b"now")
    started = asyncio.get_running_loop().time()
    assert await following == [b"now"]
    assert asyncio.get_running_loop().time() - started < 3  # the reader's block is 5 s
    other.append(b"done")
    await waiting


async def test_who_comes_as_the_reader_leaves_is_read_to(
    elsewhere: Hub, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.live.reading.BLOCK_MS", 1)  # it looks up, finds nobody and leaves
    monkeypatch.setattr("apps.live.reading.KEPT", 0.0)
    leaving, gone = asyncio.Event(), asyncio.Event()
    real = reading.blocking

    def blocking(key: str) -> Any:
        connection = real(key)
        close = connection.aclose

        async def close_slowly(**options: Any) -> None:
            leaving.set()
            await gone.wait()
            await close(**options)

        connection.aclose = close_slowly
        return connection

    monkeypatch.setattr(reading, "blocking", blocking)
    for name in ("first", "second"):
        await log.append([(f"{key}-{name}", 1, [name.encode()])])
        async with asyncio.timeout(30):
            assert await read(elsewhere, f"{key}-{name}", after=0, upto=1) == [name.encode()]
            await leaving.wait()
    gone.set()


async def test_one_log_after_the_other_is_read_over_one_connection(
    elsewhere: Hub, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    real = reading.blocking

    def blocking(key: str) -> Any:
        opened.append(real(key))
        return opened[-1]

    monkeypatch.setattr(reading, "blocking", blocking)
    monkeypatch.setattr(reading, "BLOCK_MS", 1)
    for number in range(5):
        name = f"{key}-{number}"
        await log.append([(name, 1, [b"word"])])
        async with asyncio.timeout(30):
            assert await read(elsewhere, name, after=0, upto=1) == [b"word"]
            await until(lambda: elsewhere.silence == 0.0)
    assert len(opened) == 1
    monkeypatch.setattr(reading, "KEPT", 0.01)
    await log.append([(f"{key}-last", 1, [b"word"])])
    async with asyncio.timeout(30):
        assert await read(elsewhere, f"{key}-last", after=0, upto=1) == [b"word"]
        await until(lambda: not elsewhere.readers)
        await until(lambda: opened[0].connection is None)


async def test_a_log_is_followed_again_while_the_reader_still_waits_on_it(here: Hub, elsewhere: Hub, key: str) -> None:
    writer = here.write(key)
    writer.append(*numbered(5))
    await writer.flushed()
    async with asyncio.timeout(3):  # the reader's block is 5 s
        with closing(elsewhere.follow(key)) as follower:
            assert await follower.next(idle=15) == numbered(5)
            while not is_reading(elsewhere):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.01)
        assert await read(elsewhere, key, after=0, upto=5) == numbered(5)


async def test_a_quiet_log_gives_empty_batches(here: Hub, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.live.hub.CLOCK", 0.01)
    here.write(key)
    with closing(here.follow(key)) as follower:
        assert await follower.next(idle=0.01) == []


async def test_who_is_far_behind_reads_what_memory_has_dropped(here: Hub, elsewhere: Hub, key: str) -> None:
    events = numbered(5 * TAIL)
    writer = here.write(key)
    with closing(here.follow(key)) as slow, closing(elsewhere.follow(key)) as remote:
        for event in events:
            writer.append(event)
            await writer.flushed(now=True)
        assert len(here.feeds[key].events) <= 2 * TAIL
        for follower in (slow, remote):
            seen: list[bytes] = []
            while len(seen) < len(events):
                seen += await follower.next(idle=5)
            assert seen == events
    writer.close()


async def test_the_log_of_a_lost_writer_goes_on_without_a_gap(here: Hub, elsewhere: Hub, key: str) -> None:
    """The lost one is only slow: what it still holds, and however much, must not come through."""
    lost = here.write(key)
    lost.append(*numbered(5))
    await lost.flushed()
    readers = [asyncio.create_task(read(hub, key, after=2, upto=8)) for hub in (here, elsewhere)]
    await asyncio.sleep(0)
    heir, so_far = await elsewhere.take_over(key)
    assert so_far == numbered(5)
    heir.append(b"event 6")
    await heir.flushed(now=True)
    lost.append(b"late", b"later", b"latest")
    with pytest.raises(log.Superseded):
        await lost.flushed()
    lost.close()
    heir.append(b"event 7", b"event 8")
    assert await asyncio.gather(*readers) == [numbered(8)[2:]] * 2
    assert await log.read_after(key, 0) == numbered(8)


async def test_what_was_under_way_as_a_writer_closed_comes_once(
    here: Hub, elsewhere: Hub, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lost its lease with one group sent, whose answer is late, and another still in its hands."""
    real, answer, sent = log.append, asyncio.Event(), asyncio.Event()

    async def answer_late(appends: Any, **options: Any) -> Any:
        monkeypatch.setattr(log, "append", real)
        refusals = await real(appends)
        sent.set()
        await answer.wait()
        return refusals

    lost = here.write(key)
    reader = asyncio.create_task(read(here, key, after=0, upto=3))
    monkeypatch.setattr(log, "append", answer_late)
    lost.append(b"event 1", b"event 2")
    await sent.wait()
    lost.append(b"never sent")
    lost.close()
    heir, so_far = await elsewhere.take_over(key)
    assert so_far == numbered(2)
    assert await read(here, key, after=0, upto=2) == numbered(2)
    answer.set()
    heir.append(b"event 3")
    assert await reader == numbered(3)
    assert await log.read_after(key, 0) == numbered(3)


async def test_an_heir_that_comes_too_late_is_refused(here: Hub, elsewhere: Hub, key: str) -> None:
    """The owner was slow, and writes between the heir's reading and its first word."""
    owner = here.write(key)
    owner.append(b"event 1")
    await owner.flushed()
    heir, _ = await elsewhere.take_over(key)
    owner.append(b"event 2", b"event 3")
    await owner.flushed()
    heir.append(b"other 2", b"other 3", b"other 4")
    with pytest.raises(log.Superseded):
        await heir.flushed()
    assert await log.read_after(key, 0) == numbered(3)


async def test_a_second_writer_is_refused(here: Hub, elsewhere: Hub, key: str) -> None:
    first, second = here.write(key), elsewhere.write(key)
    first.append(b"mine")
    await first.flushed()
    second.append(b"theirs")
    with pytest.raises(log.Superseded):
        await second.flushed()
    with pytest.raises(log.Superseded):
        second.append(b"more")
    assert await log.read_after(key, 0) == [b"mine"]


async def test_an_append_whose_answer_was_lost_is_not_doubled(
    here: Hub, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = here.write(key)
    real = log.append

    async def lose_the_answer(appends: Any, **options: Any) -> Any:
        monkeypatch.setattr(log, "append", real)
        await real(appends)
        writer.append(b"c")
        raise RedisError("connection reset")

    monkeypatch.setattr(log, "append", lose_the_answer)
    writer.append(b"a", b"b")
    await writer.flushed()
    assert await log.read_after(key, 0) == [b"a", b"b", b"c"]


async def test_nothing_is_kept_after_the_last_follower(here: Hub, elsewhere: Hub, key: str) -> None:
    writer = here.write(key)
    writer.append(b"only")
    assert await read(elsewhere, key, after=0, upto=1) == [b"only"]
    assert await read(here, key, after=0, upto=1) == [b"only"]
    writer.close()
    assert not here.feeds
    assert not elsewhere.feeds


async def test_events_wait_while_redis_is_away(here: Hub, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = here.write(key)
    real, failures = log.append, iter([True, True, False])

    async def fail(appends: Any, **options: Any) -> Any:
        if next(failures, False):
            raise RedisError("away")
        return await real(appends)

    monkeypatch.setattr(log, "append", fail)
    writer.append(b"1")
    writer.append(b"2")
    await writer.flushed()
    assert await log.read_after(key, 0) == [b"1", b"2"]


async def test_what_a_killed_redis_forgot_is_given_again(
    here: Hub, elsewhere: Hub, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = here.write(key)
    for event in numbered(5):
        writer.append(event)
        await writer.flushed(now=True)
    real = log.append

    async def kill(appends: Any, **options: Any) -> Any:
        monkeypatch.setattr(log, "append", real)
        await redis.pipe().call("DEL", key)
        await real([(key, 1, numbered(2))])
        raise RedisError("connection reset")

    monkeypatch.setattr(log, "append", kill)
    writer.append(b"event 6")
    await writer.flushed()
    assert await read(elsewhere, key, after=0, upto=6) == numbered(6)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, log.MAX_EVENTS), min_size=1, max_size=8), after=st.integers(0, 1_100))
def test_entries_of_any_size_are_cut_at_any_position(sizes: list[int], after: int) -> None:
    entries, last = [], 0
    for size in sizes:
        fields = {str(i).encode(): str(last + 1 + i).encode() for i in range(size)}
        entries.append((f"{last + 1}-0".encode(), fields))
        last += size
    begin = int(log.entry_before(after).partition("-")[0])
    kept = [entry for entry in entries if int(entry[0].split(b"-")[0]) > begin]
    assert log.after(kept, after) == [str(number).encode() for number in range(after + 1, last + 1)]


def test_many_writers_share_one_numbering(key: str) -> None:
    client = redis.client()
    assert log.publish(key=key, events=[b"a", b"b"]) == 2
    assert log.publish(key=key, events=[b"c"]) == 3
    assert log.after(client.xrange(key), 1) == [b"b", b"c"]
