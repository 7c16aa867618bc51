"""The pure rules: hours in every zone, the gate, pacing, scores, tables, names. Proofs by property tests."""

import datetime as dt
import string
import zoneinfo
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from apps.verticals.sales.core import rows
from apps.verticals.sales.core.discovery import Answers, findings, fit
from apps.verticals.sales.core.gate import Allowed, Facts, Later, Never, Permit, Rules, decide
from apps.verticals.sales.core.hours import LAWFUL, Window, may_ring, next_ring
from apps.verticals.sales.core.matching import meant
from apps.verticals.sales.core.optout import wants_no_calls
from apps.verticals.sales.core.pacing import MOST_LINES, Floor, may_begin
from apps.verticals.sales.core.retries import Pauses, next_try
from apps.verticals.sales.core.scoring import WEIGHTS, Findings, score, temperature

ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
zones = st.sampled_from(ZONES).map(zoneinfo.ZoneInfo)
moments = st.datetimes(
    min_value=dt.datetime(2024, 1, 1), max_value=dt.datetime(2030, 12, 31), timezones=st.just(dt.UTC)
)
times = st.times().map(lambda time: time.replace(second=0, microsecond=0))
windows = st.builds(Window, times, times)
HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)


class TestHours:
    @given(moments, st.lists(zones, min_size=1, max_size=4), windows)
    def test_it_never_rings_outside_the_lawful_hours_of_any_zone(self, moment, places, window) -> None:
        if may_ring(moment, places, window):
            for zone in places:
                local = moment.astimezone(zone).time()
                assert dt.time(8) <= local < dt.time(21)
                assert window.opens <= local < window.closes

    @given(moments, st.lists(zones, min_size=1, max_size=4), windows)
    def test_the_next_ring_is_within_the_hours_and_not_before(self, moment, places, window) -> None:
        found = next_ring(moment, places, window)
        if found is not None:
            assert found >= moment
            assert may_ring(found, places, window)
        else:
            assert not may_ring(moment, places, window)

    @settings(max_examples=40, deadline=None)
    @given(moments, zones, st.integers(8, 19))
    def test_nothing_earlier_would_do(self, moment, zone, opens) -> None:
        """Tried minute by minute."""
        window = Window(dt.time(opens), dt.time(opens + 1))
        found = next_ring(moment, [zone], window)
        assert found is not None
        probe = moment
        while probe < found:
            assert not may_ring(probe, [zone], window), probe
            probe += 5 * MINUTE

    @pytest.mark.parametrize("name", ZONES)
    def test_every_zone_on_the_days_its_clocks_change(self, name: str) -> None:
        """Every quarter of an hour around each change of two years, and every answer checked against the wall clock."""
        zone = zoneinfo.ZoneInfo(name)
        for change in changes(zone, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2028, 1, 1, tzinfo=dt.UTC)):
            for quarter in range(-4 * 26, 4 * 26):
                moment = change + quarter * 15 * MINUTE
                local = moment.astimezone(zone).time()
                assert may_ring(moment, [zone], LAWFUL) == (dt.time(8) <= local < dt.time(21))
                found = next_ring(moment, [zone], LAWFUL)
                assert found is not None
                assert dt.time(8) <= found.astimezone(zone).time() < dt.time(21)
                assert found - moment <= 13 * HOUR

    def test_a_number_that_says_nothing_never_rings(self) -> None:
        noon = dt.datetime(2026, 11, 23, 19, tzinfo=dt.UTC)
        assert not may_ring(noon, [], LAWFUL)
        assert next_ring(noon, [], LAWFUL) is None

    def test_zones_too_far_apart_have_no_hour_in_common(self) -> None:
        far = [zoneinfo.ZoneInfo("America/Denver"), zoneinfo.ZoneInfo("Asia/Kolkata")]
        assert next_ring(dt.datetime(2026, 11, 23, tzinfo=dt.UTC), far, LAWFUL) is not None
        assert next_ring(dt.datetime(2026, 11, 23, tzinfo=dt.UTC), far, Window(dt.time(9), dt.time(17))) is None

    def test_a_campaign_cannot_widen_the_lawful_hours(self) -> None:
        six = dt.datetime(2026, 11, 23, 6, tzinfo=DENVER)
        assert not may_ring(six, [DENVER], Window(dt.time(0), dt.time.max))
        assert next_ring(six, [DENVER], Window(dt.time(0), dt.time.max)) == six.replace(hour=8)


def changes(zone: zoneinfo.ZoneInfo, since: dt.datetime, until: dt.datetime) -> list[dt.datetime]:
    """The hours at which the zone's offset is another than six hours before."""
    found, probe = [], since
    while probe < until:
        later = probe + 6 * HOUR
        if probe.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            found.append(later)
        probe = later
    return found


DENVER = zoneinfo.ZoneInfo("America/Denver")
NOW = dt.datetime(2026, 11, 23, 17, tzinfo=dt.UTC)  # 10 AM in Denver
LONG_AGO = NOW - dt.timedelta(days=90)
WRITTEN = Permit(True, LONG_AGO)
OPEN = Facts(number="+13035550101", zones=[DENVER], is_forbidden=False, permits=[WRITTEN])
RULES = Rules(window=Window(dt.time(9), dt.time(18)), max_attempts=3, max_per_day=1)

permits = st.builds(
    Permit,
    st.booleans(),
    moments,
    st.one_of(st.none(), moments),
)
facts = st.builds(
    Facts,
    number=st.sampled_from(["", "+13035550101"]),
    zones=st.lists(zones, max_size=3),
    is_forbidden=st.booleans(),
    permits=st.lists(permits, max_size=3),
    is_closed=st.booleans(),
    attempts=st.integers(0, 5),
    recent=st.lists(moments, max_size=4),
)
rules = st.builds(
    Rules,
    window=windows,
    max_attempts=st.integers(0, 4),
    max_per_day=st.integers(0, 3),
    needs_written=st.booleans(),
    begins_at=st.one_of(st.none(), moments),
    ends_at=st.one_of(st.none(), moments),
)


class TestGate:
    @settings(max_examples=400)
    @given(facts, rules, moments)
    def test_who_may_be_called_now_may_be_by_every_rule(self, known, rule, now) -> None:
        if decide(known, rule, now) != Allowed():
            return
        assert known.number
        assert not known.is_forbidden
        assert not known.is_closed
        assert known.attempts < rule.max_attempts
        assert len([one for one in known.recent if one > now - 24 * HOUR]) < rule.max_per_day
        assert may_ring(now, known.zones, rule.window)
        assert any(
            (permit.is_written or not rule.needs_written)
            and permit.obtained_at <= now
            and (permit.expires_at is None or now < permit.expires_at)
            for permit in known.permits
        )
        assert rule.begins_at is None or rule.begins_at <= now
        assert rule.ends_at is None or now < rule.ends_at

    @settings(max_examples=300)
    @given(st.lists(zones, min_size=1, max_size=3), st.lists(moments, max_size=4), rules, moments)
    def test_later_is_later_and_then_it_is_allowed(self, places, recent, rule, now) -> None:
        known = Facts(
            "+13035550101", places, False, [Permit(True, dt.datetime(2020, 1, 1, tzinfo=dt.UTC))], recent=recent
        )
        match decide(known, rule, now):
            case Later(at, _):
                assert at > now
                assert decide(known, rule, at) == Allowed()

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"number": ""}, "no_number"),
            ({"is_forbidden": True}, "do_not_call"),
            ({"permits": []}, "no_consent"),
            ({"permits": [Permit(False, LONG_AGO)]}, "consent_not_written"),
            ({"permits": [Permit(True, LONG_AGO, NOW)]}, "consent_expired"),
            ({"permits": [Permit(True, NOW + HOUR)]}, "consent_expired"),
            ({"permits": [Permit(True, LONG_AGO, NOW + HOUR)], "recent": [NOW]}, "consent_expired"),
            ({"attempts": 3}, "attempts_used_up"),
            ({"zones": []}, "unknown_zone"),
            ({"is_closed": True}, "closed_lead"),
        ],
    )
    def test_each_reason_to_skip(self, changed, reason) -> None:
        assert decide(OPEN, RULES, NOW) == Allowed()
        assert decide(replace(OPEN, **changed), RULES, NOW) == Never(reason)

    @pytest.mark.parametrize(
        ("facts_changed", "rules_changed", "expected"),
        [
            ({}, {"window": Window(dt.time(11), dt.time(12))}, Later(NOW + HOUR, "outside_hours")),
            ({"recent": [NOW - HOUR]}, {}, Later(NOW + 23 * HOUR, "called_enough_today")),
            ({}, {"begins_at": NOW + HOUR}, Later(NOW + HOUR, "campaign_not_on")),
            ({}, {"ends_at": NOW}, Never("campaign_over")),
            ({}, {"window": Window(dt.time(12), dt.time(11))}, Never("no_common_hours")),
            ({}, {"max_per_day": 0}, Never("no_common_hours")),
        ],
    )
    def test_each_reason_to_wait(self, facts_changed, rules_changed, expected) -> None:
        found = decide(replace(OPEN, **facts_changed), replace(RULES, **rules_changed), NOW)
        assert found == expected


class TestPacing:
    @given(st.integers(0, 80), st.integers(0, 80), st.one_of(st.none(), st.integers(0, 40)), st.integers(0, 300),
           st.integers(0, 30))  # fmt: skip
    def test_never_more_than_the_lines_or_the_agents(self, lines, calling, agents, answered, abandoned) -> None:
        floor = Floor(lines, calling, agents, answered, abandoned)
        free = may_begin(floor, percent=3)
        assert free >= 0
        if free:
            assert calling + free <= min(lines, MOST_LINES)
            assert agents is None or free <= agents
            assert abandoned <= 1 or abandoned * 100 <= 3 * answered

    def test_five_lines(self) -> None:
        assert [may_begin(Floor(5, calling), percent=3) for calling in range(7)] == [5, 4, 3, 2, 1, 0, 0]
        assert may_begin(Floor(5, 0, answered=100, abandoned=3), percent=3) == 5
        assert may_begin(Floor(5, 0, answered=100, abandoned=4), percent=3) == 0
        assert may_begin(Floor(5, 0, answered=1, abandoned=1), percent=3) == 5


class TestRetries:
    PAUSES = Pauses(busy=HOUR, no_answer=2 * HOUR, machine=3 * HOUR)

    @pytest.mark.parametrize(
        ("ending", "hours"),
        [("busy", 1), ("no_answer", 2), ("machine", 3), ("failed", 2), ("canceled", 2), ("abandoned", 24)],
    )
    def test_by_what_became_of_it(self, ending, hours) -> None:
        assert next_try(ending, self.PAUSES, ended_at=NOW) == NOW + hours * HOUR

    def test_who_was_reached_is_not_tried_again(self) -> None:
        assert next_try("answered", self.PAUSES, ended_at=NOW) is None


LEVELS = [None, "none", "low", "medium", "high"]
levels = st.sampled_from(LEVELS)
all_levels = st.fixed_dictionaries(dict.fromkeys(WEIGHTS, levels))


class TestScore:
    @given(all_levels, st.sampled_from(sorted(WEIGHTS)), st.integers(0, 4))
    def test_it_is_bounded_and_a_better_answer_never_costs(self, found, name, better) -> None:
        points = score(Findings(**found))
        assert 0 <= points <= 100
        assume(better > LEVELS.index(found[name]))
        assert score(Findings(**{**found, name: LEVELS[better]})) >= points

    @given(all_levels)
    def test_a_disqualified_lead_has_none(self, found) -> None:
        assert score(Findings(**found, is_disqualified=True)) == 0

    def test_the_ends(self) -> None:
        assert sum(WEIGHTS.values()) == 100
        assert score(Findings("high", "high", "high", "high", "high", "high")) == 100
        assert score(Findings()) == 0
        assert [temperature(points) for points in (0, 34, 35, 69, 70, 100)] == [
            *("cold", "cold", "warm", "warm", "hot", "hot")
        ]

    def test_answers_become_levels(self) -> None:
        found = findings(Answers("buying", "this_quarter", "planned", "decides", 25, "neutral"))
        assert found == Findings("high", "high", "high", "medium", "medium", "medium")
        assert findings(Answers(disqualifier=" a student ")).is_disqualified
        assert [fit(size) for size in (None, 1, 2, 9, 10, 500, 501)] == [
            *(None, "low", "medium", "medium", "high", "high", "medium")
        ]


def table(*lines: str) -> rows.Sheet:
    split = [line.split(",") for line in lines]
    return rows.read(
        enumerate(split, start=1),
        e164=lambda text: f"+1{text}" if len(text) == 10 and text.isdigit() else None,
        today=dt.date(2026, 11, 23),
    )


HEADER = "First Name,Surname,Mobile,E-mail,Company,Consent,Consent date,Consent source"


class TestRows:
    def test_good_lines_become_leads(self) -> None:
        sheet = table(
            HEADER, "Ann,Lee,3035550101,ann@example.com,Lee Ltd,written,2026-11-01,Form", "Bo,,3035550102,,,,,"
        )
        assert sheet.problems == []
        ann, bo = sheet.rows
        assert (ann.line, ann.first_name, ann.last_name, ann.phone) == (2, "Ann", "Lee", "+13035550101")
        assert ann.consent == rows.ConsentClaim(True, dt.date(2026, 11, 1), "Form")
        assert (bo.first_name, bo.consent, bo.email) == ("Bo", None, "")

    @pytest.mark.parametrize(
        ("line", "column", "text", "is_kept"),
        [
            ("Ann,Lee,123,,,,,", "phone", "not a complete phone number", False),
            ("Ann,Lee,,,,,,", "phone", "no phone number", False),
            (",,3035550101,,,,,", "name", "no name", False),
            (f"{'A' * 81},Lee,3035550101,,,,,", "first_name", "at most 80", False),
            ("Ann,Lee,3035550101,ann(at)example,,,,", "email", "not an e-mail address", True),
            ("Ann,Lee,3035550101,,,maybe,2026-11-01,Form", "consent", "written” or “spoken", True),
            ("Ann,Lee,3035550101,,,written,,Form", "consent", "needs its date", True),
            ("Ann,Lee,3035550101,,,written,2026-12-01,Form", "consent", "in the future", True),
            ("Ann,Lee,3035550101,,,spoken,2026-11-01,", "consent", "needs its source", True),
        ],
    )
    def test_each_problem_is_reported(self, line, column, text, is_kept) -> None:
        sheet = table(HEADER, line)
        (problem,) = sheet.problems
        assert (problem.line, problem.column, problem.is_fatal) == (2, column, not is_kept)
        assert text in problem.text
        assert len(sheet.rows) == is_kept
        assert all(row.consent is None for row in sheet.rows)

    def test_every_problem_of_a_line_is_reported(self) -> None:
        sheet = table(HEADER, ",,12,x,,maybe,,")
        assert [problem.column for problem in sheet.problems] == ["name", "phone", "email", "consent"]

    def test_the_second_of_two_lines_is_a_duplicate(self) -> None:
        sheet = table(HEADER, "Ann,Lee,3035550101,,,,,", "Ann,Lee,3035550101,,,,,")
        assert [row.line for row in sheet.rows] == [2]
        assert [(problem.line, problem.text) for problem in sheet.problems] == [(3, "The same number is in line 2.")]

    @pytest.mark.parametrize(
        ("header", "missing"), [("Name,E-mail", "phone number"), ("Phone,E-mail", "the name"), ("", "phone number")]
    )
    def test_a_table_without_the_columns(self, header, missing) -> None:
        sheet = table(header, "Ann,Lee")
        assert missing in sheet.problems[0].text
        assert sheet.rows == []

    def test_no_table(self) -> None:
        assert rows.read([], e164=lambda text: text, today=dt.date(2026, 1, 1)).problems

    def test_full_names_are_split(self) -> None:
        sheet = rows.read(
            [(1, ["Name", "Phone"]), (2, ["Ann Mary Lee", "1"]), (3, ["Lee, Bo", "2"])],
            e164=lambda text: text,
            today=dt.date(2026, 1, 1),
        )
        assert [(row.first_name, row.last_name) for row in sheet.rows] == [("Ann", "Mary Lee"), ("Bo", "Lee")]

    def test_a_file_has_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rows, "MOST_ROWS", 1)
        sheet = table(HEADER, "Ann,Lee,3035550101,,,,,", "Bo,Lee,3035550102,,,,,", "Cy,Lee,3035550103,,,,,")
        assert len(sheet.rows) == 1
        assert [problem.line for problem in sheet.problems] == [3]

    @given(st.lists(st.lists(st.text(max_size=12), max_size=9), max_size=8))
    def test_whatever_it_holds_every_line_is_a_lead_or_a_problem(self, lines) -> None:
        sheet = rows.read(
            enumerate([HEADER.split(","), *lines], start=1),
            e164=lambda text: "+1" + text if text.isdigit() else None,
            today=dt.date(2026, 11, 23),
        )
        fatal = {problem.line for problem in sheet.problems if problem.is_fatal}
        assert {row.line for row in sheet.rows} | fatal == set(range(2, len(lines) + 2))
        assert not {row.line for row in sheet.rows} & fatal
        assert len({row.phone for row in sheet.rows}) == len(sheet.rows)


class TestWords:
    NAMES = {"a": ["Summit Starter", "small plan"], "b": ["Summit Crew", "pro"], "c": ["Summit Pay"]}

    @pytest.mark.parametrize(
        ("said", "keys"),
        [
            ("summit crew", ["b"]),
            ("the Starter plan please", ["a"]),
            ("stater", ["a"]),
            ("how much is pro", ["b"]),
            ("unicorn", []),
            ("summit", ["a", "b", "c"]),
            ("", []),
        ],
    )
    def test_products_by_words(self, said, keys) -> None:
        assert meant(said, self.NAMES) == keys

    @given(st.text(string.ascii_letters + " '", max_size=40))
    def test_any_words_find_only_products(self, said) -> None:
        assert set(meant(said, self.NAMES)) <= set(self.NAMES)

    @pytest.mark.parametrize(
        "text",
        [
            "Stop calling me",
            "please don't call again",
            "Remove me from your list",
            "take my number off",
            "LEAVE ME ALONE",
        ],
    )
    def test_the_wish_to_be_left_alone(self, text) -> None:
        assert wants_no_calls(text)

    @pytest.mark.parametrize("text", ["Call me tomorrow", "Who is calling?", "I cannot talk now, call later"])
    def test_other_words_are_no_such_wish(self, text) -> None:
        assert not wants_no_calls(text)
