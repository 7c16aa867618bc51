"""Quirin Vandermolen, patient, and Odalys Featherstone, customer: each comes by chat, by phone and by text."""

import datetime as dt
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from apps.agents.registry import verticals
from apps.business.data_rights import requests
from apps.business.models import Contact, DataRequest
from apps.chat.rehearsal import Report, _play, _remove, _set_up, scenarios_of
from apps.chat.tokens import new_visitor
from apps.common.database import in_thread
from apps.common.redis import pipe
from apps.conversations import turns
from apps.conversations.models import Call, Conversation, ToolCall
from apps.plans.models import UsageEntry
from apps.telephony.models import PlacedCall, TextMessage, Voicemail
from apps.tenants import audit
from apps.tenants.models import Tenant
from apps.tenants.scope import in_tenant, tenant_scope
from apps.voice import spool
from apps.voice.models import CallFile
from tests.data_rights import everywhere

PHONES = {"healthcare": "212 867 5309", "salon": "310 867 5309"}


class Person(NamedTuple):
    """Somebody who is to be found, and then not."""

    tenant: Tenant
    contact: Contact
    other: Contact
    """Somebody else, who knows them."""

    @property
    def words(self) -> list[str]:
        contact = self.contact
        return everywhere.forms(
            given=contact.given_name, family=contact.family_name, phone=contact.phone, email=contact.email
        )


NAMES = {"healthcare": ("Tom Becker", "Quirin", "Vandermolen"), "salon": ("Nora Beck", "Odalys", "Featherstone")}
NUMBERS = {"healthcare": "212 555 0177", "salon": "310 555 0177"}


async def make_person(slug: str) -> Person:
    """Plays the vertical's own dialogue of somebody new, and adds a call, texts and what others said of them."""
    vertical = verticals()[slug]
    assert vertical.demo is not None
    scenario = scenarios_of(vertical)[1]
    tenant, now = await in_thread(_set_up, vertical, vertical.demo, scenario, "")
    old, given, family = NAMES[slug]
    visitor = new_visitor(tenant_id=tenant.pk, widget_key="")
    report, conversation = Report(slug, scenario.name), None
    for line in scenario.turns:
        line.visitor = line.visitor.replace(old, f"{given} {family}").replace(NUMBERS[slug], PHONES[slug])
        conversation = await _play(report, line, visitor, conversation, lambda: now)
    assert not report.problems
    person = await in_tenant(tenant.pk, _surround, tenant, given, family, now)
    await pipe().call("PING")  # what was told of all this is in Redis now
    return person


def _surround(tenant: Tenant, given: str, family: str, now: dt.datetime) -> Person:
    contact = Contact.objects.get(family_name=family)
    contact.email = f"{given}@{family}.example".lower()
    contact.notes = f"{given} likes mornings."
    contact.save()
    other = Contact.objects.exclude(pk=contact.pk).order_by("pk").first()
    assert other is not None
    other.notes = f"Neighbor of {family}, {given}."
    other.save()
    _call(tenant, contact, now)
    _others_words(contact, other, now)
    ours = "+12125550100"
    PlacedCall.objects.create(number=ours, to=contact.phone, carrier_call=f"CA-{contact.pk}", message=f"Hello {given}")
    TextMessage.objects.create(direction="inbound", number=ours, other=contact.phone, body=f"{given} here")
    Voicemail.objects.create(number=ours, caller=contact.phone, carrier_call="CA9", recording=f"RE-{contact.pk}")
    return Person(tenant, contact, other)


def _call(tenant: Tenant, contact: Contact, now: dt.datetime) -> None:
    """A phone call that was never identified, with its recording, its black box and what a dead process left."""
    conversation = turns.start(agent="triage", channel="phone", now=now, visitor="vis_phone")
    call = Call.objects.create(
        conversation=conversation, carrier="twilio", carrier_call=f"CA-in-{contact.pk}", caller=contact.phone
    )
    turns.add_visitor_turn(
        conversation=conversation, text=f"This is {contact.name}", message_id="m1", run="r1", now=now
    )
    for kind, suffix, data in (
        ("recording", "wav", f"RIFF {contact.name}".encode()),
        ("log", "jsonl.gz", gzip.compress(contact.phone.encode())),
    ):
        name = default_storage.save(f"calls/{tenant.pk}/{call.pk}.{suffix}", ContentFile(data))
        CallFile.objects.create(call=call, kind=kind, name=name, size=len(data), delete_at=now + dt.timedelta(days=90))
    spool.folder().mkdir(parents=True, exist_ok=True)
    (spool.folder() / f"{call.pk}.wav").write_bytes(contact.name.encode())
    UsageEntry.objects.create(kind="message", conversation_id=conversation.pk, visitor="vis_phone", at=now)


def _others_words(contact: Contact, other: Contact, now: dt.datetime) -> None:
    """Somebody else's conversation names them, in every way."""
    conversation = turns.start(agent="triage", channel="chat", now=now, visitor="vis_other")
    turns.identify(conversation_id=conversation.pk, contact_id=other.pk, now=now)
    digits = contact.phone[2:]
    turns.add_visitor_turn(
        conversation=conversation,
        text=f"Tell {contact.name.upper()}, ({digits[:3]}) {digits[3:6]}-{digits[6:]}, or {contact.email.upper()}",
        message_id="m2",
        run="r2",
        now=now,
    )
    Conversation.objects.filter(pk=conversation.pk).update(handover={"known": f"friend of {contact.name}"})
    ToolCall.objects.create(
        conversation=conversation,
        run="r2",
        key="k",
        call="c",
        name="lookup",
        arguments=f'{{"first_name": "{contact.given_name}", "last_name": "{contact.family_name}"}}',
        result={"phone": f"1-{digits[:3]}-{digits[3:6]}-{digits[6:]}", "rows": [{"name": contact.name}], "n": 7},
    )
    audit.record(actor="system", action="noted", target=other.pk, details={"about": contact.name})


def erase(person: Person) -> DataRequest:
    """Asks for it as its owner does, and lets the worker do it: two passes."""
    now = timezone.now()
    with tenant_scope(person.tenant.pk):
        request = requests.ask_erasure(contact=person.contact, typed_name=person.contact.name, actor="user:1", now=now)
    for seconds in (1, 20):
        assert requests.perform(now + dt.timedelta(seconds=seconds)) == 1
    with tenant_scope(person.tenant.pk):
        request.refresh_from_db()
    assert request.status == DataRequest.Status.DONE
    return request


@pytest.fixture
def files(settings: object, tmp_path: Path) -> Path:
    """A storage of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "files"  # type: ignore[attr-defined]
    return tmp_path


@pytest.fixture
def forget_tenants() -> Iterator[Callable[[Tenant], None]]:
    made: list[Tenant] = []
    yield made.append
    for tenant in made:
        _remove(tenant)
