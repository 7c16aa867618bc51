"""Who may send how much: nested limits on messages and on tokens. Pure.

Each limit is a sliding-window counter: the window under way, plus the one before it as far as that still reaches into
the last `seconds`, taken as evenly spread (Cloudflare, "How we built rate limiting capable of scaling to millions of
domains", 2017). It counts any amount at a time, and what was counted can be corrected later. Whole seconds and whole
numbers only, so that the same sums in Redis (plans.budgets) come out exactly the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from apps.plans.core.catalogue import Plan

Scope = Literal["visitor", "address", "widget", "tenant"]
Measure = Literal["messages", "tokens"]

MINUTE: Final = 60
HOUR: Final = 3_600
DAY: Final = 86_400

VISITOR_MESSAGES: Final = 10
"""A minute. Somebody who reads the answers sends three or four."""
ADDRESS_MESSAGES: Final = 60
"""A minute: ten people behind one office's address, each writing without a pause."""
TOKENS_A_MESSAGE: Final = 10_000
"""What an answer costs on average: two model steps, because every other message needs a tool or two."""
DAYS_OF_INTERACTIONS: Final = 2
"""A tenant's messages a day, as a multiple of the plan's interactions a month: about six times an average day."""

PROMPT_TOKENS: Final = 4_500
"""Instructions and the schemas of 14 tools: the largest of our agents."""
HISTORY_TOKENS: Final = 1_000
"""A conversation of some ten turns."""
OUTPUT_TOKENS: Final = 2_000
"""The most that one model step writes."""
MIN_OUTPUT_TOKENS: Final = 200
"""A message is let in when at least so much of an answer still fits."""
RUN_TOKENS: Final = 100_000
"""The most that one run reads and writes, whatever room there is."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `amount` of `measure` in any `seconds`, for each `scope`."""

    scope: Scope
    measure: Measure
    seconds: int
    amount: int

    @property
    def name(self) -> str:
        """Such as `visitor:messages:60`."""
        return f"{self.scope}:{self.measure}:{self.seconds}"


Limits = tuple[Limit, ...]
"""The narrowest scope first: where several refuse, that one is named."""


@dataclass(frozen=True, slots=True)
class Counter:
    """What a limit counted: in window number `index` (unix seconds // the limit's seconds), and in the one before."""

    index: int = 0
    current: int = 0
    previous: int = 0


@dataclass(frozen=True, slots=True)
class Admitted:
    """`max_tokens` is the hard stop of the whole run, read and written; `max_output_tokens` that of its first step."""

    max_tokens: int
    max_output_tokens: int


@dataclass(frozen=True, slots=True)
class Refused:
    """`limit` is the narrowest that refuses; after `retry_after` quiet seconds none of them would."""

    limit: Limit
    retry_after: int


def limits_of(
    plan: Plan,
    *,
    visitor_messages: int | None = None,
    address_messages: int | None = None,
    widget_messages: int | None = None,
    widget_tokens: int | None = None,
) -> Limits:
    """A widget's limits: the plan's, except where the owner chose otherwise.

    Args:
        visitor_messages, address_messages: a minute; the hour and the tokens follow from them.
        widget_messages, widget_tokens: an hour.
    """
    visitor = visitor_messages or VISITOR_MESSAGES
    address = address_messages or ADDRESS_MESSAGES
    widget = widget_messages or plan.interactions
    tenant = DAYS_OF_INTERACTIONS * plan.interactions
    return (
        Limit("visitor", "messages", MINUTE, visitor),
        Limit("visitor", "messages", HOUR, 12 * visitor),
        Limit("visitor", "tokens", HOUR, 12 * visitor * TOKENS_A_MESSAGE),
        Limit("address", "messages", MINUTE, address),
        Limit("address", "messages", HOUR, 10 * address),
        Limit("address", "tokens", HOUR, 10 * address * TOKENS_A_MESSAGE),
        Limit("widget", "messages", HOUR, widget),
        Limit("widget", "tokens", HOUR, widget_tokens or widget * TOKENS_A_MESSAGE),
        Limit("tenant", "messages", DAY, tenant),
        Limit("tenant", "tokens", DAY, tenant * TOKENS_A_MESSAGE),
    )


def estimate(text: str, history_tokens: int = HISTORY_TOKENS) -> int:
    """Tokens that answering `text` will cost at most, if one model step does it.

    Assumes PROMPT_TOKENS of prompt, four bytes of UTF-8 a token (English: four letters; Chinese or Japanese: about one
    sign), and an answer of full length. The settlement corrects it, so that it may be rough.
    """
    return PROMPT_TOKENS + history_tokens + -(-len(text.encode()) // 4) + OUTPUT_TOKENS


def needed(limit: Limit, tokens: int) -> int:
    """What must still fit for a message of about `tokens` to be let in: a short answer is better than none."""
    return 1 if limit.measure == "messages" else _input(tokens) + MIN_OUTPUT_TOKENS


def decide(limits: Sequence[Limit], counters: Sequence[Counter], tokens: int, now: int) -> Admitted | Refused:
    """Whether a message of about `tokens` may be let in.

    Args:
        counters: of each limit, in the same order.
        now: unix time in whole seconds.
    """
    pairs = list(zip(limits, counters, strict=True))
    waits = [(limit, wait(limit, counter, needed(limit, tokens), now)) for limit, counter in pairs]
    refusing = [(limit, seconds) for limit, seconds in waits if seconds]
    if refusing:
        return Refused(refusing[0][0], max(seconds for _, seconds in refusing))
    rooms = [room(limit, counter, now) for limit, counter in pairs if limit.measure == "tokens"]
    most = min([RUN_TOKENS, *rooms])
    return Admitted(most, max(MIN_OUTPUT_TOKENS, min(OUTPUT_TOKENS, most - _input(tokens))))


def room(limit: Limit, counter: Counter, now: int) -> int:
    """How much still fits; below zero where settlements added more than there was."""
    counter = rolled(limit, counter, now)
    left = limit.seconds - _elapsed(limit, counter, now)
    return ((limit.amount - counter.current) * limit.seconds - counter.previous * left) // limit.seconds


def wait(limit: Limit, counter: Counter, amount: int, now: int) -> int:
    """Seconds until `amount` fits if nothing else comes; 0 when it fits now. What never fits waits one window."""
    if room(limit, counter, now) >= amount:
        return 0
    if amount > limit.amount:
        return limit.seconds
    counter = rolled(limit, counter, now)
    elapsed = _elapsed(limit, counter, now)
    if counter.current + amount <= limit.amount:
        return _fading(limit, counter.previous, limit.amount - counter.current - amount) - elapsed
    return limit.seconds - elapsed + _fading(limit, counter.current, limit.amount - amount)


def rolled(limit: Limit, counter: Counter, now: int) -> Counter:
    """The counter as of `now`. One that is ahead (clocks differ) stays as it is."""
    index = now // limit.seconds
    if index <= counter.index:
        return counter
    return Counter(index, 0, counter.current if index == counter.index + 1 else 0)


def _fading(limit: Limit, previous: int, space: int) -> int:
    """Seconds into a window until no more than `space` of the window before still counts."""
    return max(0, limit.seconds - space * limit.seconds // previous)


def _elapsed(limit: Limit, counter: Counter, now: int) -> int:
    return max(0, now - counter.index * limit.seconds)


def _input(tokens: int) -> int:
    return max(0, tokens - OUTPUT_TOKENS)
