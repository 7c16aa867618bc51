"""The team: sales reps, the agents of the floor, products."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import action, display

from apps.business.admin.money import CentsField
from apps.business.core.wording import spoken_money
from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, actor_of
from apps.tenants.models import Membership, User
from apps.verticals.sales.models import DialedCall, Meeting, Product, SalesRep, TeamAgent
from apps.verticals.sales.team import set_paused


@admin.register(SalesRep)
class SalesRepAdmin(TenantAdmin):
    """Hours are on the staff's page."""

    icon = "support_agent"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "title", "sells", "lead_count", "user")
    list_select_related = ("staff", "user")
    ordering = ("staff__name", "id")  # an annotated count drops the model's own
    search_fields = ("staff__name", "sells")
    autocomplete_fields = ("staff",)
    fields = (("staff", "user"), "sells")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(leads_of=Count("leads"))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":  # logins are the platform's: only those of this business are offered
            kwargs["queryset"] = User.objects.filter(pk__in=Membership.objects.values("user"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A rep with meetings leaves by no longer taking bookings: somebody must have held them."""
        has_met = obj is not None and Meeting.objects.filter(booking__staff=obj.staff_id).exists()
        return not has_met and super().has_delete_permission(request, obj)

    @display(description="Name", ordering="staff__name")
    def name(self, rep: SalesRep) -> str:
        return rep.staff.name

    @display(description="Title", ordering="staff__title")
    def title(self, rep: SalesRep) -> str:
        return rep.staff.title

    @display(description="Leads", ordering="leads_of")
    def lead_count(self, rep: Any) -> int:
        return int(rep.leads_of)


@admin.register(TeamAgent)
class TeamAgentAdmin(TenantAdmin):
    """The agents of the floor; what they say is their kind's, on the agents' pages."""

    icon = "groups"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "kind", "state", "calls_made")
    list_filter = ("kind", "is_paused")
    ordering = ("kind", "name", "id")
    search_fields = ("name",)
    fields = (("name", "kind"), "is_paused")
    actions = ("pause", "resume")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        ended = DialedCall.State.ENDED
        talking = Count("calls", filter=~Q(calls__state=ended), distinct=True) + Count(
            "received", filter=~Q(received__state=ended), distinct=True
        )
        had = Count("calls", distinct=True) + Count("received", distinct=True)
        return super().get_queryset(request).annotate(made=had, talking=talking)

    @display(description="State", ordering="is_paused", label={"Paused": "warning", "On a call": "info"})
    def state(self, agent: Any) -> str:
        return "On a call" if agent.talking else "Paused" if agent.is_paused else "Free"

    @display(description="Calls", ordering="made")
    def calls_made(self, agent: Any) -> int:
        return int(agent.made)

    @action(description="Pause the selected agents", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[TeamAgent]) -> None:
        self._set(request, queryset, is_paused=True)

    @action(description="Let the selected agents go on", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[TeamAgent]) -> None:
        self._set(request, queryset, is_paused=False)

    def _set(self, request: HttpRequest, queryset: QuerySet[TeamAgent], *, is_paused: bool) -> None:
        for agent in queryset:
            set_paused(agent=agent, is_paused=is_paused, now=timezone.now(), actor=actor_of(request))
        messages.success(request, "Paused." if is_paused else "They may take calls again.")


class ProductForm(TenantForm):
    price_cents = CentsField(label="Price", help_text="Empty = on request.")


@admin.register(Product)
class ProductAdmin(TenantAdmin):
    icon = "sell"
    rights: ClassVar[Rights] = SET_UP
    form = ProductForm
    list_display = ("name", "price", "good_for", "is_offered")
    list_filter = ("is_offered",)
    search_fields = ("name", "also_called")
    fields = (
        ("name", "also_called"),
        "summary",
        "details",
        ("price_cents", "per"),
        ("good_for", "is_offered", "position"),
    )

    @display(description="Price", ordering="price_cents")
    def price(self, product: Product) -> str:
        if product.price_cents is None:
            return "On request"
        return f"{spoken_money(product.price_cents)}{f' per {product.per}' if product.per else ''}"
