"""An append-only log on a Redis Stream, with sequence numbers of its own.

Entry `<seq>-0` holds one or more events as the values of its fields, and `seq` is the number of its last event. The id
is given, not made by Redis, so that two writers can never both write a number: the second is refused.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from redis.exceptions import ResponseError

_PUBLISH = """
local last = redis.call('INCRBY', KEYS[2], #ARGV - 1)
local words = {'XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], last .. '-0'}
for i = 2, #ARGV do words[#words + 1] = i; words[#words + 1] = ARGV[i] end
redis.call(unpack(words))
return last
"""


class Superseded(Exception):
    """Another writer has written this number: we are no longer the log's owner and must stop."""


def command(key: str, last: int, events: Sequence[bytes]) -> tuple[Any, ...]:
    """The XADD of `events` whose last one has the number `last`."""
    words: list[Any] = ["XADD", key, f"{last}-0"]
    for field, event in enumerate(events):
        words += (field, event)
    return tuple(words)


def is_conflict(error: Exception) -> bool:
    """Whether an XADD was refused because its number is taken."""
    return isinstance(error, ResponseError) and "equal or smaller" in str(error)


def events_of(entry: tuple[bytes, dict[bytes, bytes]]) -> tuple[int, list[bytes]]:
    """(number of the last event, the events) of an entry."""
    entry_id, fields = entry
    return int(entry_id.partition(b"-")[0]), list(fields.values())


def after(entries: Iterable[tuple[bytes, dict[bytes, bytes]]], seq: int) -> list[bytes]:
    """The events of `entries` whose number is above `seq`; an entry may begin below it."""
    found: list[bytes] = []
    for entry in entries:
        last, events = events_of(entry)
        found += events[max(0, seq - (last - len(events))) :]
    return found


async def read_after(client: Any, key: str, seq: int) -> list[bytes]:
    """Every event after number `seq`, in order, without gaps."""
    return after(await client.xrange(key, f"({seq}-0" if seq else "-", "+"), seq)


def publish(client: Any, *, key: str, events: Sequence[bytes], keep: int = 10_000) -> int:
    """Appends to a log that many write to; Redis gives the numbers. About the last `keep` entries stay.

    Returns:
        The number of the last event.
    """
    return int(client.eval(_PUBLISH, 2, key, f"{key}:seq", keep, *events))
