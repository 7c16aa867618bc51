"""Nested limits: what is let in, what is refused, and for how long."""

from hypothesis import given
from hypothesis import strategies as st

from apps.plans.core import budget
from apps.plans.core.budget import Admitted, Counter, Limit, Limits, Refused
from apps.plans.core.catalogue import GROWTH, PLANS, SCALE, STARTER
from apps.tenants.models import MAX_MESSAGES, MAX_TOKENS

NOON = 1_780_000_200  # a multiple of a minute, an hour and a day it is not
limits = st.builds(
    Limit,
    scope=st.sampled_from(["visitor", "address", "widget", "tenant"]),
    measure=st.sampled_from(["messages", "tokens"]),
    seconds=st.sampled_from([1, 7, 60, 3_600, 86_400]),
    amount=st.integers(1, 2_000_000_000),
)
moments = st.integers(NOON, NOON + 200_000)


@st.composite
def counted(draw: st.DrawFn) -> tuple[Limit, Counter, int]:
    """A limit, what it counted (a settlement may have passed the amount), and a moment in or after that window."""
    limit, now = draw(limits), draw(moments)
    index = now // limit.seconds - draw(st.integers(0, 3))
    amounts = st.integers(0, 2 * limit.amount)
    return limit, Counter(index, draw(amounts), draw(amounts)), now


class Shop:
    """Counters as Redis keeps them, in a dictionary."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.counters: dict[tuple[Limit, str], Counter] = {}

    def send(self, now: int, *, visitor: str, address: str, tokens: int = 0) -> Admitted | Refused:
        who = {"visitor": visitor, "address": address}
        names = [(limit, who.get(limit.scope, "all")) for limit in self.limits]
        before = [self.counters.get(name, Counter()) for name in names]
        decision = budget.decide(self.limits, before, tokens, now)
        if isinstance(decision, Admitted):
            for name, counter in zip(names, before, strict=True):
                rolled = budget.rolled(name[0], counter, now)
                amount = 1 if name[0].measure == "messages" else tokens
                self.counters[name] = Counter(rolled.index, rolled.current + amount, rolled.previous)
        return decision


@given(counted(), st.integers(1, 2_000_000_000))
def test_the_wait_is_exact(given: tuple[Limit, Counter, int], amount: int) -> None:
    limit, counter, now = given
    seconds = budget.wait(limit, counter, amount, now)
    assert 0 <= seconds <= 2 * limit.seconds
    if amount > limit.amount:
        assert seconds == limit.seconds
        return
    assert budget.room(limit, counter, now + seconds) >= amount
    assert seconds == 0 or budget.room(limit, counter, now + seconds - 1) < amount


@given(counted(), st.integers(0, 100_000))
def test_room_only_grows_while_nothing_comes(given: tuple[Limit, Counter, int], later: int) -> None:
    limit, counter, now = given
    assert budget.room(limit, counter, now) <= budget.room(limit, counter, now + later) <= limit.amount
    assert budget.room(limit, counter, now + 2 * limit.seconds) == limit.amount


@given(counted(), st.integers(1, 1_000))
def test_a_clock_that_lags_neither_frees_nor_fails(given: tuple[Limit, Counter, int], lag: int) -> None:
    limit, counter, now = given
    assert budget.room(limit, counter, now - lag) <= budget.room(limit, counter, now)


@given(st.lists(st.integers(0, 40), max_size=120), st.integers(1, 10))
def test_no_window_lets_in_more_than_its_amount_and_none_refuses_below_it(gaps: list[int], amount: int) -> None:
    limit = Limit("visitor", "messages", 60, amount)
    shop, now, sent = Shop((limit,)), NOON, []
    for gap in gaps:
        now += gap
        decision = shop.send(now, visitor="v", address="a")
        if isinstance(decision, Admitted):
            sent.append(now)
        else:
            assert sum(1 for at in sent if at > now - 120) >= amount
    for window in {at // 60 for at in sent}:
        assert sum(1 for at in sent if at // 60 == window) <= amount


@given(st.lists(counted(), min_size=1, max_size=8), st.integers(0, 200_000), moments)
def test_a_decision_holds_for_every_limit(given: list[tuple[Limit, Counter, int]], tokens: int, now: int) -> None:
    chosen = [limit for limit, _, _ in given]
    counters = [counter for _, counter, _ in given]
    decision = budget.decide(chosen, counters, tokens, now)
    waits = [budget.wait(n, c, budget.needed(n, tokens), now) for n, c in zip(chosen, counters, strict=True)]
    if isinstance(decision, Refused):
        assert decision.retry_after == max(waits) > 0
        assert decision.limit == next(n for n, seconds in zip(chosen, waits, strict=True) if seconds)
        return
    assert not any(waits)
    assert budget.MIN_OUTPUT_TOKENS <= decision.max_output_tokens <= budget.OUTPUT_TOKENS
    assert decision.max_tokens <= budget.RUN_TOKENS
    for limit, counter in zip(chosen, counters, strict=True):
        if limit.measure == "tokens":
            assert decision.max_tokens <= budget.room(limit, counter, now)


def test_a_budget_that_is_nearly_spent_gives_a_short_answer() -> None:
    limit = Limit("tenant", "tokens", budget.DAY, 10_000)
    tokens = budget.estimate("hello")
    spent = Counter(NOON // budget.DAY, 10_000 - (tokens - budget.OUTPUT_TOKENS) - 300, 0)
    assert budget.decide((limit,), (spent,), tokens, NOON) == Admitted(tokens - budget.OUTPUT_TOKENS + 300, 300)
    gone = Counter(spent.index, spent.current + 101, 0)
    assert isinstance(budget.decide((limit,), (gone,), tokens, NOON), Refused)


def test_ten_people_in_one_office_are_not_in_each_others_way() -> None:
    shop = Shop(budget.limits_of(STARTER))
    for second in range(0, 3 * budget.HOUR, 9):  # for three hours, each writes every 90 seconds
        decision = shop.send(
            NOON + second, visitor=f"v{second // 9 % 10}", address="office", tokens=budget.TOKENS_A_MESSAGE
        )
        assert isinstance(decision, Admitted), (second, decision)
    tomorrow = NOON + budget.DAY
    for second in range(60):  # and all at once, each six times in a minute
        assert isinstance(shop.send(tomorrow + second, visitor=f"v{second % 10}", address="office"), Admitted)


def test_a_robot_with_ever_new_visitors_is_held_by_its_address() -> None:
    shop = Shop(budget.limits_of(STARTER))
    start = NOON // budget.HOUR * budget.HOUR
    outcomes = [shop.send(start + n, visitor=f"v{n}", address="robot") for n in range(3_600)]
    assert sum(isinstance(outcome, Admitted) for outcome in outcomes) == 10 * budget.ADDRESS_MESSAGES
    assert {outcome.limit.scope for outcome in outcomes if isinstance(outcome, Refused)} == {"address"}
    assert isinstance(shop.send(start + 3_599, visitor="somebody", address="home"), Admitted)


def test_a_robot_net_is_held_by_the_widget_and_the_day() -> None:
    shop = Shop(budget.limits_of(STARTER))
    start = NOON // budget.DAY * budget.DAY
    admitted = sum(
        isinstance(shop.send(start + n * 20, visitor=f"v{n}", address=f"a{n}"), Admitted) for n in range(4_320)
    )
    assert admitted == 2 * STARTER.interactions


def test_the_plan_sets_what_the_owner_did_not() -> None:
    for plan in PLANS.values():
        named = {limit.name: limit.amount for limit in budget.limits_of(plan)}
        assert len(named) == 10
        assert named["widget:messages:3600"] == plan.interactions
        assert named["tenant:messages:86400"] == 2 * plan.interactions
    own = {
        limit.name: limit.amount
        for limit in budget.limits_of(GROWTH, visitor_messages=3, address_messages=7, widget_messages=50)
    }
    assert own["visitor:messages:60"] == 3
    assert own["visitor:tokens:3600"] == 3 * 12 * budget.TOKENS_A_MESSAGE
    assert own["address:messages:3600"] == 70
    assert own["widget:tokens:3600"] == 50 * budget.TOKENS_A_MESSAGE
    assert own["tenant:messages:86400"] == 20_000
    tokens = {limit.name: limit.amount for limit in budget.limits_of(GROWTH, widget_tokens=9_000)}
    assert (tokens["widget:tokens:3600"], tokens["widget:messages:3600"]) == (9_000, 10_000)


def test_the_largest_limits_stay_whole_numbers_in_lua() -> None:
    most = budget.limits_of(
        SCALE,
        visitor_messages=MAX_MESSAGES,
        address_messages=MAX_MESSAGES,
        widget_messages=MAX_MESSAGES,
        widget_tokens=MAX_TOKENS,
    )
    assert max(limit.amount * limit.seconds for limit in most) < 2**53


@given(st.text(max_size=200), st.text(max_size=50), st.integers(0, 9_999))
def test_more_to_read_is_a_higher_estimate(text: str, more: str, history: int) -> None:
    shorter = budget.estimate(text, history)
    assert shorter <= budget.estimate(text + more, history) <= shorter + len(more) + 1
    assert budget.estimate(text, history + 1) == shorter + 1
    assert shorter > budget.OUTPUT_TOKENS
