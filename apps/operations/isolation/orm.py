"""Every model that belongs to a tenant, through every one of its managers. Rolled back at the end."""

from collections.abc import Callable
from copy import copy
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.operations.isolation.findings import Line, Section
from apps.operations.isolation.probes import Probe
from apps.tenants import rows
from apps.tenants.base import ForeignTenant, TenantModel
from apps.tenants.models import Tenant
from apps.tenants.rls import tenant_models
from apps.tenants.scope import NoTenantInScope, tenant_scope

EXPLAINED: Final = (
    "Every model that belongs to a tenant. Without a scope every manager must raise; in the rival's scope a row of "
    "the other must be invisible, and must not be changed, deleted, created for the other, or reached from a row "
    "that was read elsewhere. All within a transaction that is rolled back."
)


class _Undo(Exception):
    """Ends the transaction without keeping anything."""


def examine(*, rival: Probe, victim: Probe) -> Section:
    """Sync; outside of any scope."""
    section = Section("Models", EXPLAINED)
    _own_row(section.line("tenants.Tenant"), rival, victim)
    for model in tenant_models():
        line = section.line(model._meta.label)
        if model not in victim.rows:
            line.fail(f"not tried: {victim.unmade.get(model, 'it has no row')}")
            continue
        try:
            with transaction.atomic():
                _without_scope(line, model)
                _in_rival_scope(line, model, rival, victim)
                raise _Undo
        except _Undo:
            pass
    return section


def _managers(model: type[TenantModel]) -> list[tuple[str, Any]]:
    named = [(manager.name, manager) for manager in model._meta.managers]
    return [*named, ("_base_manager", model._base_manager), ("_default_manager", model._default_manager)]


def _without_scope(line: Line, model: type[TenantModel]) -> None:
    for name, manager in _managers(model):
        try:
            count = manager.count()
        except NoTenantInScope:
            line.refuse("raises without a scope")
        else:
            line.fail(f"{name} answered without a scope ({count} rows)")


def _in_rival_scope(line: Line, model: type[TenantModel], rival: Probe, victim: Probe) -> None:
    pk = victim.rows[model]
    with tenant_scope(victim.tenant.pk):
        theirs = model._base_manager.get(pk=pk)
    with tenant_scope(rival.tenant.pk):
        for name, manager in _managers(model):
            _nothing(line, name, manager, pk, victim.tenant.pk)
        _foreign(line, "saved", theirs.save)
        _foreign(line, "deleted by the row in hand", copy(theirs).delete)
        _foreign(line, "written by a made statement", lambda: rows.insert(_copy(theirs)))
        _foreign(line, "updated by a made statement", lambda: rows.update(theirs, "id"))
        _foreign(line, "created for the other", lambda: _copy(theirs).save(force_insert=True))
        _foreign(line, "created in bulk for the other", lambda: model.objects.bulk_create([_copy(theirs)]))
        for relation in theirs._meta.related_objects:
            accessor = relation.get_accessor_name()
            if accessor and not relation.one_to_one and issubclass(relation.related_model, TenantModel):
                found = getattr(theirs, accessor).count()
                line.expect(found == 0, "nothing is reached from its row", f"{accessor} gave {found} rows")
    with tenant_scope(victim.tenant.pk):
        line.expect(model._base_manager.filter(pk=pk).exists(), "its row is still there", "its row is gone")


def _nothing(line: Line, name: str, manager: Any, pk: str, tenant_id: str) -> None:
    line.expect(not manager.filter(pk=pk).exists(), "not found by its id", f"{name} found it by its id")
    line.expect(
        not manager.filter(tenant_id=tenant_id).exists(), "not found by its tenant", f"{name} found it by its tenant"
    )
    with transaction.atomic():
        changed = manager.filter(pk=pk).update(id=pk)
        line.expect(changed == 0, "not updated", f"{name} updated it")
        deleted = manager.filter(pk=pk).delete()[0]
        line.expect(deleted == 0, "not deleted", f"{name} deleted it")


def _copy(row: TenantModel) -> TenantModel:
    """The same row under a new id, still of its tenant."""
    values = {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key
    }
    return type(row)(**values)


def _foreign(line: Line, what: str, act: Callable[[], Any]) -> None:
    try:
        with transaction.atomic():
            act()
    except ForeignTenant:
        line.refuse(f"not {what}")
    except ValidationError as error:  # of the trail and the ledger: nobody changes or deletes their rows
        appends = "append-only" in str(error)
        line.expect(appends, f"not {what}: append-only", f"{what}: stopped only by {error}")
    except Exception as error:  # refused, but by chance: a wall must refuse for the tenant
        line.fail(f"{what}: stopped only by {type(error).__name__}: {error}")
    else:
        line.fail(f"it could be {what}")


def _own_row(line: Line, rival: Probe, victim: Probe) -> None:
    for name, manager in (("objects", Tenant.objects), ("_base_manager", Tenant._base_manager)):
        try:
            manager.count()
        except NoTenantInScope:
            line.refuse("raises without a scope")
        else:
            line.fail(f"{name} answered without a scope")
        with tenant_scope(rival.tenant.pk):
            slugs = list(manager.values_list("slug", flat=True))
            line.expect(
                slugs == [rival.tenant.slug], "shows its own row only", f"{name} showed {len(slugs)} businesses"
            )
            line.expect(not manager.filter(pk=victim.tenant.pk).update(name="x"), "not updated", f"{name} updated it")
