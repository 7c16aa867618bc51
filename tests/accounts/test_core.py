"""The pure parts: names in addresses, proofs by code, and how long an invitation holds."""

import re
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.accounts.core import proof, validity
from apps.accounts.core.proof import Accept, Asked, Entered, Proof, Refuse, Send
from apps.accounts.naming import slugs

pytestmark = pytest.mark.once
NOW = datetime(2026, 3, 8, 6, 30, tzinfo=UTC)
moments = st.integers(0, 4_000).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(st.text(max_size=140))
def test_every_name_has_clean_slugs_that_differ(name: str) -> None:
    found = list(islice(slugs(name), 30))
    assert len(set(found)) == 30
    for slug in found:
        assert re.fullmatch(r"[a-z0-9]([a-z0-9_-]{0,48}[a-z0-9])?", slug), slug


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Nina’s Salon & Spa", "ninas-salon-spa"), ("Café Zoë", "cafe-zoe"), ("美容院", "business"), ("--", "business")],
)
def test_slugs_are_what_people_expect(name: str, slug: str) -> None:
    assert next(slugs(name)) == slug


events = st.one_of(
    st.sampled_from(["right", "wrong", "worse"]).map(Entered), st.integers(0, 9).map(lambda n: Asked(f"new-{n}"))
)


@given(st.lists(st.tuples(st.integers(0, 400), events), max_size=40))
def test_guesses_are_few_and_codes_hold_for_a_while(history: list[tuple[int, proof.Event]]) -> None:
    state, now, guesses = Proof("right", NOW), NOW, 0
    for seconds, event in history:
        now += timedelta(seconds=seconds)
        before, (state, action) = state, proof.handle(state, event, now)
        match event, action:
            case Entered(digest), Accept():
                assert digest == before.digest
                assert now - before.sent_at < proof.LIFETIME
                assert before.wrong < proof.GUESSES
            case Entered(digest), Refuse(reason):
                assert reason in ("wrong", "expired", "guessed_out")
                guesses += state.wrong - before.wrong
                assert state.sent_at == before.sent_at
            case Asked(digest), Send():
                assert state == Proof(digest, now, 0, before.codes + 1)
                assert now - before.sent_at >= proof.PAUSE
            case _:
                assert state == before
    assert state.codes <= proof.CODES
    assert guesses <= proof.GUESSES * proof.CODES


def test_the_right_code_in_time_is_taken_and_a_late_one_is_not() -> None:
    sent = Proof("d", NOW)
    assert proof.handle(sent, Entered("d"), NOW + proof.LIFETIME - timedelta(seconds=1))[1] == Accept()
    assert proof.handle(sent, Entered("d"), NOW + proof.LIFETIME)[1] == Refuse("expired")


@given(moments, st.none() | moments, st.none() | moments, moments)
def test_an_invitation_is_open_only_before_all_that_ends_it(
    expires_at: datetime, accepted_at: datetime | None, withdrawn_at: datetime | None, now: datetime
) -> None:
    state = validity.state_of(expires_at=expires_at, accepted_at=accepted_at, withdrawn_at=withdrawn_at, now=now)
    assert (state == "open") == (accepted_at is None and withdrawn_at is None and now < expires_at)
    if accepted_at is not None:
        assert state == "accepted"
