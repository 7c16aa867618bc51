"""Rows written past the ORM's compiler: the same rows, and the same walls around a tenant."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from apps.conversations.models import Channel, Conversation
from apps.tenants import rows
from apps.tenants.base import ForeignTenant
from apps.tenants.models import Tenant
from apps.tenants.scope import NoTenantInScope, tenant_scope

NOW = dt.datetime(2026, 11, 29, 13, 5, 1, 250, tzinfo=dt.UTC)


def conversation(**more: object) -> Conversation:
    return Conversation(agent="grace", channel=Channel.CHAT, handover={"intent": "a knee"}, started_at=NOW, **more)


def test_what_is_inserted_is_what_the_orm_reads(clinic: Tenant) -> None:
    with tenant_scope(clinic.pk):
        one, other = conversation(), conversation(visitor="vis_1")
        rows.insert(one, other)
        assert list(Conversation.objects.order_by("visitor").values_list("pk", "visitor")) == [
            (one.pk, ""),
            (other.pk, "vis_1"),
        ]
        found = Conversation.objects.get(pk=one.pk)
    assert (found.tenant_id, found.channel, found.handover, found.started_at, found.contact_id) == (
        clinic.pk,
        "chat",
        {"intent": "a knee"},
        NOW,
        None,
    )
    assert not one._state.adding


def test_another_tenants_row_is_neither_inserted_nor_changed(clinic: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.pk):
        theirs = conversation()
        rows.insert(theirs)
    with tenant_scope(clinic.pk):
        with pytest.raises(ForeignTenant):
            rows.insert(conversation(tenant_id=other_tenant.pk))
        theirs.visitor = "vis_mine"
        with pytest.raises(ForeignTenant):
            rows.update(theirs, "visitor")
        theirs.tenant_id = clinic.pk  # even so, the statement finds it not
        rows.update(theirs, "visitor")
        assert not Conversation.objects.exists()
    with tenant_scope(other_tenant.pk):
        assert Conversation.objects.get().visitor == ""


def test_without_a_scope_nothing_is_written(clinic: Tenant) -> None:
    with pytest.raises(NoTenantInScope):
        rows.insert(conversation())


def test_an_update_leaves_the_other_fields(clinic: Tenant) -> None:
    with tenant_scope(clinic.pk):
        row = conversation()
        rows.insert(row)
        row.visitor, row.agent = "vis_1", "not stored"
        rows.update(row, "visitor")
        assert Conversation.objects.values_list("visitor", "agent").get() == ("vis_1", "grace")


def test_a_conflict_is_an_error_unless_it_is_to_be_left_out(clinic: Tenant) -> None:
    with tenant_scope(clinic.pk):
        row = conversation()
        rows.insert(row)
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.insert(row)
        rows.insert(row, conversation(), ignore_conflicts=True)
        assert Conversation.objects.count() == 2
