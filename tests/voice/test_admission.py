"""Calls are turned away by how late the event loop is."""

import asyncio
import time

from apps.voice import admission


def hold_up(seconds: float) -> None:
    """Nothing else in this event loop runs meanwhile."""
    time.sleep(seconds)


async def test_one_long_pause_turns_nobody_away_and_a_second_of_them_does() -> None:
    admission.lag()
    hold_up(2)
    await asyncio.sleep(0)
    assert not admission.is_full()
    async with asyncio.timeout(30):
        while not admission.is_full():
            hold_up(0.25)
            await asyncio.sleep(0)


async def test_a_loop_in_time_again_takes_calls_again() -> None:
    lag = admission.lag()
    lag.seconds = 1.0
    async with asyncio.timeout(30):
        while True:
            if not admission.is_full():
                return
            await asyncio.sleep(admission.PROBE)
