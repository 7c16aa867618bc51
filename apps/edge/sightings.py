"""What the server saw of a probe's stream. In Redis, since another process may be asked than the one that streams."""

from typing import Literal, cast

from apps.common.redis import async_client

State = Literal["unknown", "open", "completed", "aborted"]
_LIFETIME = 2 * 3600
"""Seconds for which a sighting is kept: longer than any probe lasts."""


def _key(probe_id: str) -> str:
    return f"cs:edge:probe:{probe_id}"  # of the platform, so no tenant comes first


async def record(probe_id: str, state: State) -> None:
    """Whatever the order in which they arrive, `open` never hides how the stream ended."""
    await async_client().set(_key(probe_id), state, ex=_LIFETIME, nx=state == "open")


async def state_of(probe_id: str) -> State:
    """`open` while it streams, then `completed` or, when the client left first, `aborted`."""
    state = await async_client().get(_key(probe_id))
    return cast(State, state.decode()) if state else "unknown"
