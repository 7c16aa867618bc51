"""One row of every model of a tenant, made from the models' own fields, so that a new model is tried without a word.

The rows are harmless beside a working worker: what has a status has one of those in which nothing is due, moments lie
far ahead, numbers cannot be dialled (+1 999 is no area code) and addresses end in `.invalid` (RFC 2606).
"""

import datetime as dt
import secrets
from typing import Any, Final

from django.apps import apps
from django.db import IntegrityError, models, transaction

from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant, User
from apps.tenants.rls import tenant_models

DOMAIN: Final = "isolation-probe.invalid"
_AHEAD: Final = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
_OVER: Final = (
    *("done", "failed", "ended", "closed", "finished", "cancelled", "canceled", "withdrawn", "expired", "refused"),
    *("completed", "resolved", "answered", "delivered", "sent", "received", "paid", "paused", "inactive", "archived"),
)
"""Statuses in which nobody has anything left to do."""
_NUMBERS: Final = {"number", "to", "other", "phone", "caller"}


class CannotMake(Exception):
    """A model's row could not be made from its fields alone: the report says so, and it counts as untried."""


class RowMaker:
    """Rows of one tenant; used in its scope.

    Args:
        canary: stands in every text, so that a row's content is known wherever it shows up.
    """

    def __init__(self, *, tenant: Tenant, owner: User, canary: str) -> None:
        self._tenant, self._owner, self._canary = tenant, owner, canary
        self._made: dict[type[models.Model], models.Model] = {}
        self._hours = 0

    def make_all(self) -> dict[type[TenantModel], str]:
        """Model → why no row of it could be made; empty when every model has one."""
        failed: dict[type[TenantModel], str] = {}
        for model in tenant_models():
            try:
                self.row(model)
            except CannotMake as error:
                failed[model] = str(error)
        return failed

    def row(self, model: type[models.Model]) -> models.Model:
        """The tenant's row of a model: the one it has, else a new one, with all that it needs.

        Raises:
            CannotMake: the database or the model wants more than its fields tell.
        """
        if model not in self._made:
            found = model._default_manager.order_by("pk").first() if issubclass(model, TenantModel) else None
            self._made[model] = found or self._new(model)
        return self._made[model]

    def _new(self, model: type[models.Model]) -> models.Model:
        if model is User:
            return self._owner
        if not issubclass(model, TenantModel):
            raise CannotMake(f"needs a {model._meta.label}")
        problem: Exception | None = None
        for is_over in (True, False):  # a status may want fields that its default does not
            row = model(**self._values(model, is_over=is_over))
            try:
                with transaction.atomic():
                    row.save()
                return row
            except (IntegrityError, ValueError, TypeError) as error:
                problem = error
        raise CannotMake(f"{type(problem).__name__}: {problem}")

    def _values(self, model: type[TenantModel], *, is_over: bool) -> dict[str, Any]:
        values: dict[str, Any] = {"tenant": self._tenant}
        for field in model._meta.concrete_fields:
            if field.primary_key or field.name == "tenant":
                continue
            over = _over(field) if is_over else None
            if over is not None:
                values[field.name] = over
            elif not (field.has_default() or field.null or (field.blank and isinstance(field.get_default(), str))):
                values[field.name] = self._value(field)
        return values

    def _value(self, field: "models.Field[Any, Any]") -> Any:
        if isinstance(field, models.ForeignKey):
            return self.row(field.related_model)
        if field.choices:
            return field.flatchoices[0][0]
        if isinstance(field, models.DateTimeField):
            return self._ahead()
        if isinstance(field, models.DateField):
            return self._ahead().date()
        if isinstance(field, models.BooleanField):
            return False
        if isinstance(field, models.IntegerField):
            return 1
        if isinstance(field, models.BinaryField):
            return self._canary.encode()
        if isinstance(field, models.CharField | models.TextField):
            return self._text(field)
        raise CannotMake(f"no value is known for {field.name}, a {type(field).__name__}")

    def _ahead(self) -> dt.datetime:
        """Later than the one before: ends lie after starts."""
        self._hours += 24
        return _AHEAD + dt.timedelta(hours=self._hours)

    def _text(self, field: "models.Field[Any, Any]") -> str:
        if field.name in _NUMBERS:
            return f"+1999{secrets.randbelow(10**7):07}"
        if field.name.endswith("_id"):  # the id of a row, without a foreign key
            named = [model for model in apps.get_models() if model.__name__.lower() == field.name[:-3].replace("_", "")]
            if named:
                return str(self.row(named[0]).pk)
        if isinstance(field, models.EmailField):
            return f"{self._canary}@{DOMAIN}"
        if field.name == "url":
            return f"https://{self._canary}.{DOMAIN}/"
        text = f"{self._canary}-{secrets.token_hex(4)}" if field.unique else self._canary
        return text[-field.max_length :] if field.max_length else text


def _over(field: "models.Field[Any, Any]") -> str | None:
    """The choice of a status in which nothing is due; None for what is no status or has none such."""
    if field.name not in ("status", "state") or not field.choices:
        return None
    values = [value for value, _ in field.flatchoices]
    return next((value for value in _OVER if value in values), None)
