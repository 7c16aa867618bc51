"""What goes out: at once, once for each key, also after a worker died between the sending and its record."""

import asyncio
import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import mail
from django.db import connection

from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.after_hours import escalation, outreach
from apps.verticals.after_hours.core.ladder import Verdict
from apps.verticals.after_hours.escalation import BY_SMS
from apps.verticals.after_hours.models import Incident, Outreach, Responder
from apps.verticals.after_hours.phone import Receipt
from tests.verticals.after_hours.conftest import SECOND, Line, RecordingPhone, make_line

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def line(clinic: Tenant) -> Line:
    """Not in scope: what goes out is sent by threads of its own."""
    with tenant_scope(clinic.pk):
        line = make_line(clinic)
    return line


def ring(line: Line) -> Incident:
    """An incident whose primary is to be called."""
    with tenant_scope(line.tenant.pk):
        incident = line.report()
    assert escalation.climb(line.now) == 1
    return incident


def statuses(line: Line, **where: object) -> dict[str, str]:
    with tenant_scope(line.tenant.pk):
        return dict(Outreach.objects.filter(**where).values_list("kind", "status"))


def take(line: Line, incident: Incident, now: dt.datetime) -> None:
    with tenant_scope(line.tenant.pk):
        escalation.acknowledge(incident=incident, responder=line.nadia, via=BY_SMS, now=now, actor="test")


def test_a_call_and_a_text_go_out_once(line: Line, phone: RecordingPhone) -> None:
    ring(line)
    assert outreach.reach_out(line.now, phone) == 2
    assert outreach.reach_out(line.now, phone) == 0
    assert sorted(phone.reached()) == [("call", line.nadia.phone), ("text", line.nadia.phone)]
    assert statuses(line) == {"call": "sent", "text": "sent"}
    (call,) = [order for order in phone.orders if order.kind == "call"]
    assert "Press 1 to take it." in call.words
    assert "Call back, or answer our text with 1" in call.message
    assert call.key == call.about


def test_after_a_kill_the_text_goes_again_and_the_phone_rings_once(
    line: Line, phone: RecordingPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring(line)

    with monkeypatch.context() as patch:
        patch.setattr(outreach, "_record", lambda *_: None)  # as if the worker had been killed between the two
        assert outreach.reach_out(line.now, phone) == 2
    assert set(statuses(line).values()) == {"waiting"}
    assert outreach.reach_out(line.now + SECOND, phone) == 0  # the claim of the dead still holds
    assert outreach.reach_out(line.now + outreach.LEASE, phone) == 2
    assert sorted(order.kind for order in phone.orders) == ["call", "text", "text"]
    assert statuses(line) == {"call": "sent", "text": "sent"}


def test_a_refusal_is_on_record_and_the_ladder_goes_on(line: Line, phone: RecordingPhone) -> None:
    incident = ring(line)
    phone.answer = Receipt(error="carrier_refused")
    outreach.reach_out(line.now, phone)
    assert statuses(line) == {"call": "failed", "text": "failed"}
    with tenant_scope(line.tenant.pk):
        told = sorted(incident.log.filter(kind="reached").values_list("text", flat=True))
    assert told == ["Call failed (carrier_refused)", "SMS failed (carrier_refused)"]
    assert escalation.climb(line.now + 120 * SECOND) == 1


@pytest.mark.parametrize("trouble", [Receipt(error="carrier_unavailable", is_sure=False), ZeroDivisionError()])
def test_what_may_not_have_gone_out_is_tried_again_for_a_rungs_window(
    line: Line, phone: RecordingPhone, trouble: Receipt | Exception
) -> None:
    ring(line)
    phone.answer = trouble
    for number in range(7):
        assert outreach.reach_out(line.now + number * outreach.LEASE, phone) == 0
        assert set(statuses(line).values()) == {"waiting"}
    assert outreach.reach_out(line.now + 7 * outreach.LEASE, phone) == 2
    assert set(statuses(line).values()) == {"unconfirmed"}
    phone.answer = None
    assert outreach.reach_out(line.now + 9 * outreach.LEASE, phone) == 0


def test_a_carrier_that_hangs_keeps_nobody_waiting(
    line: Line, phone: RecordingPhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring(line)
    monkeypatch.setattr(outreach, "_PATIENCE", 0.05)
    monkeypatch.setattr(phone, "send", lambda order: asyncio.sleep(60))
    assert outreach.reach_out(line.now, phone) == 0
    assert statuses(line) == {"call": "waiting", "text": "waiting"}


def test_who_is_not_needed_any_more_is_not_called_or_is_hung_up_on(line: Line, phone: RecordingPhone) -> None:
    incident = ring(line)
    take(line, incident, line.now)
    assert outreach.reach_out(line.now, phone) == 1  # the caller is told
    assert phone.reached() == [("text", "+12125550142")]
    second = Line(**{**line.__dict__})
    with tenant_scope(line.tenant.pk):
        other = second.report(conversation_id="c")
    escalation.climb(line.now)
    outreach.reach_out(line.now, phone)
    take(line, other, line.now)
    outreach.reach_out(line.now, phone)
    call = next(order for order in phone.orders if order.kind == "call")
    assert phone.ended == [phone.receipts[call.key].reference]
    assert outreach.reach_out(line.now, phone) == 0


def test_a_call_that_was_ordered_while_somebody_took_it_is_ended(line: Line, phone: RecordingPhone) -> None:
    incident = ring(line)
    with tenant_scope(line.tenant.pk):
        rows = list(Outreach.objects.filter(kind="call"))
    take(line, incident, line.now)
    outreach._record(rows[0], Receipt("out_late"), line.now)
    outreach.reach_out(line.now, phone)
    assert phone.ended == ["out_late"]


def test_the_owner_gets_an_email_too(line: Line, phone: RecordingPhone) -> None:
    ring(line)
    for number in range(1, 4):
        escalation.climb(line.now + number * 120 * SECOND)
    outreach.reach_out(line.now, phone)
    (message,) = mail.outbox
    assert message.to == ["owner@example.com"]
    assert message.subject == "Nobody on call has answered a plumbing emergency at The Alder, 12 River Road."
    assert ("call", line.helen.phone) in phone.reached()


def test_an_incident_that_is_gone_is_no_trouble(line: Line, phone: RecordingPhone) -> None:
    ring(line)
    with tenant_scope(line.tenant.pk):
        rows = list(Outreach.objects.all())
        Outreach.objects.all().delete()
    outreach._record(rows[0], Receipt("out_x"), line.now)
    assert outreach.reach_out(line.now, phone) == 0


def test_without_a_public_address_nothing_is_ordered_and_nothing_raised(line: Line) -> None:
    ring(line)
    outreach.reach_out(line.now)
    with tenant_scope(line.tenant.pk):
        assert set(Outreach.objects.values_list("status", "error")) == {("failed", "no_public_address")}


def test_of_all_who_answer_at_the_same_moment_one_has_it(line: Line) -> None:
    incident = ring(line)
    people = [line.nadia, line.owen, line.rosa, line.helen]
    together = threading.Barrier(len(people))

    def answer(responder: Responder) -> Verdict:
        try:
            together.wait(10)
            with tenant_scope(line.tenant.pk):
                return escalation.acknowledge(
                    incident=incident, responder=responder, via=BY_SMS, now=line.now, actor="test"
                )
        finally:
            connection.close()

    with ThreadPoolExecutor(len(people)) as pool:
        verdicts = list(pool.map(answer, people))
    assert sorted(verdicts) == [Verdict.TAKEN, *[Verdict.TOO_LATE] * 3]
    with tenant_scope(line.tenant.pk):
        incident.refresh_from_db()
        assert incident.acknowledged_by == people[verdicts.index(Verdict.TAKEN)]
        assert sorted(incident.log.filter(at=line.now, responder__isnull=False).values_list("kind", flat=True)) == [
            *("acknowledged", "called", "too_late", "too_late", "too_late"),
        ]
