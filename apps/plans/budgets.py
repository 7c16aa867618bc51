"""Budgets of the open widget, counted in Redis: reserved before a message is taken in, settled when its run is over."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

from apps.common.errors import Unavailable
from apps.common.ids import new_id
from apps.common.redis import Script
from apps.plans import refusals
from apps.plans.core import budget
from apps.plans.core.budget import Counter, Limits, Refused
from apps.tenants import keys

HELD = 3_600
"""Seconds for which a reservation can be settled, much longer than any run; then the windows forget it."""

_RESERVE = Script("""
-- KEYS: held, refusals, the counters. ARGV: now, seconds held, seconds that refusals are kept, the hour, then for each
-- counter its name, seconds, amount, what must fit, what to count. Refused by one limit = counted in none.
local now, refused, reply, states = tonumber(ARGV[1]), nil, {}, {}
for n = 3, #KEYS do
  local base = 5 * (n - 3) + 5
  local seconds, amount = tonumber(ARGV[base + 1]), tonumber(ARGV[base + 2])
  local stored = redis.call('HMGET', KEYS[n], 'i', 'c', 'p')
  local index, current, previous = tonumber(stored[1] or 0), tonumber(stored[2] or 0), tonumber(stored[3] or 0)
  local window = math.floor(now / seconds)
  if window > index then
    index, current, previous = window, 0, window == index + 1 and current or 0
  end
  local left = seconds - math.max(0, now - index * seconds)
  if (amount - current - tonumber(ARGV[base + 3])) * seconds < previous * left then
    refused = refused or ARGV[base]
  end
  states[n] = {index, current, previous}
  reply[#reply + 1], reply[#reply + 2], reply[#reply + 3] = index, current, previous
end
if refused then
  redis.call('HINCRBY', KEYS[2], ARGV[4] .. ':' .. refused, 1)
  redis.call('EXPIRE', KEYS[2], ARGV[3])
  return reply
end
for n = 3, #KEYS do
  local base = 5 * (n - 3) + 5
  redis.call('HSET', KEYS[n], 'i', states[n][1], 'c', states[n][2] + ARGV[base + 4], 'p', states[n][3])
  redis.call('EXPIRE', KEYS[n], 2 * ARGV[base + 1])
end
redis.call('SET', KEYS[1], 1, 'EX', ARGV[2])
return reply
""")

_CORRECT = Script("""
-- KEYS: held, the counters. ARGV: for each counter the window it was counted in, and what to add there.
if redis.call('DEL', KEYS[1]) == 0 then return end
for n = 2, #KEYS do
  local window, stored = tonumber(ARGV[2 * n - 3]), tonumber(redis.call('HGET', KEYS[n], 'i'))
  local field = stored == window and 'c' or stored == window + 1 and 'p'
  if field then redis.call('HINCRBY', KEYS[n], field, ARGV[2 * n - 2]) end
end
""")


@dataclass(frozen=True, slots=True)
class Reservation:
    """What was counted for a message before its answer. Plain data: whoever takes a run over can settle it, too.

    `max_output_tokens` is what the first model step may write; once the run has read and written `max_tokens`, it may
    begin no other step. `messages` and `tokens` are (key, window) of the counters.
    """

    id: str
    tenant_id: str
    estimate: int
    max_tokens: int
    max_output_tokens: int
    messages: tuple[tuple[str, int], ...]
    tokens: tuple[tuple[str, int], ...]

    def taken(self) -> "Reservation":
        """Without what only `release` needs: the message is taken, and its answer may be long."""
        return replace(self, messages=())


async def reserve(
    *,
    tenant_id: str,
    widget_id: str,
    visitor: str,
    address: str,
    estimate: int,
    limits: Limits,
    clock: Callable[[], float] = time.time,
) -> Reservation:
    """Counts one message of about `estimate` tokens against every limit, or against none. One round trip.

    Args:
        address: from `common.addresses`; without one ("") the limits of the address do not apply.
        clock: unix time in seconds.

    Raises:
        TooManyMessages, TokenBudgetSpent: with `retry_after`, in seconds.
        Unavailable: Redis is away. Closed, not open: a run's log needs Redis as well, so letting the message in
            would only store words that nobody can answer.
    """
    limits = tuple(limit for limit in limits if address or limit.scope != "address")
    who = {"visitor": visitor, "address": _anonymous(tenant_id, address), "widget": widget_id, "tenant": "all"}
    counters = [keys.budget(tenant_id, n.scope, who[n.scope], n.measure, n.seconds) for n in limits]
    now = int(clock())
    reservation_id = new_id("rsv")
    refused = refusals.place(tenant_id=tenant_id, now=now)
    arguments: list[Any] = [now, HELD, refusals.KEPT, refused.hour]
    for limit in limits:
        counted = 1 if limit.measure == "messages" else estimate
        arguments += [limit.name, limit.seconds, limit.amount, budget.needed(limit, estimate), counted]
    try:
        reply = await _RESERVE([keys.budget_held(tenant_id, reservation_id), refused.key, *counters], arguments)
    except RedisError as error:
        raise Unavailable("We cannot take messages at the moment. Please try again.", retry_after=5) from error
    numbers = iter(reply)
    states = [Counter(*state) for state in zip(numbers, numbers, numbers, strict=True)]
    decision = budget.decide(limits, states, estimate, now)
    if isinstance(decision, Refused):
        raise refusals.error(decision)
    windows = [(key, state.index, limit.measure) for key, state, limit in zip(counters, states, limits, strict=True)]
    return Reservation(
        id=reservation_id,
        tenant_id=tenant_id,
        estimate=estimate,
        max_tokens=decision.max_tokens,
        max_output_tokens=decision.max_output_tokens,
        messages=tuple((key, index) for key, index, measure in windows if measure == "messages"),
        tokens=tuple((key, index) for key, index, measure in windows if measure == "tokens"),
    )


def settle(reservation: Reservation, *, used: int) -> None:
    """The run is over and cost `used` tokens: what it did not use is given back, what it used beyond is added.

    Only the first settlement or release of a reservation counts, whichever process it comes from. A counter is put
    right in the window where the message was counted; once that has passed there is nothing to put right.
    """
    _correct(reservation, messages=0, tokens=used - reservation.estimate)


def release(reservation: Reservation) -> None:
    """The message was not taken after all: nothing of it counts."""
    _correct(reservation, messages=-1, tokens=-reservation.estimate)


def _correct(reservation: Reservation, *, messages: int, tokens: int) -> None:
    """Nobody waits for it: should it fail, the counters right themselves as their windows pass."""
    amounts = [(*counter, messages) for counter in reservation.messages] if messages else []
    amounts += [(*counter, tokens) for counter in reservation.tokens]
    names = [keys.budget_held(reservation.tenant_id, reservation.id), *(key for key, _, _ in amounts)]
    _CORRECT.post(names, [number for _, *numbers in amounts for number in numbers])


def _anonymous(tenant_id: str, address: str) -> str:
    """The address as a key's part: keyed, because all of IPv4 is hashed in minutes, and another one at each tenant."""
    return salted_hmac("callsphere.budget", f"{tenant_id} {address}", algorithm="sha256").hexdigest()[:24]
