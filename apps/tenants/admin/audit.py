"""The audit trail: everybody's deeds, to be read."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display
from unfold.views import ChangeList

from apps.tenants.access import NOTHING, VIEW, Rights
from apps.tenants.admin.base import TenantAdmin
from apps.tenants.admin.trail import described, phrase
from apps.tenants.models import AuditEntry, Role


class _Trail(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        for entry, line in zip(self.result_list, described(list(self.result_list)), strict=True):
            entry.line = line


@admin.register(AuditEntry)
class AuditEntryAdmin(TenantAdmin):
    icon = "policy"
    rights: ClassVar[Rights] = {Role.OWNER: VIEW, Role.MANAGER: VIEW, Role.STAFF: NOTHING}
    list_display = ("at", "who", "what", "target", "facts")
    list_filter = ("at", "action")
    search_fields = ("action", "target", "actor")
    search_help_text = "Search by what was done, or by the id of what it was done to."
    fields = readonly_fields = ("at", "who", "what", "target", "facts")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return _Trail

    @display(description="Who", ordering="actor")
    def who(self, entry: AuditEntry) -> str:
        return _line(entry).who

    @display(description="What", ordering="action")
    def what(self, entry: AuditEntry) -> str:
        return phrase(entry.action)

    @display(description="Details")
    def facts(self, entry: AuditEntry) -> str:
        return _line(entry).details or "–"


def _line(entry: Any) -> Any:
    return entry.line if hasattr(entry, "line") else described([entry])[0]
