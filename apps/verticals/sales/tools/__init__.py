"""The 19 tools of the sales team."""

from apps.verticals.sales.tools.appointments import (
    book_appointment,
    cancel_appointment,
    get_available_slots,
    get_lead_appointments,
    reschedule_appointment,
)
from apps.verticals.sales.tools.callbacks import cancel_callback, get_promised_calls, request_callback
from apps.verticals.sales.tools.outbound import (
    add_to_do_not_call,
    confirm_person,
    get_call_briefing,
    get_reason_for_call,
    record_outcome,
)
from apps.verticals.sales.tools.people import create_lead, find_lead_by_phone
from apps.verticals.sales.tools.products import get_company_info, get_product_info, get_products
from apps.verticals.sales.tools.qualification import qualify_lead

INBOUND = (
    get_products,
    get_product_info,
    get_company_info,
    find_lead_by_phone,
    create_lead,
    request_callback,
    get_promised_calls,
    cancel_callback,
)
OUTBOUND = (
    get_call_briefing,
    confirm_person,
    get_product_info,
    find_lead_by_phone,
    get_reason_for_call,
    request_callback,
    get_promised_calls,
    cancel_callback,
    add_to_do_not_call,
    record_outcome,
)
LEAD = (
    find_lead_by_phone,
    create_lead,
    qualify_lead,
    request_callback,
    add_to_do_not_call,
    get_call_briefing,
    confirm_person,
    record_outcome,
)
APPOINTMENT = (
    find_lead_by_phone,
    create_lead,
    get_available_slots,
    book_appointment,
    get_lead_appointments,
    reschedule_appointment,
    cancel_appointment,
)
TOOLS = tuple(dict.fromkeys((*INBOUND, *OUTBOUND, *LEAD, *APPOINTMENT)))
