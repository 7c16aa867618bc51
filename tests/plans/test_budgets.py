"""Budgets on a real Redis: atomic over all limits, corrected once, and agreeing with the core to the last number."""

import asyncio
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.exceptions import ConnectionError

from apps.common.errors import AppError, Unavailable
from apps.common.redis import client, pipe
from apps.plans import budgets
from apps.plans.budgets import Reservation
from apps.plans.core import budget
from apps.plans.core.budget import Counter, Limit, Limits, Refused
from apps.plans.refusals import TokenBudgetSpent, TooManyMessages

NOON = 1_780_000_200
A_FEW = (
    Limit("visitor", "messages", 60, 3),
    Limit("widget", "messages", 60, 5),
    Limit("tenant", "tokens", 3_600, 30_000),
)
Reserve = Callable[..., Any]


@pytest.fixture
def tenant_id() -> str:
    return f"ten_{secrets.token_hex(8)}"


@pytest.fixture
def reserve(tenant_id: str) -> Reserve:
    async def call(
        visitor: str = "vis_1",
        *,
        tenant_id: str = tenant_id,
        address: str = "",
        estimate: int = 3_000,
        limits: Limits = A_FEW,
        now: int = NOON,
    ) -> Reservation:
        return await budgets.reserve(
            tenant_id=tenant_id,
            widget_id="wid_1",
            visitor=visitor,
            address=address,
            estimate=estimate,
            limits=limits,
            clock=lambda: now + 0.9,
        )

    return call


async def test_a_hundred_at_once_are_let_in_up_to_the_limit(reserve: Reserve) -> None:
    limits = (Limit("visitor", "messages", 60, 7), Limit("tenant", "tokens", 3_600, 10**9))
    outcomes = await asyncio.gather(*(reserve(limits=limits) for _ in range(100)), return_exceptions=True)
    assert sum(isinstance(outcome, Reservation) for outcome in outcomes) == 7
    refused = [outcome for outcome in outcomes if isinstance(outcome, TooManyMessages)]
    assert len(refused) == 93
    assert {error.details["retry_after"] for error in refused} == {60 - NOON % 60 + 60 // 7 + 1}


async def test_what_one_limit_refuses_counts_in_none(reserve: Reserve) -> None:
    for _ in range(3):
        await reserve("vis_1")
    for _ in range(20):
        with pytest.raises(TooManyMessages) as refusal:
            await reserve("vis_1")
        assert refusal.value.details["limit"] == "visitor"
    await reserve("vis_2")
    await reserve("vis_2")
    with pytest.raises(TooManyMessages) as refusal:
        await reserve("vis_3")
    assert refusal.value.details["limit"] == "widget"
    assert refusal.value.headers()["Retry-After"] == str(refusal.value.details["retry_after"])


async def test_another_tenant_has_its_own(reserve: Reserve) -> None:
    limits = (Limit("address", "messages", 60, 1), Limit("tenant", "messages", 60, 1))
    await reserve(limits=limits, address="192.0.2.1")
    await reserve(limits=limits, address="192.0.2.1", tenant_id=f"ten_{secrets.token_hex(8)}")
    with pytest.raises(TooManyMessages):
        await reserve(limits=limits, address="192.0.2.1")


async def test_an_address_is_counted_over_its_visitors_and_an_unknown_one_is_not(reserve: Reserve) -> None:
    limits = (Limit("address", "messages", 60, 2),)
    for visitor in ("vis_1", "vis_2"):
        await reserve(visitor, limits=limits, address="192.0.2.1")
    with pytest.raises(TooManyMessages):
        await reserve("vis_3", limits=limits, address="192.0.2.1")
    await reserve("vis_4", limits=limits, address="192.0.2.2")
    for visitor in ("vis_5", "vis_6", "vis_7"):
        await reserve(visitor, limits=limits)


async def test_what_was_not_used_is_given_back_once(reserve: Reserve) -> None:
    first = await reserve(estimate=20_000)
    with pytest.raises(TokenBudgetSpent):
        await reserve("vis_2", estimate=20_000)
    for _ in range(3):  # as when a run that was taken over is settled by both processes
        budgets.settle(first, used=11_000)
    budgets.release(first)
    second = await reserve("vis_2", estimate=18_000)
    assert second.max_tokens == 19_000
    with pytest.raises(TokenBudgetSpent):
        await reserve("vis_3", estimate=4_000)


async def test_what_was_used_beyond_is_added(reserve: Reserve) -> None:
    budgets.settle(await reserve(estimate=3_000), used=29_500)
    with pytest.raises(TokenBudgetSpent):
        await reserve("vis_2", estimate=3_000)
    await reserve("vis_2", estimate=3_000, now=NOON + 2 * 3_600)


async def test_a_message_that_was_not_taken_does_not_count(reserve: Reserve) -> None:
    for _ in range(10):
        budgets.release(await reserve(estimate=20_000))
    assert (await reserve(estimate=20_000)).max_tokens == 30_000


async def test_a_reservation_settled_late_corrects_its_own_window_only(reserve: Reserve) -> None:
    limits = (Limit("tenant", "tokens", 60, 10_000),)
    start = NOON // 60 * 60
    one, two = await reserve(limits=limits, now=start), await reserve(limits=limits, now=start)
    assert (await reserve(limits=limits, now=start + 60, estimate=2_500)).max_tokens == 4_000
    budgets.settle(one, used=0)  # its window is the one before by now
    budgets.release(await reserve(limits=limits, now=start + 60, estimate=2_500))
    assert (await reserve(limits=limits, now=start + 60, estimate=2_500)).max_tokens == 4_500
    late = await reserve(limits=limits, now=start + 180, estimate=2_500)
    assert late.max_tokens == 10_000
    budgets.settle(two, used=0)
    assert (await reserve(limits=limits, now=start + 180, estimate=2_500)).max_tokens == 7_500


async def test_whoever_takes_a_run_over_can_settle_it(reserve: Reserve) -> None:
    reservation = await reserve(estimate=20_000)
    stored = msgspec.json.encode(reservation)
    budgets.settle(msgspec.json.decode(stored, type=Reservation), used=0)
    assert (await reserve(estimate=20_000)).max_tokens == 30_000


async def test_keys_are_the_tenants_go_by_themselves_and_name_no_address(reserve: Reserve, tenant_id: str) -> None:
    limits = tuple(Limit(scope, "messages", 60, 1) for scope in ("visitor", "address", "widget", "tenant"))
    await reserve(limits=limits, address="192.0.2.77")
    with pytest.raises(TooManyMessages):
        await reserve(limits=limits, address="192.0.2.77")
    found = [key.decode() for key in client().scan_iter(f"*{tenant_id}*")]
    assert len(found) == 6
    for key in found:
        assert key.startswith(f"cs:{{{tenant_id}}}:budget:")
        assert "192.0.2.77" not in key
        assert client().ttl(key) > 0


async def test_without_redis_no_message_is_taken_but_an_answer_stands(
    reserve: Reserve, monkeypatch: pytest.MonkeyPatch
) -> None:
    reservation = await reserve()

    async def away(*words: Any, **options: Any) -> Any:
        raise ConnectionError("away")

    monkeypatch.setattr(pipe(), "call", away)
    with pytest.raises(Unavailable) as refusal:
        await reserve()
    assert refusal.value.headers() == {"Retry-After": "5"}
    budgets.settle(reservation, used=1)
    budgets.release(reservation)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit("visitor", "messages", 60, 0), "That was a lot of messages in a short time. Please try again in 60 sec"),
        (Limit("address", "tokens", 3_600, 0), "A lot was asked from your network. Please try again in 60 minutes."),
        (Limit("tenant", "tokens", 86_400, 0), "More people are writing to us than we can answer at the moment."),
    ],
)
async def test_a_refusal_is_worded_for_the_visitor(reserve: Reserve, limit: Limit, words: str) -> None:
    with pytest.raises(AppError) as refusal:
        await reserve(limits=(limit,), address="192.0.2.1")
    assert refusal.value.message.startswith(words)


steps = st.lists(
    st.tuples(
        st.integers(0, 50),
        st.sampled_from(["vis_1", "vis_2"]),
        st.integers(0, 9_000),
        st.sampled_from(["keep", "settle", "release"]),
        st.integers(0, 12_000),
    ),
    max_size=25,
)


@settings(max_examples=60)
@given(steps)
def test_redis_and_the_core_agree(steps: list[tuple[int, str, int, str, int]]) -> None:
    async def play() -> None:
        tenant_id, now = f"ten_{secrets.token_hex(8)}", NOON
        model: dict[tuple[str, str], Counter] = {}
        for gap, visitor, tokens, then, used in steps:
            now += gap
            names = [(n.name, visitor if n.scope == "visitor" else "") for n in A_FEW]
            counters = [model.get(name, Counter()) for name in names]
            decision = budget.decide(A_FEW, counters, tokens, now)
            message = {"tenant_id": tenant_id, "widget_id": "wid_1", "visitor": visitor, "address": ""}
            asked = budgets.reserve(**message, estimate=tokens, limits=A_FEW, clock=partial(float, now))
            if isinstance(decision, Refused):
                with pytest.raises((TooManyMessages, TokenBudgetSpent)) as refusal:
                    await asked
                said = refusal.value.details
                assert (said["retry_after"], said["limit"]) == (decision.retry_after, decision.limit.scope)
                continue
            reservation = await asked
            assert decision == budget.Admitted(reservation.max_tokens, reservation.max_output_tokens)
            if then == "settle":
                budgets.settle(reservation, used=used)
            elif then == "release":
                budgets.release(reservation)
            counts = {"keep": (1, tokens), "settle": (1, used), "release": (0, 0)}[then]
            for name, limit, counter in zip(names, A_FEW, counters, strict=True):
                rolled = budget.rolled(limit, counter, now)
                added = counts[0] if limit.measure == "messages" else counts[1]
                model[name] = Counter(rolled.index, rolled.current + added, rolled.previous)

    asyncio.run(play())
