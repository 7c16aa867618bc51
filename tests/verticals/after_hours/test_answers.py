"""What people answer: by a key, by SMS, by calling back; and reports that come by text, voicemail, e-mail and API."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from apps.business.contacts import InvalidPhone
from apps.common.errors import InvalidInput
from apps.telephony import listeners
from apps.telephony.models import PlacedCall, TextMessage, Voicemail
from apps.verticals.after_hours import escalation, intake
from apps.verticals.after_hours.answers import Answers
from apps.verticals.after_hours.models import Incident, LineRules, Outreach, Responder
from tests.verticals.after_hours.conftest import CALLER, DRIP, FLOOD, SECOND, Line

OURS = "+12125550100"


@pytest.fixture
def answers() -> Answers:
    listener = listeners.listener_of("after_hours")
    assert isinstance(listener, Answers)
    return listener


def call_to(responder: Responder, **fields: str) -> PlacedCall:
    """The call of ours that rang last at somebody's."""
    row = Outreach.objects.filter(responder=responder, kind="call").order_by("-created_at", "-id")[0]
    call: PlacedCall = PlacedCall.objects.create(
        number=OURS, to=responder.phone, topic="after_hours", about=row.pk, **fields
    )
    return call


def text_from(number: str, body: str, about: str = "") -> TextMessage:
    text: TextMessage = TextMessage.objects.create(
        direction="inbound",
        number=OURS,
        other=number,
        body=body,
        about=about,
        status="received",
        carrier_message=f"SM{TextMessage.objects.count()}",
    )
    return text


def ring(line: Line, people: int = 2) -> Incident:
    incident = line.report()
    for number in range(people):
        escalation.climb(line.now + number * 120 * SECOND)
    return incident


class TestOnCall:
    def test_pressing_1_takes_it_for_whom_we_called(self, line: Line, answers: Answers) -> None:
        incident = ring(line)
        call = call_to(line.owen, status="in_progress")
        assert answers.digits_pressed(call, "5") is None
        said = answers.digits_pressed(call, "1")
        assert said is not None
        assert said.startswith("Thank you, AH-1001 is yours. The Alder, 12 River Road.")
        assert said.endswith("Goodbye.")
        incident.refresh_from_db()
        assert (incident.acknowledged_by, incident.state) == (line.owen, "acknowledged")
        late = answers.digits_pressed(call_to(line.nadia), "1")
        assert late == "Thank you, Owen Brandt has taken AH-1001 already. Goodbye."
        assert answers.digits_pressed(PlacedCall(about="orc_gone"), "1") is None

    @pytest.mark.parametrize("body", ["1", "ACK", "yes, on my way"])
    def test_a_text_takes_it(self, line: Line, answers: Answers, body: str) -> None:
        incident = ring(line)
        said = answers.text_received(text_from(line.nadia.phone, body))
        assert said is not None
        assert said.startswith("Thank you, AH-1001 is yours.")
        incident.refresh_from_db()
        assert incident.acknowledged_by == line.nadia
        assert (answers.text_received(text_from(line.nadia.phone, "1")) or "").startswith("AH-1001 is yours already.")
        assert (answers.text_received(text_from(line.owen.phone, "1")) or "").startswith("Thank you. There is nothing")

    def test_calling_back_takes_it(self, line: Line, answers: Answers) -> None:
        incident = ring(line)
        said = answers.called_back(call_to(line.nadia))
        assert said is not None
        assert "AH-1001 is yours" in said
        incident.refresh_from_db()
        assert (incident.acknowledged_by, incident.log.get(kind="acknowledged").text) == (
            *(line.nadia, "Nadia Flores, by calling back"),
        )
        assert answers.called_back(call_to(line.nadia)) is None  # the agent answers who has it already
        assert "has taken AH-1001 already" in (answers.called_back(call_to(line.owen)) or "")
        assert answers.called_back(PlacedCall(about="")) is None

    def test_downgrade_ends_it(self, line: Line, answers: Answers) -> None:
        incident = ring(line)
        said = answers.text_received(text_from(line.owen.phone, "DOWNGRADE"))
        assert said == "AH-1001 is no emergency any more. Our office takes it up when it opens."
        incident.refresh_from_db()
        assert (incident.state, incident.due_at) == ("downgraded", None)
        assert answers.called_back(call_to(line.nadia)) is None

    def test_who_has_taken_it_may_downgrade_it_and_others_may_not(self, line: Line, answers: Answers) -> None:
        ring(line)
        about = Outreach.objects.filter(responder=line.owen)[0].pk
        answers.text_received(text_from(line.nadia.phone, "1"))
        said = answers.text_received(text_from(line.owen.phone, "downgrade", about))
        assert said == "Thank you, Nadia Flores has taken AH-1001, so that is for them to say."
        assert "yours already" in (
            answers.text_received(text_from(line.nadia.phone, "1", Outreach.objects.filter(responder=line.nadia)[0].pk))
            or ""
        )
        assert "no emergency any more" in (answers.text_received(text_from(line.nadia.phone, "Downgrade please")) or "")

    def test_other_words_are_noted_and_asked_for_again(self, line: Line, answers: Answers) -> None:
        incident = ring(line)
        said = answers.text_received(text_from(line.nadia.phone, "who is it?"))
        assert said == "AH-1001: reply 1 or ACK to take it, DOWNGRADE if it is no emergency."
        assert incident.log.filter(kind="note", text="Nadia Flores: who is it?", responder=line.nadia).exists()
        answers.text_received(text_from(line.nadia.phone, "1"))
        assert answers.text_received(text_from(line.nadia.phone, "10 minutes")) == "I have noted that on AH-1001."

    def test_with_two_emergencies_an_answer_is_for_the_one_it_answers(self, line: Line, answers: Answers) -> None:
        first = ring(line, 1)
        second = line.report("Sewage everywhere", conversation_id="c")
        escalation.climb(line.now)
        about = Outreach.objects.filter(incident=first, responder=line.nadia)[0].pk
        assert "AH-1001 is yours" in (answers.text_received(text_from(line.nadia.phone, "1", about)) or "")
        assert "AH-1002 is yours" in (answers.text_received(text_from(line.nadia.phone, "1", about)) or "")
        second.refresh_from_db()
        assert second.acknowledged_by == line.nadia

    @pytest.mark.parametrize(
        ("fields", "status", "told"),
        [
            ({"status": "completed", "answered_by": "machine_end_beep"}, "machine", "an answering machine"),
            ({"status": "completed"}, "answered", "picked up"),
            ({"status": "no_answer"}, "not_reached", "did not pick up"),
            ({"status": "busy"}, "not_reached", "busy"),
            ({"status": "failed"}, "failed", "the call failed"),
        ],
    )
    def test_what_came_of_a_call_is_on_record_and_the_ladder_goes_on(
        self, line: Line, answers: Answers, fields: dict[str, str], status: str, told: str
    ) -> None:
        incident = ring(line, 1)
        call = call_to(line.nadia, **fields)
        answers.call_changed(call)
        answers.call_changed(call)
        row = Outreach.objects.get(kind="call")
        assert (row.status, row.reference) == (status, call.pk)
        assert told in incident.log.get(kind="reached").text
        assert escalation.climb(line.now + 120 * SECOND) == 1
        answers.call_changed(call_to(line.owen, status="ringing"))
        assert Outreach.objects.get(kind="call", responder=line.owen).status == "waiting"


class TestIntake:
    def test_a_text_is_a_report(self, line: Line, answers: Answers) -> None:
        said = answers.text_received(text_from(CALLER, "Water everywhere, a pipe burst at 12 River Road"))
        assert said == "Riverside Clinic: we are ringing our people on call for you now (AH-1001)."
        incident = Incident.objects.get()
        assert (incident.channel, incident.callback_phone, incident.building) == ("sms", CALLER, line.alder)
        assert answers.text_received(text_from(CALLER, "Hurry!")) == "Thank you, we have added that to AH-1001."

    def test_where_it_is_may_come_after(self, line: Line, answers: Answers) -> None:
        said = answers.text_received(text_from(CALLER, DRIP))
        assert said == (
            "Riverside Clinic: noted as AH-1001; our office calls you when it opens. Please text us the address and "
            "unit."
        )
        answers.text_received(text_from(CALLER, "Harbor Lofts, unit 9"))
        assert Incident.objects.get().building == line.lofts

    def test_danger_by_text(self, line: Line, answers: Answers) -> None:
        said = answers.text_received(text_from(CALLER, "I smell gas"))
        assert (said or "").startswith("If anybody is in danger, call 911 first.")

    def test_the_same_text_twice_is_one_report(self, line: Line) -> None:
        text = text_from(CALLER, FLOOD)
        intake.from_text(text)
        Incident.objects.update(state="closed")
        intake.from_text(text)
        assert Incident.objects.count() == 1

    def test_who_answers_our_notice_speaks_of_that(self, line: Line, answers: Answers) -> None:
        incident = ring(line)
        answers.text_received(text_from(line.nadia.phone, "1"))
        notice = Outreach.objects.get(purpose="notice")
        said = answers.text_received(text_from("+12125550199", "Use the side door", notice.pk))
        assert said == "Thank you, we have added that to AH-1001."
        assert incident.log.filter(kind="note", text="Use the side door").exists()

    @pytest.mark.parametrize(("wakes", "state"), [(True, "escalated"), (False, "pending")])
    def test_a_voicemail(self, line: Line, answers: Answers, wakes: bool, state: str) -> None:
        LineRules.objects.update(escalates_voicemail=wakes)
        voicemail = Voicemail.objects.create(
            carrier_call="CA1", caller=CALLER, number=OURS, recording="RE1", seconds=23, is_ready=True
        )
        answers.voicemail_left(voicemail)
        answers.voicemail_left(voicemail)
        incident = Incident.objects.get()
        assert (incident.channel, incident.state, incident.callback_phone) == ("voicemail", state, CALLER)

    def test_an_email(self, line: Line) -> None:
        told: dict[str, Any] = {
            "sender": "dana@example.com",
            "subject": "No heat",
            "body": "No heat at Harbor Lofts since noon.\nPhone: (212) 555-0142\nOn Monday Bob wrote:\n> a flood",
            "message_id": "<1@example.com>",
            "now": line.now,
        }
        incident, is_new = intake.from_email(**told)
        assert (is_new, intake.from_email(**told)) == (True, (incident, False))
        assert (incident.state, incident.building, incident.callback_phone) == ("escalated", line.lofts, CALLER)
        assert "flood" not in incident.description
        anonymous = intake.from_email(**told | {"message_id": "", "subject": "Tap", "body": "drips\nPhone: none"})
        assert intake.from_email(**told | {"message_id": "", "subject": "Tap", "body": "drips\nPhone: none"}) == (
            anonymous[0],
            False,
        )
        assert anonymous[0].callback_phone == ""

    def test_the_api(self, line: Line) -> None:
        report = intake.Report("k1", FLOOD, phone="212 555 0142", address="the Alder", unit="4B")
        incident, is_new = intake.from_api(report, now=line.now, actor="key:k")
        assert (is_new, incident.unit, incident.building, incident.channel) == (True, "4B", line.alder, "api")
        assert intake.from_api(report, now=line.now, actor="key:k") == (incident, False)
        for bad, error in (
            (intake.Report("", FLOOD), InvalidInput),
            (intake.Report("k2", " "), InvalidInput),
            (intake.Report("k2", FLOOD, phone="1"), InvalidPhone),
        ):
            with pytest.raises(error):
                intake.from_api(bad, now=line.now, actor="key:k")

    def test_after_half_a_day_a_text_is_a_new_report(self, line: Line) -> None:
        intake.from_text(text_from(CALLER, DRIP))
        Incident.objects.update(reported_at=timezone.now() - dt.timedelta(hours=13))
        intake.from_text(text_from(CALLER, "The drain is clogged"))
        assert Incident.objects.count() == 2
