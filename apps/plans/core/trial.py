"""The life of a subscription: a trial of 14 days with two reminders, then paused until someone subscribes.

Once there is a plan, the payment provider says how it stands (`Followed`). A payment that fails does not stop the
agents at once: they go on for the days of grace, and pause then.

A day is 24 hours of elapsed time, never a day on a wall calendar: no trial loses an hour when clocks go
forward, and changing the time zone of the business does not move the end of its trial.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, assert_never

TRIAL_DAYS: Final = 14
REMINDER_DAYS: Final = (11, 13)
FIRST_WORD: Final = timedelta(days=TRIAL_DAYS - REMINDER_DAYS[0])
"""How long before its end a trial has something due for the first time."""
GRACE_DAYS: Final = 7
"""How long the agents go on answering while an invoice is unpaid."""

Status = Literal["trial", "active", "paused", "canceled"]


@dataclass(frozen=True, slots=True)
class State:
    status: Status
    ends_at: datetime
    """When the trial ends, in UTC; it stays as it was once the trial is over."""
    reminded_day: int = 0
    """The latest of REMINDER_DAYS that was sent; 0 before the first."""
    unpaid_since: datetime | None = None
    """Since when a payment of the plan has failed; None when all is paid."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """Somebody took a plan."""


@dataclass(frozen=True, slots=True)
class Extended:
    """The trial was given more time. An `until` that is not later than the present end changes nothing."""

    until: datetime


@dataclass(frozen=True, slots=True)
class ReminderFailed:
    """The reminder of this day could not be sent."""

    day: int


@dataclass(frozen=True, slots=True)
class Followed:
    """So it stands with the payment provider, who has a subscription."""

    status: Literal["active", "paused", "canceled"]
    unpaid_since: datetime | None = None


Event = Tick | Subscribed | Extended | ReminderFailed | Followed


@dataclass(frozen=True, slots=True)
class SendReminder:
    day: int


@dataclass(frozen=True, slots=True)
class Pause:
    """The agents stop answering."""


@dataclass(frozen=True, slots=True)
class Resume:
    """The agents answer again."""


Action = SendReminder | Pause | Resume


def start(now: datetime) -> State:
    """A new trial."""
    # In UTC first: arithmetic on a datetime in a local zone follows the wall clock.
    return State("trial", now.astimezone(UTC) + timedelta(days=TRIAL_DAYS))


def handle(state: State, event: Event, now: datetime) -> tuple[State, list[Action]]:
    """The state after the event, and what is to be done about it. The same event again does nothing more."""
    match event:
        case Tick():
            return _tick(state, now)
        case Subscribed():
            stopped = state.status in ("paused", "canceled")
            return replace(state, status="active", unpaid_since=None), [Resume()] if stopped else []
        case Followed():
            return _follow(state, event, now)
        case Extended(until):
            return _extend(state, until.astimezone(UTC), now)
        case ReminderFailed(day):
            before = max((other for other in REMINDER_DAYS if other < day), default=0)
            return replace(state, reminded_day=before) if state.reminded_day == day else state, []
        case _:
            assert_never(event)


def _follow(state: State, said: Followed, now: datetime) -> tuple[State, list[Action]]:
    followed = replace(state, status=said.status, unpaid_since=said.unpaid_since)
    followed, _ = _tick(followed, now)
    answered, answers = state.status in ("trial", "active"), followed.status in ("trial", "active")
    if answered == answers:
        return followed, []
    return followed, [Resume() if answers else Pause()]


def grace_ends_at(unpaid_since: datetime) -> datetime:
    """When the agents pause, unless it is paid before."""
    return unpaid_since + timedelta(days=GRACE_DAYS)


def _tick(state: State, now: datetime) -> tuple[State, list[Action]]:
    if state.status == "active" and state.unpaid_since is not None and now >= grace_ends_at(state.unpaid_since):
        return replace(state, status="paused"), [Pause()]
    if state.status != "trial":
        return state, []
    if now >= state.ends_at:
        return replace(state, status="paused"), [Pause()]
    # Days are counted back from the end, so that reminders stay right after an extension. A tick late enough
    # for both sends the later one only: two mails at once would say the same.
    due = max((day for day in REMINDER_DAYS if now >= _reminder_at(state, day)), default=0)
    if due <= state.reminded_day:
        return state, []
    return replace(state, reminded_day=due), [SendReminder(due)]


def _reminder_at(state: State, day: int) -> datetime:
    return state.ends_at - timedelta(days=TRIAL_DAYS - day)


def _extend(state: State, until: datetime, now: datetime) -> tuple[State, list[Action]]:
    if state.status not in ("trial", "paused") or until <= state.ends_at:
        return state, []
    extended = replace(state, ends_at=until, reminded_day=0)  # the reminders sent so far named another day
    if state.status == "paused" and now < until:
        return replace(extended, status="trial"), [Resume()]
    return extended, []
