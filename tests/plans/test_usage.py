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


def test_a_conversation_counts_once_in_its_life(tenant: Tenant) -> None:
    assert usage.count_interaction(conversation_id="conv_1", now=NOW) is True
    assert usage.count_interaction(conversation_id="conv_1", now=NOW + timedelta(days=40)) is False
    assert usage.count_interaction(conversation_id="conv_2", now=NOW) is True
    assert usage.used(since=NOW) == 2
    assert usage.used(since=NOW + timedelta(seconds=1)) == 0


def test_the_database_itself_refuses_a_second_interaction(tenant: Tenant) -> None:
    usage.count_interaction(conversation_id="conv_1", now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        UsageEntry.objects.create(kind=UsageKind.INTERACTION, conversation_id="conv_1", at=NOW)


def test_another_tenants_conversation_of_the_same_name_is_another(tenant: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.pk):
        assert usage.count_interaction(conversation_id="conv_1", now=NOW)
    assert not usage.is_counted(conversation_id="conv_1")
    assert usage.count_interaction(conversation_id="conv_1", now=NOW)
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


def test_the_ledger_is_append_only(tenant: Tenant) -> None:
    usage.count_interaction(conversation_id="conv_1", now=NOW)
    entry = UsageEntry.objects.get()
    entry.quantity = 0
    with pytest.raises(ValidationError, match="append-only"):
        entry.save()
    with pytest.raises(ValidationError, match="append-only"):
        entry.delete()
    assert UsageEntry.objects.get().quantity == 1


@pytest.mark.django_db(transaction=True)
def test_rivals_count_a_conversation_once(clinic: Tenant) -> None:
    together = Barrier(RIVALS)

    def count(_: int) -> bool:
        try:
            together.wait()
            with tenant_scope(clinic.pk):
                return usage.count_interaction(conversation_id="conv_1", now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(RIVALS) as threads:
        outcomes = list(threads.map(count, range(RIVALS)))
    assert outcomes.count(True) == 1
    with tenant_scope(clinic.pk):
        assert usage.used(since=NOW) == 1
