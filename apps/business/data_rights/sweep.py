"""The last look of an erasure: every text of the tenant's rows, whoever wrote it, whatever model it is of."""

import json
from collections.abc import Callable
from typing import Any, Final

from django.db import IntegrityError, models, transaction

from apps.business.core.traces import ERASED, Traces
from apps.business.models import Contact
from apps.tenants import data_rights
from apps.tenants.base import TenantModel
from apps.tenants.rls import tenant_models
from apps.tenants.scope import tenant_scope

BATCH: Final = 1_000
Beat = Callable[[], None]


def texts_of(model: type[TenantModel]) -> list[Any]:
    """The fields of a model in which somebody may have written something."""
    if model is Contact:  # the other contacts' names and numbers are their own
        return [Contact._meta.get_field("notes")]
    fields = []
    for field in model._meta.concrete_fields:
        words = isinstance(field, models.CharField | models.TextField | models.JSONField)
        if words and not field.primary_key and not field.choices and not isinstance(field, models.SlugField):
            fields.append(field)
    return fields


def swept_models() -> list[type[TenantModel]]:
    """All but what must stay as it is, and the business's own words."""
    kept = {holding.model for holding in data_rights.holdings() if holding.rule == "keep"}
    spared = kept | set(data_rights.OWNERS_WORDS)
    return [model for model in tenant_models() if model not in spared and texts_of(model)]


def sweep(model: type[TenantModel], traces: Traces, *, tenant_id: str, beat: Beat) -> int:
    """Takes the person out of every text of a model's rows; how many rows were changed.

    By the rows' keys, a batch at a time, each in a scope of its own: nothing long holds a transaction, and what is
    added meanwhile is not missed.
    """
    fields = texts_of(model)
    changed, last = 0, ""
    while True:
        with tenant_scope(tenant_id):
            rows = _page(model, fields, after=last)
            changed += sum(_cleaned(model, fields, row, traces) for row in rows)
        if not rows:
            return changed
        last = rows[-1][0]
        beat()


def mentions(model: type[TenantModel], traces: Traces) -> list[TenantModel]:
    """Rows of the business's own words that name the person; they are its to change. In the tenant's scope."""
    fields, last = texts_of(model), ""
    found: list[str] = []
    while rows := _page(model, fields, after=last):
        found += [key for key, *values in rows if any(value and traces.found(_as_text(value)) for value in values)]
        last = rows[-1][0]
    return list(model.objects.filter(pk__in=found))


def _page(model: type[TenantModel], fields: list[Any], *, after: str) -> list[Any]:
    rows = model.objects.filter(pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", *(field.attname for field in fields))[:BATCH])


def _cleaned(model: type[TenantModel], fields: list[Any], row: Any, traces: Traces) -> bool:
    key, *values = row
    changes = {
        field.attname: _without(field, value, traces)
        for field, value in zip(fields, values, strict=True)
        if value and traces.found(_as_text(value))
    }
    if changes:
        _write(model, key, changes)
    return bool(changes)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _without(field: Any, value: Any, traces: Traces) -> Any:
    if not isinstance(value, str):
        return _walked(value, traces, apart=traces.named_apart(_as_text(value)))
    text = traces.erased(value)
    if text == ERASED and field.blank:
        return ""
    return text[: field.max_length] if field.max_length else text


def _walked(value: Any, traces: Traces, *, apart: bool) -> Any:
    """A JSON value of the same shape, without the person."""
    match value:
        case str():
            return traces.erased(value, apart=apart)
        case dict():
            return {
                traces.erased(name, apart=apart): _walked(each, traces, apart=apart) for name, each in value.items()
            }
        case list():
            return [_walked(each, traces, apart=apart) for each in value]
        case int() if not isinstance(value, bool) and traces.found(str(value)):
            return ERASED
        case _:
            return value


def _write(model: type[TenantModel], key: str, changes: dict[str, Any]) -> None:
    row = model.objects.filter(pk=key)
    try:
        with transaction.atomic():
            row.update(**changes)
    except IntegrityError:  # must be unique: no two are erased alike
        unique = {
            name: f"{value}{key}"[-(model._meta.get_field(name).max_length or 255) :]  # type: ignore[union-attr]
            if isinstance(value, str) and not model._meta.get_field(name).blank  # type: ignore[union-attr]
            else value
            for name, value in changes.items()
        }
        row.update(**unique)
