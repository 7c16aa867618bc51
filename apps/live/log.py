"""An append-only log on a Redis Stream, with sequence numbers of its own.

Entry `<seq>-0` holds one or more events as the values of its fields, and `seq` is the number of its *first* event. The
id is given, not made by Redis. A writer's next entry always begins right after what it knows to be the last; so of two
writers that stand at the same place only one can go on, whatever each of them still had in its hands: the other is
refused. That is the fence around a log whose owner was thought dead.
"""

from collections.abc import Hashable, Iterable, Sequence

from redis.exceptions import ConnectionError

from apps.common.redis import Script, library, pipe

MAX_EVENTS = 128
"""Events in one entry; so an entry that holds a number begins at most so far before it."""

Append = tuple[str, int, Sequence[bytes]]
"""(key, number of the first event, the events)."""
Entry = tuple[bytes, dict[bytes, bytes]]

_APPEND = Script("""
local answers, at = {}, 1
for i, key in ipairs(KEYS) do
  local words = {'XADD', key, ARGV[at] .. '-0'}
  local count = tonumber(ARGV[at + 1])
  for n = 1, count do words[#words + 1] = n; words[#words + 1] = ARGV[at + 1 + n] end
  at = at + 2 + count
  local answer = redis.pcall(unpack(words))
  answers[i] = type(answer) == 'table' and answer.err or ''
end
return answers
""")

_PUBLISH = Script("""
local last = redis.call('INCRBY', KEYS[2], #ARGV - 1)
local words = {'XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], (last - #ARGV + 2) .. '-0'}
for i = 2, #ARGV do words[#words + 1] = i; words[#words + 1] = ARGV[i] end
redis.call(unpack(words))
return last
""")

_LATER = ("READONLY", "NOREPLICAS", "MISCONF", "OOM ")
"""Why Redis takes no write at the moment: it is a replica, has too few of them, cannot write its disk, is full."""


class Superseded(Exception):
    """Another writer has written this number: we are no longer the log's owner and must stop."""


class NotAppended(Exception):
    """Redis refused an entry for a reason that will not pass, such as a key of another type."""


async def append(appends: Sequence[Append], *, era: Hashable = None) -> list[Exception | None]:
    """Appends to logs of one lane in one round trip; an answer for each. (A pipeline of XADDs costs four times that.)

    Args:
        era: of `Pipe.call`: refused when what the logs had before may be lost.

    Raises:
        RedisError: Redis is away or takes no writes now; some of it may have arrived.
    """
    entries = [word for _, first, events in appends for word in (first, len(events), *events)]
    answers = await _APPEND([key for key, _, _ in appends], entries, era=era)
    return [_refusal(key, answer) for (key, _, _), answer in zip(appends, answers, strict=True)]


def _refusal(key: str, answer: bytes) -> Exception | None:
    if not answer:
        return None
    reason = answer.decode()
    if any(word in reason for word in _LATER):
        raise ConnectionError(reason)
    return Superseded(key) if "equal or smaller" in reason else NotAppended(f"{key}: {reason}")


def events_of(entry: Entry) -> tuple[int, list[bytes]]:
    """(number of the first event, the events) of an entry."""
    entry_id, fields = entry
    return int(entry_id.partition(b"-")[0]), list(fields.values())


def after(entries: Iterable[Entry], seq: int) -> list[bytes]:
    """The events of `entries` whose number is above `seq`; an entry may begin below it."""
    found: list[bytes] = []
    for entry in entries:
        first, events = events_of(entry)
        found += events[max(0, seq + 1 - first) :]
    return found


def entry_before(seq: int) -> str:
    """The id after which XREAD finds number `seq + 1` and all later ones, wherever the entries begin."""
    return f"{max(0, seq + 1 - MAX_EVENTS)}-0"


async def entries(key: str, start: str = "-") -> list[Entry]:
    """The log's entries from the id `start` on."""
    return [_entry(*raw) for raw in await library().call("XRANGE", key, start, "+")]


async def read_after(key: str, seq: int) -> list[bytes]:
    """Every event after number `seq`, in order, without gaps."""
    return after(await entries(key, f"({entry_before(seq)}"), seq)


async def last_event(key: str, *, era: Hashable = None) -> tuple[int, bytes]:
    """The last event and its number; 0 when there is none. `era` as of `append`."""
    found = await pipe().call("XREVRANGE", key, "+", "-", "COUNT", 1, era=era)
    if not found:
        return 0, b""
    first, events = events_of(_entry(*found[0]))
    return first + len(events) - 1, events[-1]


def _entry(entry_id: bytes, words: list[bytes]) -> Entry:
    return entry_id, dict(zip(words[::2], words[1::2], strict=True))


def publish(*, key: str, events: Sequence[bytes], keep: int = 10_000) -> int:
    """Appends to a log that many write to; Redis gives the numbers. About the last `keep` entries stay.

    Returns:
        The number of the last event.
    """
    return int(_PUBLISH.run([key, f"{key}:seq"], [keep, *events]))


def post(*, key: str, events: Sequence[bytes], keep: int = 10_000) -> None:
    """Like `publish`, from async code that does not wait for it."""
    _PUBLISH.post([key, f"{key}:seq"], [keep, *events])
