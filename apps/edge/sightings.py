"""What the server saw of a probe's stream. In Redis, since another process may be asked than the one that streams."""

from typing import Literal, cast

from apps.common.redis import pipe

State = Literal["unknown", "open", "completed", "aborted"]
_LIFETIME = 2 * 3600
"""Seconds for which a sighting is kept: longer than any probe lasts."""


def _key(probe_id: str) -> str:
    return f"cs:{{platform}}:edge:probe:{probe_id}"


async def record(probe_id: str, state: State) -> None:
    """Whatever the order in which they arrive, `open` never hides how the stream ended."""
    condition = ("NX",) if state == "open" else ()
    await pipe().call("SET", _key(probe_id), state, "EX", _LIFETIME, *condition)


async def state_of(probe_id: str) -> State:
    """`open` while it streams, then `completed` or, when the client left first, `aborted`."""
    state = await pipe().call("GET", _key(probe_id))
    return cast(State, state.decode()) if state else "unknown"
