"""Fields of bodies and of filters that every resource shares."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.common.errors import InvalidInput
from apps.common.ids import is_id
from apps.tenants.base import TenantModel


@extend_schema_field({"type": "string", "pattern": "^[a-z]{2,10}_[0-9a-z]{20}$"})
class RowField(serializers.CharField):
    """The id of a row of the caller's tenant, which the view gets as that row."""

    def __init__(self, model: type[TenantModel], **options: Any) -> None:
        self.model = model
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Any:
        pk = super().to_internal_value(data)
        row = self.model.objects.filter(pk=pk).first() if is_id(pk) else None
        if row is None:
            raise serializers.ValidationError(f"There is no such {self.model._meta.verbose_name}.")
        return row

    def to_representation(self, value: Any) -> str:
        return str(value.pk)


class Instant(serializers.DateTimeField):
    """A moment with its offset: without one, nobody knows whose clock is meant."""

    default_error_messages: ClassVar[dict[str, str]] = {
        "naive": "A time needs its offset, such as 2026-11-24T15:00:00Z or 2026-11-24T10:00:00-05:00."
    }

    def enforce_timezone(self, value: Any) -> Any:
        if value.tzinfo is None:
            self.fail("naive")
        return super().enforce_timezone(value)


@extend_schema_field({"type": "string", "pattern": r"^\d\d:\d\d(:\d\d)?$"})
class ClockTime(serializers.TimeField):
    """What a clock on the wall shows, such as 09:00. OpenAPI's own `time` has an offset, and this must not."""


class Strict(serializers.Serializer):
    """A body, or a query, in which a name that is not known is refused: a slip must not pass in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(data) - set(self.fields))):
            names = ", ".join(sorted(self.fields)) or "none"
            raise serializers.ValidationError({unknown[0][:80]: [f"There is no such field here. Fields: {names}."]})
        return super().to_internal_value(data)


class Filters(Strict):
    """What a list can be narrowed down by. `lookups` says how a name is looked up where it is not the column's own."""

    lookups: ClassVar[dict[str, str]] = {}

    def criteria(self) -> dict[str, Any]:
        """Keyword arguments of `filter()`."""
        return {self.lookups.get(name, name): value for name, value in self.validated_data.items()}


def filtered(rows: Any, *, by: type[Filters], query: Any) -> Any:
    """The rows that match the query's filters.

    Raises:
        InvalidInput: `field` names the one that cannot be read.
    """
    given = {name: query[name] for name in query if name not in ("limit", "cursor")}
    filters = by(data=given)
    filters.is_valid(raise_exception=True)
    if any("\0" in str(value) for value in given.values()):
        raise InvalidInput("A filter has no NUL.", field=next(iter(given)))
    return rows.filter(**filters.criteria())
