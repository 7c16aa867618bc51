"""The pump against a carrier that writes down what it is told: who rings, who does not, and what a stop means."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from apps.common import duties
from apps.telephony import listeners, placed, placing
from apps.telephony.calls import CarrierRefused, CarrierUnavailable, Outbound
from apps.telephony.models import PhoneNumber, PlacedCall, TextMessage
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.sales import campaigns, dialed, dialer, permission, pump
from apps.verticals.sales.listener import NO_MORE_CALLS, SalesListener
from apps.verticals.sales.models import Callback, Campaign, CampaignLead, DialedCall, DoNotCall
from tests.conftest import make_tenant
from tests.verticals.sales.conftest import DENVER, Summit, in_denver, make_summit

NOW = dt.datetime(2026, 11, 23, 17, tzinfo=dt.UTC)


class Carrier:
    """Takes orders; `refusal` is raised instead."""

    def __init__(self) -> None:
        self.rung: list[Outbound] = []
        self.refusal: Exception | None = None

    async def start_call(self, call: Outbound) -> str:
        if self.refusal is not None:
            raise self.refusal
        self.rung.append(call)
        return f"CA{len(self.rung)}"


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Carrier:
    carrier = Carrier()
    settings.PUBLIC_URL = "https://calls.example"
    monkeypatch.setattr(placing, "gateway", lambda: carrier)
    return carrier


@pytest.fixture
def floor(transactional_db: None) -> Iterator[Summit]:
    """A campaign with three leads, in no scope: as a worker comes to it."""
    tenant = make_tenant("summit", "Summit", vertical="sales")
    with tenant_scope(tenant.pk):
        summit = make_summit(in_denver(tenant, "+13035550199"))
        summit.enroll(summit.nora, summit.ben, summit.carla)
    with time_machine.travel(NOW, tick=False):
        yield summit


def calls(summit: Summit) -> list[DialedCall]:
    with tenant_scope(summit.tenant.pk):
        return list(DialedCall.objects.order_by("id"))


def report(summit: Summit, call: DialedCall, status: str) -> DialedCall:
    """As the carrier's webhook tells it."""
    with tenant_scope(summit.tenant.pk):
        made = PlacedCall.objects.get(key=call.pk)
        placed.report(call_id=made.pk, carrier_call=made.carrier_call, status=status, seconds=20, now=NOW)
        return DialedCall.objects.get(pk=call.pk)


def test_the_duty_and_the_listener_are_registered() -> None:
    assert any(duty.name == "sales.dialer" and duty.perform is pump.perform for duty in duties.registered())
    assert isinstance(listeners.listener_of("sales"), SalesListener)


def test_what_is_claimed_rings_once(floor: Summit, carrier: Carrier) -> None:
    assert pump.perform(NOW) == 3
    assert sorted(call.to for call in carrier.rung) == [DENVER, "+13035550102", "+13035550103"]
    assert {call.from_ for call in carrier.rung} == {"+13035550199"}
    assert {call.state for call in calls(floor)} == {"dialing"}
    assert pump.perform(NOW) == 0
    assert len(carrier.rung) == 3


def test_the_phone_tells_how_it_went(floor: Summit, carrier: Carrier) -> None:
    pump.perform(NOW)
    call = calls(floor)[0]
    assert report(floor, call, "ringing").state == "ringing"
    ended = report(floor, call, "busy")
    assert (ended.state, ended.ending) == ("ended", "busy")
    with tenant_scope(floor.tenant.pk):
        assert CampaignLead.objects.get(pk=call.entry_id).next_at == NOW + dt.timedelta(minutes=30)


def test_a_message_for_machines_says_the_way_out(floor: Summit, carrier: Carrier) -> None:
    with tenant_scope(floor.tenant.pk):
        Campaign.objects.update(voicemail="Hello from Summit.")
    pump.perform(NOW)
    with tenant_scope(floor.tenant.pk):
        made = PlacedCall.objects.first()
    assert made.on_machine == "message"
    assert made.message == ("Hello from Summit. If you want no more calls from Summit, call (303) 555-0199 and say so.")


def test_between_claim_and_call_a_stop_still_counts(floor: Summit, carrier: Carrier) -> None:
    """For each way to say stop: what was claimed is not dialed."""
    tenant_id = floor.tenant.pk
    with tenant_scope(tenant_id):
        nora, ben, carla = sorted(dialer.claim(now=NOW), key=lambda call: call.phone)
        permission.forbid(phone=nora.phone, source="asked", now=NOW, actor="x")
        assert dialed.confirm(call_id=nora.pk, now=NOW) is None
        campaigns.stop_all(is_stopped=True, now=NOW, actor="x")
        assert dialed.confirm(call_id=ben.pk, now=NOW) is None
        campaigns.stop_all(is_stopped=False, now=NOW, actor="x")
        campaigns.pause(campaign=floor.campaign, now=NOW, actor="x")
        assert dialed.confirm(call_id=carla.pk, now=NOW) is None
    assert [call.ending for call in calls(floor)] == ["not_dialed"] * 3
    assert pump.perform(NOW) == 0
    assert carrier.rung == []


def test_a_number_that_the_carrier_refuses_counts_as_tried(floor: Summit, carrier: Carrier) -> None:
    carrier.refusal = CarrierRefused("No.", carrier_code=21211)
    assert pump.perform(NOW) == 0
    assert {call.ending for call in calls(floor)} == {"failed"}
    with tenant_scope(floor.tenant.pk):
        assert set(CampaignLead.objects.values_list("attempts", "state")) == {(1, "waiting")}


def test_where_nobody_can_be_called_the_campaign_is_paused(floor: Summit, carrier: Carrier, settings: Any) -> None:
    settings.PUBLIC_URL = ""
    with tenant_scope(floor.tenant.pk):
        callback = Callback.objects.create(lead=floor.nora, at=NOW, next_at=NOW)
    assert pump.perform(NOW) == 0
    with tenant_scope(floor.tenant.pk):
        assert Campaign.objects.get().status == Campaign.Status.PAUSED
        callback.refresh_from_db()
        assert (callback.state, callback.attempts) == ("promised", 0)
        assert callback.next_at == NOW + dt.timedelta(hours=1)
        assert set(CampaignLead.objects.values_list("attempts", flat=True)) == {0}
    assert {call.ending for call in calls(floor)} == {"not_dialed"}


def test_a_carrier_that_does_not_answer_may_have_rung(floor: Summit, carrier: Carrier) -> None:
    carrier.refusal = CarrierUnavailable("Gone.", carrier_code=0)
    assert pump.perform(NOW) == 0
    assert {call.state for call in calls(floor)} == {"dialing"}  # the lines stay taken
    with tenant_scope(floor.tenant.pk):
        assert PlacedCall.objects.filter(status="unconfirmed").count() == 3


def test_a_worker_that_is_killed_after_its_claim_calls_nobody_twice(floor: Summit, carrier: Carrier) -> None:
    with tenant_scope(floor.tenant.pk):
        left = dialer.claim(now=NOW)  # and the process is gone
    assert pump.perform(NOW + dt.timedelta(seconds=30)) == 0
    later = NOW + dt.timedelta(minutes=3)
    with time_machine.travel(later, tick=False):
        pump.perform(later)
        assert pump.perform(later + dt.timedelta(minutes=2)) == 3
    assert len(carrier.rung) == 3
    with tenant_scope(floor.tenant.pk):
        # It was not dead but slow: its keys are used up.
        for call in left:
            assert dialed.confirm(call_id=call.pk, now=later) is None
        assert set(CampaignLead.objects.values_list("attempts", flat=True)) == {1}


def test_an_account_that_fails_keeps_no_other_back(
    floor: Summit, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_tenant("other", "Other", vertical="sales")
    with tenant_scope(other.pk):
        theirs = make_summit(in_denver(other, "+13035550198"))
        theirs.enroll(theirs.nora)
    claim, broken = dialer.claim, min(other.pk, floor.tenant.pk)

    def claim_or_fail(*, now: dt.datetime) -> list[DialedCall]:
        found = claim(now=now)
        if found and found[0].tenant_id == broken:
            raise RuntimeError
        return found

    monkeypatch.setattr(dialer, "claim", claim_or_fail)
    assert pump.perform(NOW) in (1, 3)


def test_nothing_to_do_is_nothing_done(transactional_db: None, carrier: Carrier) -> None:
    assert pump.perform(NOW) == 0


def text(tenant: Tenant, body: str) -> TextMessage:
    number = PhoneNumber.objects.get().number
    return TextMessage.objects.create(direction="inbound", number=number, other=DENVER, body=body, status="received")


def test_whoever_writes_that_they_want_no_calls_gets_none(summit: Summit) -> None:
    assert SalesListener().text_received(text(summit.tenant, "Who is this?")) is None
    assert not DoNotCall.objects.exists()
    assert SalesListener().text_received(text(summit.tenant, "Please don't call me again")) == NO_MORE_CALLS
    assert DoNotCall.objects.get().phone == DENVER
