"""What is broken, and whom to send."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from apps.business.admin.search import FoldedSearch
from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantInline
from apps.tenants.admin.base import actor_of
from apps.verticals.real_estate.models import Contractor, MaintenanceNote, MaintenanceRequest

_PRIORITY_COLORS = {"emergency": "danger", "urgent": "warning", "normal": "info", "low": "success"}


class NoteInline(TenantInline):
    """A log: read here, added to below, never changed."""

    model = MaintenanceNote
    fields = ("text", "author", "created_at")
    readonly_fields = ("author", "created_at")
    verbose_name_plural = "What happened"

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(MaintenanceRequest)
class MaintenanceRequestAdmin(FoldedSearch):
    icon = "plumbing"
    list_display = ("reference", "home", "what", "level", "status", "contractor", "answer_by")
    list_filter = ("status", "priority", "category", "contractor", "reported_at")
    list_select_related = ("property__suburb", "contractor")
    search_fields = (
        "reference",
        "property__street_address",
        "renter__contact__given_key",
        "renter__contact__family_key",
    )
    search_help_text = "Search by reference, street or renter."
    autocomplete_fields = ("property", "renter", "contractor")
    fields = (
        ("property", "renter"),
        "description",
        ("category", "priority", "status"),
        ("contractor", "answer_by"),
        ("access", "callback_phone"),
        "completed_at",
    )
    inlines = (NoteInline,)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Requests come from renters, through the agents, which give the reference."""
        return False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        for note in formset.save(commit=False):
            note.author = actor_of(request)
            note.save()
        formset.save_m2m()

    @display(description="Home", ordering="property__street_address")
    def home(self, request: MaintenanceRequest) -> str:
        return request.property.address

    @display(description="What")
    def what(self, request: MaintenanceRequest) -> str:
        return request.description[:60]

    @display(description="Priority", ordering="priority", label=_PRIORITY_COLORS)
    def level(self, request: MaintenanceRequest) -> tuple[str, str]:
        return request.priority, request.get_priority_display()


@admin.register(Contractor)
class ContractorAdmin(TenantAdmin):
    icon = "engineering"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "trade", "phone", "is_on_call", "is_active")
    list_filter = ("trade", "is_on_call", "is_active")
    search_fields = ("name",)
    fields = (("name", "trade"), "phone", ("is_on_call", "is_active"))
