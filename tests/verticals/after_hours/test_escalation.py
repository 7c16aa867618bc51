"""Ladders in the database: what the worker does, who takes it, and what is kept of it."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.tenants.models import AuditEntry
from apps.tenants.scope import tenant_scope
from apps.verticals.after_hours import escalation, incidents, rotations
from apps.verticals.after_hours.core.ladder import Verdict
from apps.verticals.after_hours.escalation import BY_KEY, BY_SMS, NotRinging
from apps.verticals.after_hours.incidents import IncidentClosed, NoEmergency
from apps.verticals.after_hours.models import (
    Incident,
    LineRules,
    LogEntry,
    Outreach,
    Override,
    Responder,
    Rung,
)
from tests.verticals.after_hours.conftest import CALLER, DRIP, FLOOD, SECOND, Line


def kinds(incident: Incident) -> list[str]:
    return list(incident.log.order_by("at", "id").values_list("kind", flat=True))


def sent(**where: object) -> list[tuple[str, str, str]]:
    return sorted(Outreach.objects.filter(**where).values_list("kind", "purpose", "to"))


def acknowledge(incident: Incident, responder: Responder, now: dt.datetime, via: str = BY_SMS) -> Verdict:
    return escalation.acknowledge(incident=incident, responder=responder, via=via, now=now, actor="test")


def test_an_emergency_puts_who_is_on_call_on_its_ladder(line: Line) -> None:
    incident = line.report()
    assert (incident.state, incident.due_at, incident.rotation) == ("escalated", line.now, line.plumbing)
    people = [(rung.responder, rung.due_at, rung.begun_at) for rung in incident.rungs.all()]
    assert people == [
        (person, line.now + number * 120 * SECOND, None)
        for number, person in enumerate((line.nadia, line.owen, line.rosa))
    ]
    assert kinds(incident) == ["reported", "escalated"]
    assert line.report("The sink is broken", conversation_id="c1").state == "pending"
    assert AuditEntry.objects.filter(action="incident.escalated", target=incident.pk).exists()


def test_a_trade_without_a_rotation_has_the_one_for_everything_else(line: Line) -> None:
    incident = line.report("Sparks came out of the outlet")
    assert [rung.responder for rung in incident.rungs.all()] == [line.rosa, line.owen]


def test_leave_is_respected_and_who_cannot_be_called_is_not(line: Line) -> None:
    Override.objects.create(
        responder=line.nadia, starts_at=line.now - 60 * SECOND, ends_at=line.now + 60 * SECOND, rotation=line.plumbing
    )
    Responder.objects.filter(pk=line.rosa.pk).update(is_active=False)
    incident = line.report()
    assert [rung.responder for rung in incident.rungs.all()] == [line.owen]
    later = line.report(conversation_id="c1", now=line.now + 60 * SECOND)
    assert [rung.responder for rung in later.rungs.all()] == [line.nadia, line.owen]


def test_each_has_120_seconds_and_a_call_and_a_text_at_once(line: Line) -> None:
    incident = line.report()
    assert escalation.climb(line.now - SECOND) == 0
    assert escalation.climb(line.now) == 1
    assert escalation.climb(line.now) == 0
    assert sent() == [("call", "rung", line.nadia.phone), ("text", "rung", line.nadia.phone)]
    assert escalation.climb(line.now + 119 * SECOND) == 0
    assert escalation.climb(line.now + 121 * SECOND) == 1
    incident.refresh_from_db()
    assert incident.due_at == line.now + 240 * SECOND  # the plan does not drift with the worker
    assert escalation.climb(line.now + 240 * SECOND) == 1
    begun = list(incident.rungs.values_list("begun_at", flat=True))
    assert begun == [line.now, line.now + 121 * SECOND, line.now + 240 * SECOND]
    words = Outreach.objects.get(kind="call", responder=line.nadia).words
    assert words == (
        "This is Riverside Clinic. A plumbing emergency at The Alder, 12 River Road. A pipe burst and water is "
        "everywhere. The caller's number is 2 1 2, 5 5 5, 0 1 4 2. Press 1 to take it."
    )
    text = Outreach.objects.get(kind="text", responder=line.nadia).words
    for part in ("AH-1001", "key box by the dock", CALLER, "ACK", "DOWNGRADE"):
        assert part in text


def test_after_an_outage_nobody_is_skipped_and_each_keeps_their_time(line: Line) -> None:
    incident = line.report()
    late = line.now + 500 * SECOND
    assert escalation.climb(late) == 1
    assert escalation.climb(late + 119 * SECOND) == 0
    assert escalation.climb(late + 120 * SECOND) == 1
    assert [rung.due_at for rung in incident.rungs.all()] == [line.now, late + 120 * SECOND, late + 240 * SECOND]


def test_everybody_missed_it_so_the_owner_is_alerted(line: Line) -> None:
    incident = line.report()
    for number in range(4):
        assert escalation.climb(line.now + number * 120 * SECOND) == 1
    incident.refresh_from_db()
    assert (incident.state, incident.due_at) == ("missed", None)
    assert sent(purpose="alert") == [
        ("call", "alert", line.helen.phone),
        ("email", "alert", "owner@example.com"),
        ("text", "alert", line.helen.phone),
    ]
    assert sorted(kinds(incident)[-2:]) == ["alerted", "missed"]
    assert escalation.climb(line.now + 9_999 * SECOND) == 0
    assert acknowledge(incident, line.helen, line.now + 600 * SECOND) is Verdict.TAKEN


def test_nobody_on_call_and_nobody_to_alert_is_on_record(line: Line) -> None:
    Responder.objects.update(is_active=False)
    LineRules.objects.update(alert_email="")
    incident = line.report()
    assert escalation.climb(line.now) == 1
    incident.refresh_from_db()
    assert incident.state == "missed"
    assert incident.log.get(kind="alerted").text.startswith("Nobody is named")
    assert not Outreach.objects.exists()


def test_the_first_who_answers_has_it(line: Line) -> None:
    incident = line.report()
    escalation.climb(line.now)
    escalation.climb(line.now + 120 * SECOND)
    Outreach.objects.filter(kind="call").update(status="sent", reference="out_x")
    moment = line.now + 130 * SECOND
    assert acknowledge(incident, line.owen, moment, BY_KEY) is Verdict.TAKEN
    assert acknowledge(incident, line.nadia, moment + 0.05 * SECOND) is Verdict.TOO_LATE
    assert acknowledge(incident, line.owen, moment + SECOND) is Verdict.YOURS_ALREADY
    incident.refresh_from_db()
    assert (incident.state, incident.acknowledged_by, incident.acknowledged_at) == ("acknowledged", line.owen, moment)
    assert escalation.climb(line.now + 9_999 * SECOND) == 0
    assert set(Outreach.objects.filter(kind="text", purpose="rung").values_list("status", flat=True)) == {"dropped"}
    assert list(Outreach.objects.filter(hangs_up=True).values_list("to", flat=True)) == [line.nadia.phone]
    notice = Outreach.objects.get(purpose="notice")
    assert (notice.to, "Owen Brandt looks after your report AH-1001" in notice.words) == (CALLER, True)
    assert kinds(incident)[-2:] == ["acknowledged", "too_late"]
    assert incident.log.get(kind="acknowledged").responder == line.owen


def test_downgraded_it_is_for_the_office(line: Line) -> None:
    incident = line.report()
    escalation.climb(line.now)
    arguments: dict[str, Any] = {"incident": incident, "via": BY_SMS, "now": line.now, "actor": "test"}
    assert escalation.downgrade(responder=line.nadia, **arguments) is Verdict.ENDED
    assert escalation.downgrade(responder=line.owen, **arguments) is Verdict.OVER
    assert acknowledge(incident, line.owen, line.now) is Verdict.OVER
    assert escalation.climb(line.now + 9_999 * SECOND) == 0
    incident.refresh_from_db()
    assert (incident.state, incident.is_open) == ("downgraded", False)
    with pytest.raises(NotRinging):
        escalation.leave_to_office(incident=line.report(DRIP, conversation_id="c"), now=line.now, actor="test")


def test_closing_calls_off_who_was_called(line: Line) -> None:
    incident = line.report()
    escalation.climb(line.now)
    incidents.close(incident=incident, reason="Mended", now=line.now + SECOND, actor="test")
    assert escalation.climb(line.now + 9_999 * SECOND) == 0
    assert sent(purpose="notice") == [("text", "notice", line.nadia.phone)]
    with pytest.raises(IncidentClosed):
        incidents.close(incident=incident, reason="", now=line.now, actor="test")
    with pytest.raises(IncidentClosed):
        incidents.add_note(incident=incident, text="more", now=line.now, actor="test")
    with pytest.raises(IncidentClosed):
        incidents.correct(incident=incident, changes={"unit": "5"}, now=line.now, actor="test")


def test_what_is_added_can_make_an_emergency_of_it(line: Line) -> None:
    incident = line.report(DRIP)
    assert incident.state == "pending"
    incident = incidents.add_note(incident=incident, text="The neighbor has it, too", now=line.now, actor="test")
    assert incident.state == "pending"
    with pytest.raises(NoEmergency):
        incidents.insist(incident=incident, reason="I pay rent", now=line.now, actor="test")
    incident = incidents.insist(incident=incident, reason="Now the pipe burst", now=line.now, actor="test")
    assert (incident.state, incident.rungs.count()) == ("escalated", 3)
    escalation.climb(line.now)
    incidents.add_note(incident=incident, text="It runs into the lamp", now=line.now, actor="test")
    incidents.add_note(incident=incident, text="It runs into the lamp", now=line.now, actor="test")
    assert sent(purpose="notice") == [("text", "notice", line.nadia.phone)]
    incidents.correct(incident=incident, changes={"building": line.lofts, "unit": "9"}, now=line.now, actor="test")
    assert incident.log.get(kind="corrected").text == "Harbor Lofts, 240 Quay Street, unit 9"
    assert Outreach.objects.filter(words="AH-1001: Harbor Lofts, 240 Quay Street, unit 9").exists()


def test_the_same_told_twice_is_one(line: Line) -> None:
    first = line.report(conversation_id="conv_1")
    assert line.report("Water everywhere!", conversation_id="conv_1") == first
    assert line.report("Sparks came out", conversation_id="conv_1") != first
    assert line.report(source="email:x") == line.report("other words", source="email:x")


def test_the_log_is_append_only(line: Line) -> None:
    entry = line.report().log.get(kind="reported")
    entry.text = "Nothing happened"
    with pytest.raises(ValidationError, match="append-only"):
        entry.save()
    with pytest.raises(ValidationError, match="append-only"):
        entry.delete()


def test_every_transition_is_a_row(line: Line) -> None:
    incident = line.report(DRIP)
    incidents.add_note(incident=incident, text="It burst", now=line.now, actor="test")
    escalation.climb(line.now)
    acknowledge(incident, line.nadia, line.now)
    incidents.close(incident=incident, reason="Done", now=line.now, actor="test")
    states = list(dict.fromkeys(LogEntry.objects.order_by("id").values_list("state", flat=True)))
    assert sorted(states) == sorted(["pending", "escalated", "acknowledged", "closed"])


def test_the_threshold_and_the_time_are_the_businesss_own(line: Line) -> None:
    LineRules.objects.update(threshold=0.95, rung_seconds=60)
    assert line.report().state == "pending"
    LineRules.objects.update(threshold=0.05)
    incident = line.report(DRIP, conversation_id="c")
    assert (incident.state, incident.rung_seconds) == ("escalated", 60)
    escalation.climb(line.now)
    assert escalation.climb(line.now + 60 * SECOND) == 1


def test_another_businesss_ladders_are_climbed_in_its_own_scope(line: Line, harbor: Line) -> None:
    incident = line.report()
    with tenant_scope(harbor.tenant.pk):
        theirs = harbor.report()
    assert escalation.climb(line.now) == 2
    assert set(Outreach.objects.values_list("incident_id", flat=True)) == {incident.pk}
    with tenant_scope(harbor.tenant.pk):
        assert set(Outreach.objects.values_list("incident_id", flat=True)) == {theirs.pk}


def test_one_broken_ladder_delays_no_other(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = line.report(), line.report("Sparks came out of the outlet", conversation_id="c")
    steps = escalation._steps

    def fail(incident: Incident, now: dt.datetime) -> int:
        if incident == broken:
            raise ZeroDivisionError
        return steps(incident, now)

    monkeypatch.setattr(escalation, "_steps", fail)
    assert escalation.climb(line.now) == 1
    assert Rung.objects.get(begun_at__isnull=False).incident == sound


def test_who_is_on_call_costs_the_same_for_many(line: Line) -> None:
    with CaptureQueriesContext(connection) as few:
        rotations.everybody_on_call(now=line.now)
    for number in range(6):
        responder = Responder.objects.get(pk=line.nadia.pk)
        Override.objects.create(
            responder=responder, starts_at=line.now - SECOND, ends_at=line.now + (number + 1) * SECOND
        )
    with CaptureQueriesContext(connection) as many:
        assert len(rotations.everybody_on_call(now=line.now)) == 2
    assert len(many) == len(few)


def test_calling_costs_the_same_however_long_the_ladder(line: Line) -> None:
    line.report(FLOOD)
    with CaptureQueriesContext(connection) as first:
        escalation.climb(line.now)
    LineRules.objects.update(rung_seconds=120)
    line.report("Sparks came out of the outlet", conversation_id="c")
    with CaptureQueriesContext(connection) as shorter:
        escalation.climb(line.now)
    assert len(shorter) == len(first)
