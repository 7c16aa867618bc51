"""What a sales rep sees: with a staff login, their own leads, and what belongs to them."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.tenants.admin import TenantAdmin
from apps.tenants.models import Role


class OwnRows(TenantAdmin):
    """`own` is the path from a row to the user of its sales rep; managers and owners see every row."""

    own: ClassVar[str]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        membership = getattr(request, "membership", None)
        if membership is not None and membership.role == Role.STAFF:
            rows = rows.filter(**{self.own: request.user})
        return rows
