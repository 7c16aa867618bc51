"""The clinic's 14 tools."""

from apps.verticals.healthcare.tools.appointments import (
    cancel_appointment,
    reschedule_appointment,
    schedule_appointment,
)
from apps.verticals.healthcare.tools.clinic import get_office_hours, get_services
from apps.verticals.healthcare.tools.identity import (
    create_new_patient,
    lookup_patient,
    lookup_patient_by_phone,
)
from apps.verticals.healthcare.tools.providers import get_provider_info, get_providers
from apps.verticals.healthcare.tools.records import get_patient_appointments, get_patient_insurance
from apps.verticals.healthcare.tools.slots import find_next_available, get_available_slots

TOOLS = (
    lookup_patient,
    lookup_patient_by_phone,
    create_new_patient,
    get_patient_insurance,
    get_patient_appointments,
    get_available_slots,
    find_next_available,
    schedule_appointment,
    cancel_appointment,
    reschedule_appointment,
    get_providers,
    get_provider_info,
    get_services,
    get_office_hours,
)
