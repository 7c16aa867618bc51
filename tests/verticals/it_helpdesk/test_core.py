"""The pure parts: flows, codes, names, ranking, routing and the clock."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.business.core.wording import listed, spoken_week
from apps.verticals.it_helpdesk.cast import ARTICLES
from apps.verticals.it_helpdesk.cast_guides import GUIDES
from apps.verticals.it_helpdesk.core.clock import due_at
from apps.verticals.it_helpdesk.core.codes import read_code, spelled
from apps.verticals.it_helpdesk.core.flow import ENDINGS, SOLVED, TICKET, Answer, Step, problems, walk
from apps.verticals.it_helpdesk.core.names import folded, same_company, same_person
from apps.verticals.it_helpdesk.core.ranking import Document, rank
from apps.verticals.it_helpdesk.core.routing import HUMAN, MINUTES, categorize, urgency_of
from apps.verticals.it_helpdesk.core.wording import counted, spoken_moment

KEYS = ("a", "b", "c", "d", "e")
TARGET = st.sampled_from(("", *KEYS, *ENDINGS))
FLOW = st.lists(TARGET, min_size=2, max_size=10).map(
    lambda targets: [
        Step(key, f"{key}?", yes, no) for key, yes, no in zip(KEYS, targets[::2], targets[1::2], strict=False)
    ]
)


@st.composite
def sound_flows(draw: st.DrawFn) -> list[Step]:
    """One answer goes on to the next step, the other anywhere further on or to an end."""
    keys = KEYS[: draw(st.integers(1, len(KEYS)))]
    steps = []
    for place, key in enumerate(keys):
        further = draw(st.sampled_from((*keys[place + 1 :], *ENDINGS)))
        following = keys[place + 1] if place + 1 < len(keys) else draw(st.sampled_from(ENDINGS))
        targets = (further, following) if draw(st.booleans()) else (following, further)
        steps.append(Step(key, "?", *targets))
    return steps


@given(sound_flows(), st.data())
def test_a_sound_flow_ends_for_everybody_and_asks_nothing_twice(steps: list[Step], data: st.DataObject) -> None:
    assert problems(steps) == []
    answers: list[Answer] = []
    asked: list[str] = []
    while (place := walk(steps, answers)).step is not None:
        asked.append(place.step.key)
        assert len(asked) <= len(steps)
        answers.append(Answer(place.step.key, data.draw(st.booleans())))
    assert place.ending in ENDINGS
    assert len(asked) == len(set(asked))
    assert [(step.key, yes) for step, yes in place.tried] == [(one.key, one.yes) for one in answers]


@given(FLOW, st.lists(st.tuples(st.sampled_from(KEYS), st.booleans()), max_size=8))
def test_any_answers_lead_somewhere(steps: list[Step], answers: list[tuple[str, bool]]) -> None:
    """Also in a flow that is not sound, or has been changed while somebody was in it."""
    place = walk(steps, [Answer(*answer) for answer in answers])
    assert (place.step is None) == (place.ending in ENDINGS)
    assert len(place.tried) <= len(answers)


def test_defaults_of_a_step() -> None:
    steps = [Step("one", "1?"), Step("two", "2?")]
    assert walk(steps, []).step == steps[0]
    assert walk(steps, [Answer("one", True)]).ending == SOLVED
    assert walk(steps, [Answer("one", False)]).step == steps[1]
    assert walk(steps, [Answer("one", False), Answer("two", False)]).ending == TICKET
    assert walk([], []).ending == TICKET


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ([], "at least one step"),
        ([Step("a", "?"), Step("a", "?")], "Two steps"),
        ([Step("solved", "?")], "is an ending"),
        ([Step("a", "?", "nowhere")], "is no step"),
        ([Step("a", "?", "", "solved"), Step("b", "?")], "Nothing leads to “b”"),
        ([Step("a", "?", "b"), Step("b", "?", "a")], "leads back"),
    ],
)
def test_what_is_wrong_with_a_flow(steps: list[Step], problem: str) -> None:
    assert problem in " ".join(problems(steps))


@pytest.mark.parametrize("row", GUIDES, ids=lambda row: row[1])
def test_the_demos_guides_are_sound(row: tuple) -> None:
    assert problems([Step(*step) for step in row[3]]) == []
    assert all(text.endswith("?") for _, text, _, _ in row[3])


@given(st.from_regex(r"[0-9]{4}", fullmatch=True))
def test_a_code_is_read_however_it_is_said(code: str) -> None:
    assert read_code(code) == read_code(" ".join(code)) == read_code(spelled(code)) == code
    assert read_code(f"{code[:2]}-{code[2:]}") == code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("double four one nine", "4419"),
        ("four seven oh nine", "4709"),
        ("471", None),
        ("47199", None),
        ("my dog", None),
        ("", None),
        ("triple 5 2", "5552"),
    ],
)
def test_codes(said: str, code: str | None) -> None:
    assert read_code(said) == code


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("Harlow & Finch LLP", "harlow and finch", True),
        ("Northgate Dental", "North Gate Dental", True),
        ("Northgate Dental", "Nothgate Dental Inc.", True),
        ("Northgate Dental", "Northgate Dentistry", False),
        ("Northgate Dental", "Southgate Dental", False),
        ("", "", False),
        ("LLC", "Inc", False),
    ],
)
def test_companies(first: str, second: str, same: bool) -> None:
    assert same_company(first, second) is same
    assert same_company(second, first) is same


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("Zoë Hill", "zoe hill", True),
        ("Dana Whitfield", "Dana Whitefield", True),
        ("Maria Elena Cruz", "Elena Cruz", True),
        ("Jon Smith", "Jan Smith", False),
        ("Dana Whitfield", "Dana", False),
        ("", "", False),
    ],
)
def test_people(first: str, second: str, same: bool) -> None:
    assert same_person(first, second) is same


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_can_be_compared(first: str, second: str) -> None:
    assert same_company(first, second) == same_company(second, first)
    assert same_person(first, second) == same_person(second, first)
    assert folded(folded(first)) == folded(first)


GUIDE_DOCUMENTS = [Document(title, title, symptoms) for _, title, symptoms, _ in GUIDES]
ARTICLE_DOCUMENTS = [Document(title, title, text) for title, _, text, _ in ARTICLES]


@pytest.mark.parametrize(
    ("said", "guide"),
    [
        ("our printer is jammed again", "Paper jam"),
        ("there's paper stuck in it", "Paper jam"),
        ("the pages have black streaks", "Faded or streaky pages"),
        ("scans don't arrive", "Scanner does not scan"),
        ("the wifi keeps dropping", "Wi-Fi does not work"),
        ("I can't get into the vpn from home", "VPN does not connect"),
        ("my S drive is gone", "Network drive is missing"),
        ("outlook crashes when I start it", "Outlook does not open"),
        ("my message is stuck in the outbox", "Messages are not sent"),
        ("my laptop is so slow today", "Computer is slow"),
        ("blue screen!", "Frozen or blue screen"),
        ("I forgot my password", "Cannot sign in"),
        ("the second monitor has no picture", "Screen stays black"),
        ("no dial tone on my desk phone", "No dial tone"),
        ("callers hear an echo", "Poor call quality"),
        ("voicemial light is on", "Voicemail does not work"),
    ],
)
def test_the_right_guide_comes_first(said: str, guide: str) -> None:
    assert rank(said, GUIDE_DOCUMENTS)[0].key == guide


@pytest.mark.parametrize(
    ("asked", "article"),
    [
        ("how do I set an out of office reply", "Set an out-of-office reply in Outlook"),
        ("how can I share my calender", "Share your calendar"),
        ("how do I print on both sides", "Print on both sides"),
        ("can I forward my desk phone?", "Forward your desk phone"),
    ],
)
def test_the_right_article_comes_first(asked: str, article: str) -> None:
    assert rank(asked, ARTICLE_DOCUMENTS)[0].key == article


@given(st.text(max_size=80))
def test_any_text_can_be_ranked(text: str) -> None:
    hits = rank(text, GUIDE_DOCUMENTS)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all(0 < hit.share <= 1.000001 for hit in hits)


@pytest.mark.parametrize(
    ("said", "category"),
    [
        ("The cooling in our data center has failed", "data_center"),
        ("our server room lost the network", "data_center"),
        ("I got a phishing email", "security"),
        ("the printers are offline", "printer"),
        ("Outlook shows no calendar", "email"),
        ("VPN does not connect", "network"),
        ("blue screen on my laptop", "computer"),
        ("I need a chair", "other"),
    ],
)
def test_whose_desk(said: str, category: str) -> None:
    assert categorize(said) == category


@given(st.sampled_from(["network", "security", "data_center", "other"]), st.sampled_from([None, *MINUTES]))
def test_urgency_is_never_less_than_the_category_demands(category: str, wished: str | None) -> None:
    urgency = urgency_of(category, wished)
    assert urgency in MINUTES
    if category in HUMAN:
        assert urgency == "critical"
    if category == "security":
        assert urgency in ("critical", "high")
    if category in ("network", "other"):
        assert urgency == (wished or "normal")


START = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 600)), max_size=12),
    st.integers(0, 2_000),
    st.integers(1, 2_000),
)
def test_exactly_the_allowance_of_open_time_passes(gaps: list[tuple[int, int]], begin: int, allowance: int) -> None:
    spans, moment = [], 0
    for gap, length in gaps:
        spans.append((moment + gap, moment + gap + length))
        moment += gap + length
    aware = [(START + dt.timedelta(minutes=a), START + dt.timedelta(minutes=b)) for a, b in spans]
    due = due_at(START + dt.timedelta(minutes=begin), dt.timedelta(minutes=allowance), aware)
    end = moment if due is None else int((due - START).total_seconds() // 60)
    passed = sum(max(0, min(b, end) - max(a, begin)) for a, b in spans)
    assert passed < allowance if due is None else passed == allowance


def test_wording() -> None:
    today = dt.date(2026, 11, 23)
    assert spoken_moment(dt.datetime(2026, 11, 23, 12), today=today) == "today at noon"
    assert spoken_moment(dt.datetime(2026, 11, 24, 9, 30), today=today) == "Tuesday, November 24 at 9:30 AM"
    assert spoken_moment(dt.datetime(2027, 11, 24, 0), today=today) == "Wednesday, November 24, 2027 at midnight"
    assert (counted(1, "ticket"), counted(3, "ticket")) == ("one ticket", "3 tickets")
    assert listed(["a", "b", "c"], word="or") == "a, b or c"
    week = [[(dt.time(7), dt.time(19))]] * 5 + [[(dt.time(9), dt.time(14))], []]
    assert spoken_week(week) == "Monday to Friday from 7 AM to 7 PM and Saturday from 9 AM to 2 PM"
