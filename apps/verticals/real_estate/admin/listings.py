"""Homes, what is on the market, who comes to see it and what visitors look for."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from apps.business.admin.moments import moment
from apps.business.admin.money import CentsField
from apps.business.admin.search import FoldedSearch
from apps.business.core.wording import spoken_money
from apps.business.models import OPEN_STATUSES
from apps.tenants.access import EDIT, EVERYTHING, SET_UP, VIEW, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, TenantInline
from apps.tenants.models import Role
from apps.verticals.real_estate.listings import spoken_price
from apps.verticals.real_estate.models import EnquiredListing, Enquiry, Listing, Property, Suburb, Viewing

_LEADS: Rights = {Role.OWNER: EVERYTHING - {"add"}, Role.MANAGER: EVERYTHING - {"add"}, Role.STAFF: EDIT}
"""Agents make enquiries; people work on them."""
_STATUS_COLORS = {
    "available": "success",
    "under_offer": "warning",
    "sold": "info",
    "leased": "info",
    "withdrawn": "danger",
}


class ListingForm(TenantForm):
    price_cents = CentsField(
        label="Price or weekly rent", help_text="In dollars.", required=True, max_digits=12, min_value=1
    )


class SuburbForm(TenantForm):
    median_house_price_cents = CentsField(label="Median house price", max_digits=12)
    median_unit_price_cents = CentsField(label="Median apartment price", max_digits=12)
    median_weekly_rent_cents = CentsField(label="Median weekly rent")


@admin.register(Listing)
class ListingAdmin(TenantAdmin):
    icon = "real_estate_agent"
    form = ListingForm
    list_display = ("address", "headline", "purpose", "price", "state", "agent", "upcoming_viewings")
    list_filter = ("purpose", "status", "property__suburb", "property__property_type", "agent")
    list_select_related = ("property__suburb", "agent")
    search_fields = ("headline", "property__street_address", "property__suburb__name")
    search_help_text = "Search by address, suburb or headline."
    ordering = ("-listed_date", "id")  # the model's own does not hold where rows are counted
    autocomplete_fields = ("property", "agent")
    fields = (
        ("property", "agent"),
        ("purpose", "status"),
        ("price_cents", "price_text"),
        "headline",
        "description",
        ("available_from_date", "listed_date"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        ahead = Count("viewings", filter=Q(viewings__booking__status__in=OPEN_STATUSES))
        rows: QuerySet[Any] = super().get_queryset(request).annotate(ahead=ahead)
        return rows

    @display(description="Address", ordering="property__street_address")
    def address(self, listing: Listing) -> str:
        return listing.property.address

    @display(description="Price", ordering="price_cents")
    def price(self, listing: Listing) -> str:
        return spoken_price(listing)

    @display(description="Status", ordering="status", label=_STATUS_COLORS)
    def state(self, listing: Listing) -> tuple[str, str]:
        return listing.status, listing.get_status_display()

    @display(description="Viewings ahead", ordering="ahead")
    def upcoming_viewings(self, listing: Any) -> int:
        ahead: int = listing.ahead
        return ahead


@admin.register(Property)
class PropertyAdmin(TenantAdmin):
    icon = "home_work"
    list_display = (
        "street_address",
        "suburb",
        "property_type",
        "bedrooms",
        "bathrooms",
        "parking_spaces",
        "is_managed",
    )
    list_filter = ("is_managed", "property_type", "suburb", "bedrooms")
    list_select_related = ("suburb",)
    search_fields = ("street_address", "suburb__name")
    search_help_text = "Search by street or suburb."
    autocomplete_fields = ("suburb",)
    fields = (
        ("street_address", "suburb"),
        ("property_type", "built_year"),
        ("bedrooms", "bathrooms", "parking_spaces"),
        ("floor_area", "land_area"),
        "features",
        ("pets_considered", "is_managed"),
        "notes",
    )


@admin.register(Suburb)
class SuburbAdmin(TenantAdmin):
    icon = "location_city"
    rights: ClassVar[Rights] = SET_UP
    form = SuburbForm
    list_display = ("name", "postcode", "house_price", "unit_price", "yearly_growth_percent", "commute_minutes")
    search_fields = ("name", "postcode")
    fields = (
        ("name", "postcode", "state"),
        ("median_house_price_cents", "median_unit_price_cents", "median_weekly_rent_cents"),
        ("yearly_growth_percent", "days_on_market"),
        ("commute_minutes", "population"),
        "schools",
        "transport",
        "shops",
        "lifestyle",
        ("source", "as_of_date"),
    )

    @display(description="House", ordering="median_house_price_cents")
    def house_price(self, suburb: Suburb) -> str:
        return "" if suburb.median_house_price_cents is None else spoken_money(suburb.median_house_price_cents)

    @display(description="Apartment", ordering="median_unit_price_cents")
    def unit_price(self, suburb: Suburb) -> str:
        return "" if suburb.median_unit_price_cents is None else spoken_money(suburb.median_unit_price_cents)


@admin.register(Viewing)
class ViewingAdmin(FoldedSearch):
    """Which home is shown; time, agent and status are changed on the booking."""

    icon = "calendar_clock"
    list_display = ("when", "home", "visitor", "agent", "status", "feedback")
    list_filter = ("booking__status", "booking__starts_at", "booking__staff")
    list_select_related = ("booking__contact", "booking__staff", "listing__property__suburb")
    search_fields = ("booking__contact__given_key", "booking__contact__family_key", "booking__reference")
    search_help_text = "Search by visitor or reference."
    autocomplete_fields = ("booking", "listing")
    ordering = ("-booking__starts_at",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        booked = () if obj is None else (("when", "status"), ("visitor", "agent"))
        return (("booking", "listing"), *booked, "feedback")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("booking", "when", "status", "visitor", "agent")

    @display(description="When", ordering="booking__starts_at")
    def when(self, viewing: Viewing) -> str:
        return moment(viewing.booking.starts_at)

    @display(description="Home", ordering="listing__property__street_address")
    def home(self, viewing: Viewing) -> str:
        return viewing.listing.property.address

    @display(description="Visitor", ordering="booking__contact__family_key")
    def visitor(self, viewing: Viewing) -> str:
        return viewing.booking.contact.name

    @display(description="Agent", ordering="booking__staff__name")
    def agent(self, viewing: Viewing) -> str:
        return viewing.booking.staff.name

    @display(description="Status", ordering="booking__status")
    def status(self, viewing: Viewing) -> str:
        return viewing.booking.get_status_display()


class EnquiredListingInline(TenantInline):
    rights: ClassVar[Rights] = dict.fromkeys(Role, VIEW)
    model = EnquiredListing
    fields = ("listing", "is_favorite")


@admin.register(Enquiry)
class EnquiryAdmin(FoldedSearch):
    """Leads: what agents have learned about a visitor."""

    icon = "person_search"
    rights: ClassVar[Rights] = _LEADS
    list_display = ("__str__", "contact", "intent", "budget", "updated_at")
    list_filter = ("intent", "updated_at")
    list_select_related = ("contact",)
    search_fields = ("contact__given_key", "contact__family_key", "wish")
    search_help_text = "Search by name or by what is looked for."
    autocomplete_fields = ("contact",)
    fields = (("contact", "intent"), "wish", "notes", ("budget", "loan"), ("created_at", "updated_at"))
    readonly_fields = ("budget", "loan", "created_at", "updated_at")
    inlines = (EnquiredListingInline,)

    @display(description="Budget", ordering="budget_cents")
    def budget(self, enquiry: Enquiry) -> str:
        return "" if enquiry.budget_cents is None else spoken_money(enquiry.budget_cents)

    @display(description="Loan")
    def loan(self, enquiry: Enquiry) -> str:
        if enquiry.loan_price_cents is None:
            return ""
        deposit = spoken_money(enquiry.loan_deposit_cents or 0)
        return f"{spoken_money(enquiry.loan_price_cents)} with {deposit} down at {enquiry.loan_rate}%"
