"""The trial's machine: any schedule of ticks, clocks that change, extensions, failures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.plans.core.allowance import Refused, decide
from apps.plans.core.catalogue import STARTER
from apps.plans.core.trial import (
    REMINDER_DAYS,
    TRIAL_DAYS,
    Action,
    Event,
    Extended,
    Pause,
    ReminderFailed,
    Resume,
    SendReminder,
    State,
    Subscribed,
    Tick,
    handle,
    start,
)

NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)
START = datetime(2026, 6, 1, 12, tzinfo=UTC)

offsets = st.timedeltas(min_value=timedelta(0), max_value=20 * DAY)
schedules = st.lists(offsets, max_size=30)
events = st.one_of(
    st.just(Tick()),
    st.just(Subscribed()),
    st.builds(Extended, st.builds(lambda offset: START + offset, offsets)),
    st.builds(ReminderFailed, st.sampled_from(REMINDER_DAYS)),
)


def run(state: State, schedule: list[timedelta]) -> tuple[State, list[Action]]:
    happened: list[Action] = []
    for offset in schedule:
        state, actions = handle(state, Tick(), START + offset)
        happened += actions
    return state, happened


@given(schedules)
def test_reminders_come_at_most_once_in_order_and_never_after_the_pause(schedule: list[timedelta]) -> None:
    _, actions = run(start(START), schedule)  # in any order: a clock may be set back
    days = [action.day for action in actions if isinstance(action, SendReminder)]
    assert all(earlier < later for earlier, later in pairwise(days))
    assert set(days) <= set(REMINDER_DAYS)
    assert actions.count(Pause()) <= 1
    assert Pause() not in actions[:-1]


@given(schedules)
def test_paused_exactly_when_the_time_is_up(schedule: list[timedelta]) -> None:
    state, _ = run(start(START), sorted(schedule))
    is_over = bool(schedule) and max(schedule) >= TRIAL_DAYS * DAY
    assert (state.status == "paused") is is_over


@given(schedules)
def test_a_reminder_never_comes_early_and_comes_if_any_tick_falls_between(schedule: list[timedelta]) -> None:
    state, at = start(START), {}
    for offset in sorted(schedule):
        state, actions = handle(state, Tick(), START + offset)
        at.update({action.day: offset for action in actions if isinstance(action, SendReminder)})
    for day, until in ((11, 13), (13, 14)):
        due = [offset for offset in sorted(schedule) if day * DAY <= offset < until * DAY]
        assert at.get(day) == (due[0] if due else None)


@given(st.lists(st.tuples(events, offsets), max_size=20), events, offsets)
def test_the_same_event_again_does_nothing_more(
    history: list[tuple[Event, timedelta]], event: Event, offset: timedelta
) -> None:
    state = start(START)
    for past, at in history:
        state, _ = handle(state, past, START + at)
    once, _ = handle(state, event, START + offset)
    assert handle(once, event, START + offset) == (once, [])


@given(st.lists(st.tuples(events, offsets), max_size=20))
def test_paused_never_answers_and_pauses_and_resumes_alternate(
    history: list[tuple[Event, timedelta]],
) -> None:
    state, answering = start(START), True
    for event, offset in history:
        state, actions = handle(state, event, START + offset)
        for action in actions:
            if isinstance(action, Pause):
                assert answering
                answering = False
            elif isinstance(action, Resume):
                assert not answering
                answering = True
        decision = decide(status=state.status, plan=STARTER, used=0, overage="bill")
        assert isinstance(decision, Refused) is not answering


@pytest.mark.parametrize(
    "began",
    [
        pytest.param(datetime(2026, 3, 1, 2, 30, tzinfo=NEW_YORK), id="clocks go forward on day 7"),
        pytest.param(datetime(2026, 2, 22, 2, 30, tzinfo=NEW_YORK), id="it would end in the skipped hour"),
        pytest.param(datetime(2026, 10, 25, 1, 30, tzinfo=NEW_YORK), id="clocks go back on day 7"),
        pytest.param(datetime(2026, 10, 18, 1, 30, tzinfo=NEW_YORK), id="it would end in the repeated hour"),
        pytest.param(datetime(2026, 6, 1, 12, tzinfo=UTC), id="no change"),
    ],
)
def test_the_days_that_matter(began: datetime) -> None:
    """Every trial is 336 hours long, whatever the clocks on the wall do; `now` may be in any zone."""
    state, seen = start(began), {}
    for day in (0, 11, 13, 14, 15):
        moment = began.astimezone(UTC) + timedelta(hours=24 * day)
        if day:
            state, early = handle(state, Tick(), (moment - timedelta(seconds=1)).astimezone(NEW_YORK))
            assert early == []
        state, seen[day] = handle(state, Tick(), moment.astimezone(NEW_YORK))
    assert seen == {0: [], 11: [SendReminder(11)], 13: [SendReminder(13)], 14: [Pause()], 15: []}


def test_a_late_tick_sends_only_the_reminder_that_still_fits() -> None:
    state, actions = handle(start(START), Tick(), START + 13.5 * DAY)
    assert actions == [SendReminder(13)]
    assert handle(state, Tick(), START + 13.6 * DAY)[1] == []


def test_a_tick_that_comes_after_the_end_only_pauses() -> None:
    assert handle(start(START), Tick(), START + 40 * DAY)[1] == [Pause()]


def test_a_reminder_that_failed_is_sent_again_unless_a_later_one_was() -> None:
    state, _ = handle(start(START), Tick(), START + 11 * DAY)
    state, _ = handle(state, ReminderFailed(11), START + 11 * DAY)
    state, actions = handle(state, Tick(), START + 11.1 * DAY)
    assert actions == [SendReminder(11)]
    state, _ = handle(state, Tick(), START + 13 * DAY)
    assert handle(state, ReminderFailed(11), START + 13 * DAY) == (state, [])
    state, _ = handle(state, ReminderFailed(13), START + 13 * DAY)
    assert handle(state, Tick(), START + 13.1 * DAY)[1] == [SendReminder(13)]


def test_subscribing_ends_the_trial_for_good() -> None:
    active, actions = handle(start(START), Subscribed(), START + 3 * DAY)
    assert actions == []
    assert handle(active, Tick(), START + 30 * DAY) == (active, [])


@pytest.mark.parametrize("status", ["paused", "canceled"])
def test_subscribing_resumes(status: str) -> None:
    stopped = replace(start(START), status=status)  # type: ignore[arg-type]
    state, actions = handle(stopped, Subscribed(), START + 30 * DAY)
    assert (state.status, actions) == ("active", [Resume()])


def test_an_extension_moves_the_reminders_with_the_end() -> None:
    state, _ = handle(start(START), Tick(), START + 13 * DAY)
    state, actions = handle(state, Extended(START + 20 * DAY), START + 13.5 * DAY)
    assert (state.ends_at, actions) == (START + 20 * DAY, [])
    assert handle(state, Tick(), START + 16.9 * DAY)[1] == []
    assert handle(state, Tick(), START + 17 * DAY)[1] == [SendReminder(11)]
    assert handle(state, Tick(), START + 20 * DAY)[1] == [Pause()]


def test_an_extension_in_local_time_counts_back_in_hours() -> None:
    until = datetime(2026, 11, 2, 1, tzinfo=NEW_YORK)  # a day and an hour after November 1, 01:00
    state, _ = handle(start(datetime(2026, 10, 10, tzinfo=UTC)), Extended(until), datetime(2026, 10, 12, tzinfo=UTC))
    reminder_at = datetime(2026, 11, 1, 6, tzinfo=UTC)  # 01:00 for the second time
    state, _ = handle(state, Tick(), reminder_at - timedelta(seconds=1))
    assert state.reminded_day == 11
    assert handle(state, Tick(), reminder_at)[1] == [SendReminder(13)]


def test_an_extension_resumes_a_paused_trial_only_into_the_future() -> None:
    paused, _ = handle(start(START), Tick(), START + 20 * DAY)
    resumed, actions = handle(paused, Extended(START + 25 * DAY), START + 21 * DAY)
    assert (resumed.status, actions) == ("trial", [Resume()])
    still, actions = handle(paused, Extended(START + 20.5 * DAY), START + 21 * DAY)
    assert (still.status, actions) == ("paused", [])


@pytest.mark.parametrize("status", ["active", "canceled"])
def test_an_extension_is_for_trials(status: str) -> None:
    state = replace(start(START), status=status)  # type: ignore[arg-type]
    assert handle(state, Extended(START + 99 * DAY), START) == (state, [])


def test_an_extension_never_shortens() -> None:
    state = start(START)
    assert handle(state, Extended(START + 13 * DAY), START) == (state, [])
