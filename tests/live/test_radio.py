"""Channels of what matters now, on a real Redis."""

import asyncio
import secrets

import pytest

from apps.common import redis
from apps.live import radio
from apps.live.radio import Radio


@pytest.fixture
def key() -> str:
    return f"cs:{{ten_test}}:{secrets.token_hex(8)}"


async def test_everybody_tuned_in_hears_what_is_said_from_then_on(key: str) -> None:
    here, elsewhere = Radio(), Radio()
    assert await radio.send(key, b"nobody") == 0
    one, two = await here.tune(key, most=10), await here.tune(key, most=10)
    three = await elsewhere.tune(key, most=10)
    assert await radio.send(key, b"hello") == 2  # processes
    assert [await each.next(within=30) for each in (one, two, three)] == [b"hello"] * 3
    assert await one.next(within=0.01) is None
    for each in (one, two, three):
        each.close()
    async with asyncio.timeout(30):
        while True:
            if not await radio.send(key, b"gone"):
                break
            await asyncio.sleep(0.01)
    again = await here.tune(key, most=10)
    assert await radio.send(key, b"again") == 1
    assert await again.next(within=30) == b"again"
    again.close()


async def test_whoever_is_slow_hears_the_newest(key: str) -> None:
    tuned = await Radio().tune(key, most=2)
    for number in range(5):
        await radio.send(key, b"%d" % number)
    async with asyncio.timeout(30):
        while True:
            if tuned.dropped == 3:
                break
            await asyncio.sleep(0.01)
    assert [await tuned.next(within=30), await tuned.next(within=30)] == [b"3", b"4"]
    tuned.close()


async def test_a_lost_connection_is_mended(key: str) -> None:
    tuned = await Radio().tune(key, most=10)
    await redis.pipe().call("CLIENT", "KILL", "TYPE", "pubsub")
    async with asyncio.timeout(30):
        while True:
            if await radio.send(key, b"back"):
                break
            await asyncio.sleep(0.05)
    assert await tuned.next(within=30) == b"back"
    tuned.close()
