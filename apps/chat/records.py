"""What Redis knows of a run beside its log: whose it is, which message it answers, whether it is over."""

from dataclasses import dataclass
from itertools import chain
from typing import Literal

from apps.chat.tokens import Visitor
from apps.common.redis import Script, pipe
from apps.tenants import keys

KEPT = 3_600
"""Seconds for which a finished run's log can be resumed; after that the transcript has the answer."""
REMEMBERED = 24 * 3600
"""Seconds for which a message id is known."""

_ADMIT = Script("""
local before = redis.call('GET', KEYS[1])
if before == ARGV[1] then return {'admitted', before} end  -- asked twice, as the answer was lost
if before then return {'known', before} end
local holder = redis.call('GET', KEYS[2])
if holder then return {'occupied', holder} end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])
redis.call('HSET', KEYS[3], 'over', 0, 'takeovers', 0, unpack(ARGV, 4))
redis.call('EXPIRE', KEYS[3], ARGV[2])
return {'admitted', ARGV[1]}
""")
_WITHDRAW = Script("""
for n = 1, 2 do if redis.call('GET', KEYS[n]) == ARGV[1] then redis.call('DEL', KEYS[n]) end end
redis.call('DEL', KEYS[3])
""")
_CLOSE = Script("""
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
redis.call('EXPIRE', KEYS[2], ARGV[2])
if redis.call('EXPIRE', KEYS[3], ARGV[2]) == 1 then redis.call('HSET', KEYS[3], 'over', 1) end
""")
_FREE = Script("if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end")


@dataclass(frozen=True, slots=True)
class Record:
    """A run. One run at a time has its conversation, and one run ever answers a visitor's message id."""

    run_id: str
    conversation_id: str
    visitor: Visitor
    message_id: str
    over: bool = False
    takeovers: int = 0

    @property
    def tenant_id(self) -> str:
        return self.visitor.tenant_id


async def admit(record: Record) -> tuple[Literal["admitted", "known", "occupied"], str]:
    """Makes the run known to every process, unless its message is known or its conversation is in another run.

    Returns:
        What came of it, with the id of the run that answers the message or has the conversation.
    """
    tenant_id, visitor = record.tenant_id, record.visitor
    fields = {"conversation": record.conversation_id, "message": record.message_id}
    fields |= {"visitor": visitor.id, "widget": visitor.widget_key}
    outcome, run_id = await _ADMIT(
        [
            keys.message_run(tenant_id, visitor.id, record.message_id),
            keys.active_run(tenant_id, record.conversation_id),
            keys.run_state(tenant_id, record.run_id),
        ],
        [record.run_id, KEPT, REMEMBERED, *chain(*fields.items())],
    )
    return outcome.decode(), run_id.decode()


async def withdraw(record: Record) -> None:
    """Forgets a run that never began, if it was admitted at all: its message may be sent again."""
    tenant_id = record.tenant_id
    await _WITHDRAW(
        [
            keys.message_run(tenant_id, record.visitor.id, record.message_id),
            keys.active_run(tenant_id, record.conversation_id),
            keys.run_state(tenant_id, record.run_id),
        ],
        [record.run_id],
    )


async def find(*, tenant_id: str, run_id: str) -> Record | None:
    """The run, if it is of this tenant and not yet forgotten."""
    words = iter(await pipe().call("HGETALL", keys.run_state(tenant_id, run_id)))
    if not (state := dict(zip(words, words, strict=True))):
        return None
    return Record(
        run_id,
        state[b"conversation"].decode(),
        Visitor(tenant_id, state[b"visitor"].decode(), state[b"widget"].decode()),
        state[b"message"].decode(),
        state[b"over"] == b"1",
        int(state[b"takeovers"]),
    )


async def exists(*, tenant_id: str, run_id: str) -> bool:
    return bool(await pipe().call("EXISTS", keys.run_state(tenant_id, run_id)))


async def active(*, tenant_id: str, conversation_id: str) -> str | None:
    """The run that the conversation is in."""
    run_id = await pipe().call("GET", keys.active_run(tenant_id, conversation_id))
    return run_id.decode() if run_id else None


async def taken_over(record: Record) -> int:
    """Counts that the run was taken up from a lost process; how often so far."""
    return int(await pipe().call("HINCRBY", keys.run_state(record.tenant_id, record.run_id), "takeovers", 1))


def free(record: Record) -> None:
    """Lets the conversation take the next message, before anything that is asked of Redis later."""
    _FREE.post([keys.active_run(record.tenant_id, record.conversation_id)], [record.run_id])


def close(record: Record) -> None:
    """Marks the run as over, lets its log expire and the conversation take the next message."""
    tenant_id = record.tenant_id
    _CLOSE.post(
        [
            keys.active_run(tenant_id, record.conversation_id),
            keys.run_log(tenant_id, record.run_id),
            keys.run_state(tenant_id, record.run_id),
        ],
        [record.run_id, KEPT],
    )
