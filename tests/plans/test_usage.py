"""The usage ledger: each conversation once, every token, nothing changed afterwards."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from apps.plans import usage
from apps.plans.models import UsageEntry, UsageKind
from apps.plans.usage import Who
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
RIVALS = 8


def answer(conversation: str, at: datetime = NOW) -> None:
    """One of no tokens: a message, and at first an interaction."""
    usage.count_answer(conversation_id=conversation, input_tokens=0, output_tokens=0, now=at)


def test_a_conversation_counts_once_in_its_life(tenant: Tenant) -> None:
    for conversation, at in (("conv_1", NOW), ("conv_1", NOW + timedelta(days=40)), ("conv_2", NOW)):
        answer(conversation, at)
    assert usage.used(since=NOW) == 2
    assert usage.used(since=NOW + timedelta(seconds=1)) == 0


def test_the_database_itself_refuses_a_second_interaction(tenant: Tenant) -> None:
    answer("conv_1")
    with pytest.raises(IntegrityError), transaction.atomic():
        UsageEntry.objects.create(kind=UsageKind.INTERACTION, conversation_id="conv_1", at=NOW)


def test_another_tenants_conversation_of_the_same_name_is_another(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.pk):
        answer("conv_1")
    assert not usage.is_counted(conversation_id="conv_1")
    answer("conv_1")
    assert usage.used(since=NOW) == 1


def test_an_answer_adds_its_tokens_a_message_and_at_first_an_interaction(tenant: Tenant) -> None:
    who = Who(agent="triage", widget_key="wid_1", visitor="vis_1")
    usage.count_answer(conversation_id="conv_1", input_tokens=900, output_tokens=40, now=NOW, who=who)
    usage.count_answer(conversation_id="conv_1", input_tokens=1_000, output_tokens=0, now=NOW)
    rows = UsageEntry.objects.values_list("kind", "quantity", "agent", "widget_key", "visitor")
    assert sorted(rows) == [
        ("input_tokens", 900, "triage", "wid_1", "vis_1"),
        ("input_tokens", 1_000, "", "", ""),
        ("interaction", 1, "triage", "wid_1", "vis_1"),
        ("message", 1, "", "", ""),
        ("message", 1, "triage", "wid_1", "vis_1"),
        ("output_tokens", 40, "triage", "wid_1", "vis_1"),
    ]
    assert usage.used(since=NOW) == 1, "one conversation is one interaction"
    assert usage.is_counted(conversation_id="conv_1")


def test_a_call_adds_its_seconds_and_what_its_models_cost(tenant: Tenant) -> None:
    usage.count_answer(conversation_id="conv_1", input_tokens=0, output_tokens=9, now=NOW, call_seconds=83, cost=61_234)
    assert dict(UsageEntry.objects.values_list("kind", "quantity")) == {
        "interaction": 1,
        "message": 1,
        "output_tokens": 9,
        "call_seconds": 83,
        "cost": 61_234,
    }


def test_the_ledger_is_append_only(tenant: Tenant) -> None:
    answer("conv_1")
    entry = UsageEntry.objects.get(kind=UsageKind.INTERACTION)
    entry.quantity = 0
    with pytest.raises(ValidationError, match="append-only"):
        entry.save()
    with pytest.raises(ValidationError, match="append-only"):
        entry.delete()
    assert UsageEntry.objects.get(kind=UsageKind.INTERACTION).quantity == 1


@pytest.mark.django_db(transaction=True)
def test_rivals_count_a_conversation_once(clinic: Tenant) -> None:
    together = Barrier(RIVALS)

    def count(_: int) -> None:
        try:
            together.wait()
            with tenant_scope(clinic.pk):
                answer("conv_1")
        finally:
            connection.close()

    with ThreadPoolExecutor(RIVALS) as threads:
        list(threads.map(count, range(RIVALS)))
    with tenant_scope(clinic.pk):
        assert usage.used(since=NOW) == 1
