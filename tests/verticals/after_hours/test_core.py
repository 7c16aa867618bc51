"""How urgent it is, whose trade it is, where it is, and what an answer means: by the words of callers."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.verticals.after_hours import cast
from apps.verticals.after_hours.core.addresses import Place, find_places, has_house_number, unit_of
from apps.verticals.after_hours.core.categories import categorize
from apps.verticals.after_hours.core.matching import Entry, best_entry
from apps.verticals.after_hours.core.replies import read_reply
from apps.verticals.after_hours.core.scoring import THRESHOLD, emergency_number, score
from apps.verticals.after_hours.core.wording import an, shortened, spelled
from apps.verticals.after_hours.guidance import is_quiet
from apps.verticals.after_hours.models import Building


@pytest.mark.parametrize(
    "said",
    [
        "A pipe burst and water is pouring into the kitchen!",
        "water is coming through the ceiling",
        "Sewage backs up: the sewer overflows into the bathtub",
        "We have no heat since noon",
        "The furnace stopped and it is freezing",
        "The power is out in the whole building",
        "Sparks came out of the outlet",
        "I am locked out, my keys are inside",
        "The front door won't lock",
        "the smoke alarm is going off",
        "We have no water",
        "There is a leak, it is getting worse and we have a baby",
        "People are fighting next door, glass breaking",
    ],
)
def test_emergencies(said: str) -> None:
    found = score(said)
    assert THRESHOLD <= found.value < 1
    assert found.signs
    assert not found.danger


@pytest.mark.parametrize(
    ("said", "sign"),
    [
        ("It smells of gas near my furnace", "gas"),
        ("There is smoke coming from the panel", "fire"),
        ("I got an electric shock", "shock"),
        ("My mother is unconscious", "somebody hurt"),
        ("We are stuck in the elevator", "somebody trapped"),
        ("Somebody is breaking in", "crime"),
        ("carbon monoxide alarm", "gas"),
    ],
)
def test_danger(said: str, sign: str) -> None:
    found = score(said)
    assert (found.value, found.danger) == (1.0, True)
    assert sign in found.signs


@pytest.mark.parametrize(
    "said",
    [
        "The kitchen tap is dripping",
        "A light in the hallway flickers",
        "There is a loud party upstairs",
        "The drain is clogged",
        "I lost my mailbox key",
        "The air conditioning is not cooling",
        "It is not flooding, just a little drip",
        "There is no smoke and no fire, the oven is just dirty",
        "The smoke detector needs a battery",
        "When do you open?",
        "A pipe burst last year, no hurry, it can wait",
        "",
    ],
)
def test_what_can_wait(said: str) -> None:
    assert score(said).value < THRESHOLD
    assert not score(said).danger


@given(st.text(max_size=200))
def test_any_text_has_a_score(text: str) -> None:
    assert 0 <= score(text).value <= 1
    assert categorize(text)


@given(st.lists(st.sampled_from([said for _, said in cast.PROBLEMS]), min_size=1, max_size=4))
def test_more_of_the_same_never_makes_it_less_urgent(said: list[str]) -> None:
    urgent = [one for one in said if "dripping" not in one and "flickers" not in one]
    if urgent:
        assert score(". ".join(urgent)).value >= max(score(one).value for one in urgent)


@pytest.mark.parametrize(("trade", "said"), cast.PROBLEMS)
def test_whose_trade(trade: str, said: str) -> None:
    assert categorize(said) == trade


PLACES = [Place(address, name, address) for name, address, *_ in cast.BUILDINGS]


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("12 River Road, unit 4B", "12 River Road"),
        ("12 river rd apt 4", "12 River Road"),
        ("the Alder", "12 River Road"),
        ("at The Alder, 12 River Road, apartment 7", "12 River Road"),
        ("Quay Street", "240 Quay Street"),
        ("240 Quaye Street #1207", "240 Quay Street"),
        ("Harbour Lofts", "240 Quay Street"),
        ("1510 cedar st", "1510 Cedar Street"),
        ("lakeview terrace unit 18", "901 Lake Drive"),
        ("the alder 4b, since 5 pm", "12 River Road"),
        ("5 Birch Lane 3", "5 Birch Lane"),
        ("14 River Road", None),
        ("99 Elm Street", None),
        ("the kitchen", None),
        ("", None),
    ],
)
def test_which_building(said: str, address: str | None) -> None:
    assert find_places(said, PLACES) == ([address] if address else [])


@given(st.text(max_size=80))
def test_any_address_can_be_looked_for(text: str) -> None:
    assert set(find_places(text, PLACES)) <= {place.id for place in PLACES}
    assert unit_of(text) == unit_of(text).upper()


def test_units_and_house_numbers() -> None:
    assert [unit_of(said) for said in ("12 River Road, unit 4B", "apt. 12", "#7", "Unit C", "12 River Road")] == [
        *("4B", "12", "7", "C", "")
    ]
    assert has_house_number("99 Elm Street")
    assert not has_house_number("Elm Street, unit 4")
    assert not has_house_number("12")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1", "acknowledge"),
        ("ACK", "acknowledge"),
        ("ack!", "acknowledge"),
        ("Yes, on my way", "acknowledge"),
        (" yes", "acknowledge"),
        ("1.", "acknowledge"),
        ("DOWNGRADE", "downgrade"),
        ("downgraded, it can wait", "downgrade"),
        ("10 minutes", None),
        ("no", None),
        ("yesterday", None),
        ("who is it?", None),
        ("", None),
    ],
)
def test_what_an_answer_means(text: str, meant: str | None) -> None:
    assert read_reply(text) == meant


def test_the_situation_that_fits_best() -> None:
    entries = [Entry(text, f"{situation}, {words}", trade) for trade, situation, words, text in cast.GUIDANCE]
    for said, trade, begins in (
        ("a pipe burst, how do I stop the water", "plumbing", "Turn off the water"),
        ("the toilet overflows", "plumbing", "Do not flush"),
        ("our furnce is dead", "hvac", "Keep doors"),
        ("it smells of gas", "hvac", "Leave at once"),
        ("nothing of that", "lockout", "Wait somewhere"),
        ("nothing of that", "plumbing", ""),
    ):
        assert best_entry(said, entries, trade=trade).startswith(begins)
        assert bool(best_entry(said, entries, trade=trade)) == bool(begins)


def test_wording() -> None:
    assert spelled("+12125550142") == "2 1 2, 5 5 5, 0 1 4 2"
    assert spelled("") == ""
    assert (an("electrical emergency"), an("noise report")) == ("an electrical emergency", "a noise report")
    assert shortened("one two three", 9) == "one two…"
    assert (emergency_number("us"), emergency_number("FR")) == ("911", "112")


def test_quiet_hours_may_pass_midnight() -> None:
    night = Building(quiet_from=dt.time(22), quiet_until=dt.time(7))
    nap = Building(quiet_from=dt.time(13), quiet_until=dt.time(15))
    assert [is_quiet(night, dt.time(hour)) for hour in (21, 22, 0, 6, 7)] == [False, True, True, True, False]
    assert [is_quiet(nap, dt.time(hour)) for hour in (12, 13, 15)] == [False, True, False]
    assert not is_quiet(Building(), dt.time(23))
