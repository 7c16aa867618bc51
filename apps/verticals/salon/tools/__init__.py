"""The salon's 17 tools."""

from apps.verticals.salon.tools.appointments import (
    cancel_appointment,
    create_appointment,
    reschedule_appointment,
)
from apps.verticals.salon.tools.customers import create_customer, find_customer_by_phone
from apps.verticals.salon.tools.menu import (
    find_service_by_name,
    get_all_services,
    get_service_categories,
    suggest_add_on,
)
from apps.verticals.salon.tools.records import get_appointment_by_reference, get_customer_appointments
from apps.verticals.salon.tools.salon import get_business_hours, get_salon_settings
from apps.verticals.salon.tools.slots import get_available_slots
from apps.verticals.salon.tools.stylists import get_all_stylists, get_stylist_by_name
from apps.verticals.salon.tools.waitlist import join_waitlist

BOOKING = (
    find_service_by_name,
    get_stylist_by_name,
    get_available_slots,
    find_customer_by_phone,
    create_customer,
    suggest_add_on,
    create_appointment,
    join_waitlist,
)
INQUIRY = (
    get_business_hours,
    get_salon_settings,
    find_service_by_name,
    get_all_services,
    get_service_categories,
    get_all_stylists,
    get_stylist_by_name,
    get_available_slots,
)
RESCHEDULE = (
    find_customer_by_phone,
    get_customer_appointments,
    get_appointment_by_reference,
    get_stylist_by_name,
    get_available_slots,
    reschedule_appointment,
    cancel_appointment,
)
TOOLS = tuple(dict.fromkeys((*BOOKING, *INQUIRY, *RESCHEDULE)))
