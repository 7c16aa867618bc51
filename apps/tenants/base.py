"""The base of every model that belongs to a tenant."""

from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar

from django.db import models

from apps.common.ids import MAX_LENGTH, new_id
from apps.tenants.memory import written
from apps.tenants.scope import EVERY_TENANT, current_scope, current_tenant_id

M = TypeVar("M", bound="TenantModel")


class ForeignTenant(Exception):
    """A row was about to point at, or be written for, another tenant. A bug, never bad input."""


class TenantQuerySet(models.QuerySet[M]):
    """Bulk writes bypass Model.save, so they are checked here."""

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        rows = list(objs)
        for row in rows:
            row.check_tenant()
        created = super().bulk_create(rows, *args, **kwargs)
        written(self.model)
        return created

    def update(self, **kwargs: Any) -> int:
        if "tenant" in kwargs or "tenant_id" in kwargs:
            raise ForeignTenant("A row never changes its tenant.")
        changed = super().update(**kwargs)
        written(self.model)
        return changed

    def delete(self) -> tuple[int, dict[str, int]]:
        deleted = super().delete()
        written(self.model)
        return deleted


class TenantManager(models.Manager.from_queryset(TenantQuerySet)):  # type: ignore[misc]
    """Raises outside a scope, so that no query can be forgotten."""

    def get_queryset(self) -> models.QuerySet[Any]:
        scope = current_scope()
        rows = super().get_queryset()
        return rows if scope == EVERY_TENANT else rows.filter(tenant_id=scope)

    def create(self, **fields: Any) -> Any:
        """Needs no look at other rows; `Model.save` checks the tenant."""
        row = self.model(**fields)
        row.save(force_insert=True, using=self.db)
        return row

    def _insert(self, *args: Any, **kwargs: Any) -> Any:
        return super().get_queryset()._insert(*args, **kwargs)

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """The same; `TenantQuerySet.bulk_create` checks the tenants."""
        return super().get_queryset().bulk_create(objs, *args, **kwargs)


class PrefixedIdModel(models.Model):
    """A primary key such as `bkg_…` (see common.ids); the class sets `id_prefix`."""

    id_prefix: str

    id = models.CharField(primary_key=True, max_length=MAX_LENGTH, editable=False)

    class Meta:
        abstract = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.id:
            self.id = new_id(self.id_prefix)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            kwargs.setdefault("force_insert", True)  # the key is ours: no UPDATE attempt first
        super().save(*args, **kwargs)
        written(type(self))

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        written(type(self))
        return deleted


@cache
def _foreign_keys(model: type[models.Model]) -> "tuple[models.ForeignKey[Any, Any], ...]":
    return tuple(field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey))


class TenantModel(PrefixedIdModel):
    """A row of one tenant. `objects` and the base manager both show only the tenant in scope."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, editable=False, related_name="+")

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        default_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.check_tenant()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self.check_tenant()  # a row that is already in hand is deleted past its manager
        return super().delete(*args, **kwargs)

    def check_tenant(self) -> None:
        """Takes the tenant in scope when none is set, and refuses any other, here or in a related row.

        Raises:
            ForeignTenant: the row or a loaded related row is another tenant's.
            NoTenantInScope: outside a scope.
        """
        if not self.tenant_id:
            self.tenant_id = current_tenant_id()
        scope = current_scope()
        if scope not in (EVERY_TENANT, self.tenant_id):
            raise ForeignTenant(f"{type(self).__name__} of another tenant.")
        for field in _foreign_keys(type(self)):
            if field.is_cached(self):
                related = getattr(self, field.name)
                if isinstance(related, TenantModel) and related.tenant_id != self.tenant_id:
                    raise ForeignTenant(f"{type(self).__name__}.{field.name} points at another tenant.")
