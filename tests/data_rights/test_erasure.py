"""An erasure leaves no trace: not in any table, not in Redis, not in a file; and takes nobody else with it."""

import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone

from apps.agents.knowledge import sources
from apps.business.data_rights import erasures, requests, sweep
from apps.business.data_rights.progress import LostClaim, Progress
from apps.business.data_rights.requests import WrongName
from apps.business.models import Contact, DataRequest
from apps.common.database import in_thread
from apps.common.redis import client
from apps.conversations import turns
from apps.conversations.models import Conversation, ToolCall, Turn
from apps.plans.models import UsageEntry
from apps.telephony.account import configured
from apps.telephony.models import OptOut, TextMessage, Voicemail
from apps.telephony.simulated.exchange import Exchange
from apps.tenants import keys
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.scope import tenant_scope
from tests.data_rights import everywhere
from tests.data_rights.conftest import Person, erase, make_person


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("slug", ["healthcare", "salon"])
async def test_no_trace_is_left(slug: str, files: Path) -> None:
    person = await make_person(slug)
    await in_thread(_check_erasure, person)


def _check_erasure(person: Person) -> None:
    before = everywhere.places(person.words)
    assert {"business_contact", "business_booking"} & before["database"]
    assert {"conversations_turn", "conversations_toolcall", "telephony_textmessage", "tenants_auditentry"} <= before[
        "database"
    ]
    assert before["redis"], "the chat's log must have held them, or this proves nothing"
    assert len(before["files"]) == 3
    with tenant_scope(person.tenant.pk):
        used = sorted(UsageEntry.objects.values_list("kind", "quantity"))
        others = Contact.objects.count()

    request = erase(person)

    assert everywhere.places(person.words) == {"database": set(), "redis": set(), "files": set()}
    assert request.report["erased"]["Conversations"] == 2
    with tenant_scope(person.tenant.pk):
        assert sorted(UsageEntry.objects.values_list("kind", "quantity")) == used
        assert Contact.objects.count() == others - 1
        other = Contact.objects.get(pk=person.other.pk)
        assert other.notes == "Neighbor of [erased]."
        kept = Conversation.objects.get(contact=other)
        assert Turn.objects.get(conversation=kept).text == "Tell [erased], [erased], or [erased]"
        assert ToolCall.objects.get(conversation=kept).result == {
            "phone": "[erased]",
            "rows": [{"name": "[erased]"}],
            "n": 7,
        }
        trail = AuditEntry.objects.filter(target=person.contact.pk, action__startswith="contact.")
        assert sorted(trail.values_list("action", flat=True)) == [
            "contact.created",
            "contact.erased",
            "contact.erasure_asked",
        ]


@pytest.fixture
def tom(tenant: Tenant) -> Contact:
    contact: Contact = Contact.objects.create(
        given_name="Tom", family_name="Becker", phone="+12128675309", email="tom@becker.example"
    )
    return contact


def finish(contact: Contact) -> DataRequest:
    return erase(Person(contact.tenant, contact, contact))


@pytest.mark.django_db
def test_the_name_is_typed_to_confirm(tom: Contact) -> None:
    for typed in ("", "Tom", "tom becker", "Tom  Beckers"):
        with pytest.raises(WrongName):
            requests.ask_erasure(contact=tom, typed_name=typed, actor="user:1", now=timezone.now())
    assert not DataRequest.objects.exists()
    first = requests.ask_erasure(contact=tom, typed_name=" Tom  Becker ", actor="user:1", now=timezone.now())
    again = requests.ask_erasure(contact=tom, typed_name="Tom Becker", actor="user:2", now=timezone.now())
    assert first == again


@pytest.mark.django_db
def test_a_number_on_a_list_of_those_not_to_text_stays_with_its_reason(tom: Contact) -> None:
    OptOut.objects.create(number=tom.phone)
    (row,) = [each for each in erasures.preview(tom) if each["rule"] == "keep"]
    request = finish(tom)
    assert OptOut.objects.get().number == tom.phone
    assert request.report["kept"] == [{"what": row["what"], "count": 1, "why": row["why"]}]
    assert "STOP" in row["why"]


@pytest.mark.django_db
def test_what_somebody_else_shares_is_not_taken_from_them(tom: Contact) -> None:
    ann: Contact = Contact.objects.create(given_name="Ann", family_name="Becker", phone=tom.phone, notes="Tom Becker")
    TextMessage.objects.create(direction="inbound", number="+12125550100", other=tom.phone, body="Ann here")
    request = finish(tom)
    ann.refresh_from_db()
    assert (ann.phone, ann.notes) == ("+12128675309", "")
    assert TextMessage.objects.get().other == ann.phone
    assert request.report["shared"] == ["phone number"]


@pytest.mark.django_db
def test_a_namesake_keeps_their_name(tom: Contact) -> None:
    other: Contact = Contact.objects.create(given_name="TOM", family_name="Becker", notes="Tom Becker the elder")
    request = finish(tom)
    other.refresh_from_db()
    assert other.notes == "Tom Becker the elder"
    assert request.report["shared"] == ["name"]


@pytest.mark.django_db
def test_the_businesss_own_words_are_named_and_left(tom: Contact) -> None:
    source = sources.add(title="House rules", data=b"Ask Tom Becker for the key.", actor="user:1")
    source.pieces.create(source=source, position=0, text="Ask Tom Becker for the key.", terms="ask key")
    request = finish(tom)
    assert source.pieces.get().text == "Ask Tom Becker for the key."
    assert len(request.report["mentions"]) == 1


@pytest.mark.django_db
def test_another_tenants_rows_are_not_touched(tom: Contact, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.pk):
        theirs: Contact = Contact.objects.create(given_name="Tom", family_name="Becker", phone=tom.phone)
        TextMessage.objects.create(direction="inbound", number="+1", other=tom.phone, body="Tom Becker")
    finish(tom)
    with tenant_scope(other_tenant.pk):
        theirs.refresh_from_db()
        assert theirs.phone == "+12128675309"
        assert TextMessage.objects.get().body == "Tom Becker"


@pytest.mark.django_db
def test_a_worker_that_lost_its_claim_stops(tom: Contact) -> None:
    now = timezone.now()
    request = requests.ask_erasure(contact=tom, typed_name="Tom Becker", actor="user:1", now=now)
    stale = requests._claim(now)
    assert stale is not None
    fresh = requests._claim(now + dt.timedelta(minutes=2))
    assert fresh is not None
    with pytest.raises(LostClaim):
        erasures.erase(Progress(stale, tom.tenant))
    assert Contact.objects.filter(pk=tom.pk).exists()
    request.refresh_from_db()
    assert request.claim == fresh.claim


@pytest.mark.django_db(transaction=True)
async def test_a_voicemails_sound_is_deleted_at_the_carrier(clinic: Tenant, settings: object) -> None:
    async with Exchange(configured()) as exchange:
        settings.TWILIO_API_BASE = exchange.url  # type: ignore[attr-defined]
        exchange.recordings = {"RE1": b"RIFF", "RE2": b"RIFF"}
        request = await in_thread(_erase_voicemail, clinic)
        assert exchange.recordings == {"RE2": b"RIFF"}
    assert request.report["by_hand"] == []


@pytest.mark.django_db(transaction=True)
async def test_what_no_carrier_can_be_asked_to_delete_is_named(clinic: Tenant, settings: object) -> None:
    settings.TWILIO_API_BASE = ""  # type: ignore[attr-defined]
    request = await in_thread(_erase_voicemail, clinic)
    assert request.report["by_hand"] == ["Voicemail RE1: delete its sound at your phone company."]


def _erase_voicemail(clinic: Tenant) -> DataRequest:
    with tenant_scope(clinic.pk):
        contact: Contact = Contact.objects.create(given_name="Tom", family_name="Becker", phone="+12128675309")
        for caller, recording in ((contact.phone, "RE1"), ("+12125550177", "RE2")):
            Voicemail.objects.create(number="+12125550100", caller=caller, carrier_call="CA", recording=recording)
    request = erase(Person(clinic, contact, contact))
    with tenant_scope(clinic.pk):
        assert Voicemail.objects.get().recording == "RE2"
    return request


@pytest.mark.django_db
def test_whoever_goes_on_knows_the_ids_of_rows_that_are_gone(tom: Contact, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    conversation = turns.start(agent="triage", channel="chat", now=now, visitor="v")
    turns.add_visitor_turn(conversation=conversation, text="I have a rash", message_id="m", run="run_rash", now=now)
    turns.identify(conversation_id=conversation.pk, contact_id=tom.pk, now=now)
    late = keys.run_log(tom.tenant_id, "run_rash")
    request = requests.ask_erasure(contact=tom, typed_name="Tom Becker", actor="user:1", now=now)

    def breaks(*_: object, **__: object) -> int:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as broken:
        broken.setattr(sweep, "sweep", breaks)
        assert requests.perform(now + dt.timedelta(seconds=1)) == 0
    assert not Conversation.objects.exists()
    client().set(late, "I have a rash", ex=60)
    for minutes in (5, 10):
        assert requests.perform(now + dt.timedelta(minutes=minutes)) == 1
    request.refresh_from_db()
    assert (request.status, request.known) == ("done", {})
    assert not client().exists(late)
