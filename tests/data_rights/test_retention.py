"""What is old is forgotten, as the business or its industry wants it, and nothing else."""

import datetime as dt

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.business.data_rights import retention
from apps.business.models import Booking, Contact, Retention
from apps.conversations import holdings, turns
from apps.conversations.models import Call, Conversation, Turn
from apps.plans.models import UsageEntry
from apps.tenants import audit
from apps.tenants.models import AuditEntry, Tenant, User
from apps.tenants.scope import tenant_scope
from apps.voice.models import CallFile

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)


def talk(tenant: Tenant, *, days: int) -> Conversation:
    at = NOW - dt.timedelta(days=days)
    with tenant_scope(tenant.pk):
        conversation = turns.start(agent="triage", channel="phone", now=at, visitor=f"v{days}")
        turns.add_visitor_turn(conversation=conversation, text="hello", message_id="m", run="r", now=at)
        UsageEntry.objects.create(kind="message", conversation_id=conversation.pk, at=at)
    return conversation


def left(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.pk):
        return sorted(Conversation.objects.values_list("visitor", flat=True))


@pytest.mark.parametrize(("days", "stays"), [(89, True), (91, False)])
def test_conversations_are_kept_for_90_days(other_tenant: Tenant, days: int, stays: bool) -> None:
    talk(other_tenant, days=days)
    assert holdings.forget_old(NOW) == (0 if stays else 1)
    assert bool(left(other_tenant)) is stays
    with tenant_scope(other_tenant.pk):
        assert Turn.objects.exists() is stays
        assert UsageEntry.objects.count() == 1


def test_each_business_keeps_as_long_as_it_has_chosen(clinic: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(clinic.pk):
        Retention.objects.create(transcript_days=2_192, audit_months=72)
    for tenant in (clinic, other_tenant):
        for days in (10, 100, 2_191, 2_193):
            talk(tenant, days=days)
    assert holdings.forget_old(NOW) == 1 + 3
    assert left(clinic) == ["v10", "v100", "v2191"]
    assert left(other_tenant) == ["v10"]


def test_a_recording_goes_with_its_conversation(
    other_tenant: Tenant, django_capture_on_commit_callbacks: object
) -> None:
    conversation = talk(other_tenant, days=100)
    name = default_storage.save(f"calls/{other_tenant.pk}/x.wav", ContentFile(b"RIFF"))
    with tenant_scope(other_tenant.pk):
        call = Call.objects.create(conversation=conversation, carrier="browser")
        CallFile.objects.create(call=call, kind="recording", name=name, size=4, delete_at=NOW + dt.timedelta(days=9))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        holdings.forget_old(NOW)
    assert not default_storage.exists(name)


def test_contacts_and_bookings_stay(other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.pk):
        contact = Contact.objects.create(given_name="Tom", created_at=NOW - dt.timedelta(days=4_000))
    talk(other_tenant, days=400)
    holdings.forget_old(NOW)
    with tenant_scope(other_tenant.pk):
        assert Contact.objects.get() == contact
        assert not Booking.objects.exists()


def test_batches_take_all_that_is_old(other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for days in range(100, 105):
        talk(other_tenant, days=days)
    talk(other_tenant, days=5)
    assert holdings.forget_old(NOW) == 5
    assert left(other_tenant) == ["v5"]


def trail(tenant: Tenant, *months: int) -> None:
    with tenant_scope(tenant.pk):
        for number in months:
            entry = audit.record(actor="system", action=f"m{number}")
            AuditEntry.objects.filter(pk=entry.pk).update(at=NOW - number * retention.MONTH)


def remembered(tenant: Tenant) -> set[str]:
    with tenant_scope(tenant.pk):
        return set(AuditEntry.objects.values_list("action", flat=True))


def test_the_trail_is_kept_for_12_months_and_in_a_clinic_for_6_years(clinic: Tenant, other_tenant: Tenant) -> None:
    for tenant in (clinic, other_tenant):
        trail(tenant, 1, 11, 13, 71, 73)
    assert retention.forget_trails(NOW) == 1 + 3
    assert remembered(clinic) == {"m1", "m11", "m13", "m71"}
    assert remembered(other_tenant) == {"m1", "m11"}


def test_an_owner_chooses_and_a_clinic_not_below_its_rule(clinic: Tenant, alice: User, bob: User) -> None:
    add = reverse("admin:business_retention_add")
    for user, months, status in ((alice, 12, 200), (alice, 72, 302), (bob, 12, 302)):
        client = Client()
        client.force_login(user)
        response = client.post(add, {"transcript_days": 30, "audit_months": months})
        assert response.status_code == status, (user, months)
    with tenant_scope(clinic.pk):
        assert Retention.objects.get().audit_months == 72
        assert retention.in_force() == (30, 72)
        assert timezone.now()
    client = Client()
    client.force_login(alice)
    assert "30 days" in client.get(reverse("admin:business_retention_changelist")).content.decode()
    assert client.get(add).status_code == 403
