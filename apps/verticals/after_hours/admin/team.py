"""Who is on call: the people, the rotations, leave and swaps."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, TenantInline
from apps.tenants.scope import EVERY_TENANT, current_scope
from apps.verticals.after_hours import rotations
from apps.verticals.after_hours.core.ladder import State
from apps.verticals.after_hours.models import Override, Responder, Rotation, RotationMember


@admin.register(Responder)
class ResponderAdmin(TenantAdmin):
    icon = "support_agent"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "trade", "phone", "taken_count", "is_active")
    list_filter = ("trade", "is_active")
    list_select_related = ("staff",)
    search_fields = ("staff__name", "phone")
    search_help_text = "Search by name or phone number."
    autocomplete_fields = ("staff",)
    ordering = ("staff__name", "id")
    fields = ("staff", ("trade", "phone"), "is_active")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        taken = Count("taken", filter=~Q(taken__state=State.DOWNGRADED))
        return super().get_queryset(request).select_related("staff").annotate(count=taken)

    @display(description="Name", ordering="staff__name")
    def name(self, responder: Responder) -> str:
        return responder.staff.name

    @display(description="Emergencies taken", ordering="count")
    def taken_count(self, responder: Any) -> int:
        return int(responder.count)


class MemberInline(TenantInline):
    model = RotationMember
    rights: ClassVar[Rights] = SET_UP
    fields = ("position", "responder")
    ordering = ("position", "id")
    autocomplete_fields = ("responder",)
    verbose_name = "person"
    verbose_name_plural = "People, in the order of their turns"


@admin.register(Rotation)
class RotationAdmin(TenantAdmin):
    icon = "cycle"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "covers", "primary", "then", "until", "turn_days")
    search_fields = ("name",)
    fields = (("name", "trade"), ("starts_on", "handover", "turn_days"), "now_on_call")
    readonly_fields = ("now_on_call",)
    inlines = (MemberInline,)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With who is on call now in each of its rows, read once for all of them."""
        found = super().get_changelist_instance(request)
        if current_scope() != EVERY_TENANT:
            on_call = {one.rotation.pk: one for one in rotations.everybody_on_call(now=timezone.now())}
            for rotation in found.result_list:
                rotation.on_call = on_call.get(rotation.pk)
        return found

    @display(description="For", ordering="trade")
    def covers(self, rotation: Rotation) -> str:
        return rotation.get_trade_display() or "Everything else"

    @display(description="On call first")
    def primary(self, rotation: Any) -> str:
        return next(iter(_called(rotation)), "Nobody")

    @display(description="Then")
    def then(self, rotation: Any) -> str:
        return ", ".join(_called(rotation)[1:]) or "–"

    @display(description="Until")
    def until(self, rotation: Any) -> Any:
        on_call = getattr(rotation, "on_call", None)
        return on_call.until if on_call else None

    @display(description="On call now")
    def now_on_call(self, rotation: Rotation) -> str:
        if rotation._state.adding:
            return "–"
        found = rotations.everybody_on_call(now=timezone.now(), trades=(rotation.trade,))
        return ", ".join(str(one) for team in found for one in team.responders) or "Nobody"


def _called(rotation: Any) -> list[str]:
    on_call = getattr(rotation, "on_call", None)
    return [str(one) for one in on_call.responders] if on_call else []


class OverrideForm(TenantForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        starts_at, ends_at = cleaned.get("starts_at"), cleaned.get("ends_at")
        responder, instead = cleaned.get("responder"), cleaned.get("instead")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", "The end must be after the start.")
        elif starts_at and ends_at and responder:
            span = {"responder": responder, "starts_at": starts_at, "ends_at": ends_at}
            if rotations.overlapping(**span, but=self.instance.pk):
                self.add_error("starts_at", f"{responder} is away for some of that time already.")
        if instead and instead == responder:
            self.add_error("instead", "Nobody can stand in for themselves.")
        return cleaned


@admin.register(Override)
class OverrideAdmin(TenantAdmin):
    """Staff enter their own leave, as they work with the rotations day by day."""

    icon = "event_busy"
    form = OverrideForm
    list_display = ("responder", "stand_in", "rotation", "starts_at", "ends_at", "reason")
    list_filter = ("responder__staff", "rotation", "starts_at")
    list_select_related = ("responder__staff", "instead__staff", "rotation")
    search_fields = ("responder__staff__name", "instead__staff__name", "reason")
    autocomplete_fields = ("responder", "instead")
    fields = (("responder", "instead"), "rotation", ("starts_at", "ends_at"), "reason")

    @display(description="Stands in", ordering="instead__staff__name")
    def stand_in(self, override: Override) -> str:
        return str(override.instead or "The next in turn")
