"""The ladder under a fake clock: random people, workers that come and go, answers at any moment."""

import datetime as dt
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.verticals.after_hours.core.ladder import (
    MOST,
    UNDECIDED,
    WINDOW,
    Call,
    Exhausted,
    Ladder,
    State,
    Verdict,
    acknowledge,
    advance,
    begin,
    close,
    downgrade,
    next_due,
    times,
)

START = dt.datetime(2026, 11, 23, 22, tzinfo=dt.UTC)
GRACE = dt.timedelta(seconds=10)
PEOPLE = tuple(f"p{number}" for number in range(12))


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


@dataclass
class World:
    """What outlives a worker: the ladder as it was kept last, and who was called when."""

    ladder: Ladder
    calls: list[tuple[dt.datetime, str]] = field(default_factory=list)
    alerts: list[dt.datetime] = field(default_factory=list)
    due: list[dt.datetime] = field(default_factory=list)

    def tick(self, now: dt.datetime, *, killed: bool) -> None:
        """A worker makes what is due. One that is killed leaves what it has not committed undone."""
        while True:
            planned = self.ladder.due_at
            ladder, step = advance(self.ladder, now)
            if step is None or killed:
                return
            self.ladder = ladder
            assert planned is not None
            self.due.append(planned)
            if isinstance(step, Call):
                self.calls.append((now, step.person))
            else:
                self.alerts.append(now)


@st.composite
def schedules(draw: st.DrawFn) -> tuple[tuple[str, ...], list[tuple[float, str, bool]]]:
    """People, and (second, what, flag) of what happens: a worker's turn (flag: killed), or somebody's answer."""
    people = tuple(draw(st.permutations(PEOPLE)))[: draw(st.integers(0, len(PEOPLE)))]
    gaps = st.one_of(st.floats(0.2, 1.5), st.floats(0.2, 1.5), st.floats(1.5, 400))
    second, happenings = 0.0, []
    for _ in range(draw(st.integers(0, 120))):
        second += draw(gaps)
        happenings.append((second, "worker", draw(st.integers(0, 9)) == 0))
    for _ in range(draw(st.integers(0, 3))):
        moment = draw(st.floats(0, 2_000))
        answer = draw(st.sampled_from(("acknowledge", "acknowledge", "downgrade")))
        happenings.append((moment, answer, draw(st.booleans())))
        if draw(st.booleans()):  # somebody else within 50 ms
            happenings.append((moment + draw(st.floats(0, 0.05)), answer, draw(st.booleans())))
    return people, sorted(happenings)


@settings(max_examples=500)
@given(schedules(), st.randoms(use_true_random=False))
def test_any_schedule(schedule: tuple[tuple[str, ...], list[tuple[float, str, bool]]], chance) -> None:
    people, happenings = schedule
    world = World(begin(Ladder(), people, now=START))
    winner, decided_at = "", None
    for second, what, flag in happenings:
        if what == "worker":
            world.tick(at(second), killed=flag)
            continue
        if not world.calls:
            continue  # only who was called answers
        person = chance.choice([who for _, who in world.calls])
        undecided = world.ladder.state in UNDECIDED
        answered = acknowledge if what == "acknowledge" else downgrade
        world.ladder, verdict = answered(world.ladder, person)
        assert (verdict in (Verdict.TAKEN, Verdict.ENDED)) == (
            undecided or (what == "downgrade" and winner == person and verdict is Verdict.ENDED)
        )
        if undecided:
            decided_at = at(second)
            winner = person if what == "acknowledge" else ""
    called = [who for _, who in world.calls]
    assert called == list(people[:MOST][: len(called)])  # none skipped, none twice, in order
    assert len(world.alerts) <= 1
    if world.alerts:
        assert len(called) == len(people[:MOST])
    for moment, _ in world.calls:
        assert decided_at is None or moment <= decided_at
    assert world.ladder.taken_by == winner or world.ladder.state is State.DOWNGRADED
    if winner and world.ladder.state is State.ACKNOWLEDGED:
        assert world.ladder.taken_by == winner
    _to_the_second(world, [at(second) for second, what, killed in happenings if what == "worker" and not killed])


def _to_the_second(world: World, turns: list[dt.datetime]) -> None:
    """Every step is made at the first turn of a living worker that is not before its time, and the times are the
    plan's: a window after the one before, which counts from its own time unless it began more than the grace late.
    """
    made = sorted([*(moment for moment, _ in world.calls), *world.alerts])
    expected = START
    for planned, moment in zip(world.due, made, strict=True):
        assert planned == expected
        assert moment == min(turn for turn in turns if turn >= planned)
        expected = (planned if moment - planned <= GRACE else moment) + WINDOW


def test_without_trouble_the_plan_is_exact() -> None:
    ladder = begin(Ladder(), PEOPLE, now=START)
    assert times(ladder) == tuple(at(120 * place) for place in range(MOST))
    steps = []
    for second in range(1_200):
        ladder, step = advance(ladder, at(second))
        if step is not None:
            steps.append((second, step))
    assert [second for second, _ in steps] == [120 * place for place in range(MOST + 1)]
    assert [step.person for _, step in steps if isinstance(step, Call)] == list(PEOPLE[:MOST])
    assert isinstance(steps[-1][1], Exhausted)
    assert (ladder.state, ladder.due_at, times(ladder)) == (State.MISSED, None, ())


def test_nobody_on_call_is_missed_at_once() -> None:
    ladder, step = advance(begin(Ladder(), (), now=START), START)
    assert (ladder.state, step) == (State.MISSED, Exhausted())


def test_who_is_called_late_keeps_the_whole_time() -> None:
    assert next_due(START, now=at(10), window=WINDOW) == at(120)
    assert next_due(START, now=at(10.5), window=WINDOW) == at(130.5)
    assert next_due(START, now=at(3), window=dt.timedelta(seconds=30)) == at(33)
    ladder = begin(Ladder(), PEOPLE[:3], now=START)
    ladder, step = advance(ladder, at(600))
    assert step == Call(0, "p0")
    assert advance(ladder, at(719))[1] is None
    assert advance(ladder, at(720))[1] == Call(1, "p1")


def test_the_first_answer_wins() -> None:
    ringing = begin(Ladder(), PEOPLE[:2], now=START)
    taken, verdict = acknowledge(ringing, "p0")
    assert (taken.state, taken.taken_by, taken.due_at, verdict) == (State.ACKNOWLEDGED, "p0", None, Verdict.TAKEN)
    assert acknowledge(taken, "p1") == (taken, Verdict.TOO_LATE)
    assert acknowledge(taken, "p0") == (taken, Verdict.YOURS_ALREADY)
    assert downgrade(taken, "p1") == (taken, Verdict.TOO_LATE)
    assert downgrade(taken, "p0")[1] is Verdict.ENDED
    assert advance(taken, at(9_999))[1] is None
    missed = replace(ringing, state=State.MISSED)
    assert acknowledge(missed, "p1")[1] is Verdict.TAKEN


def test_what_is_over_stays_over() -> None:
    ended, _ = downgrade(begin(Ladder(), PEOPLE[:2], now=START), "p0")
    for over in (ended, close(ended), close(begin(Ladder(), PEOPLE, now=START))):
        assert over.due_at is None
        assert acknowledge(over, "p1") == (over, Verdict.OVER)
        assert begin(over, PEOPLE, now=START) is over
    assert downgrade(close(ended), "p0")[1] is Verdict.OVER
    assert acknowledge(Ladder(), "p0")[1] is Verdict.OVER
