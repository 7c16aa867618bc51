"""The agency's tools, by the agent whose work they are."""

from apps.verticals.real_estate.tools.emergency import check_urgency, dispatch_emergency
from apps.verticals.real_estate.tools.homes import get_available_units, get_office_info, get_property_info
from apps.verticals.real_estate.tools.loans import (
    calculate_repayments,
    calculate_what_if,
    estimate_borrowing_power,
    get_repayment_schedule,
)
from apps.verticals.real_estate.tools.maintenance import (
    create_maintenance_request,
    get_maintenance_status,
    update_maintenance_request,
)
from apps.verticals.real_estate.tools.rent import get_rent_balance, record_payment
from apps.verticals.real_estate.tools.renters import (
    create_tenant,
    find_tenant_by_phone,
    get_lease_info,
    get_tenant_details,
)
from apps.verticals.real_estate.tools.search import get_listing_details, search_listings
from apps.verticals.real_estate.tools.suburbs import compare_suburbs, get_suburb_facts
from apps.verticals.real_estate.tools.viewings import (
    book_viewing,
    cancel_viewing,
    find_viewing,
    get_my_viewings,
    get_viewing_times,
    reschedule_viewing,
)

TRIAGE = (get_office_info,)
SEARCH = (search_listings, get_listing_details)
SUBURBS = (get_suburb_facts, compare_suburbs)
MORTGAGE = (calculate_repayments, calculate_what_if, get_repayment_schedule, estimate_borrowing_power)
VIEWINGS = (
    get_listing_details,
    get_viewing_times,
    book_viewing,
    find_viewing,
    get_my_viewings,
    reschedule_viewing,
    cancel_viewing,
)
PROPERTY = (get_property_info, find_tenant_by_phone, get_tenant_details, get_office_info)
MAINTENANCE = (
    find_tenant_by_phone,
    create_maintenance_request,
    get_maintenance_status,
    update_maintenance_request,
)
LEASING = (get_available_units, find_tenant_by_phone, get_lease_info, create_tenant)
PAYMENT = (find_tenant_by_phone, get_rent_balance, record_payment)
EMERGENCY = (check_urgency, dispatch_emergency)

TOOLS = tuple(
    dict.fromkeys(
        (*TRIAGE, *SEARCH, *SUBURBS, *MORTGAGE, *VIEWINGS, *PROPERTY, *MAINTENANCE, *LEASING, *PAYMENT, *EMERGENCY)
    )
)
"""Every tool once."""
