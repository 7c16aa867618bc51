"""The helpdesk's tools, and which agent gets which."""

from apps.verticals.it_helpdesk.tools.devices import get_device_info, get_my_devices, report_lost_device
from apps.verticals.it_helpdesk.tools.identity import verify_caller
from apps.verticals.it_helpdesk.tools.organization import get_organization_info, get_service_status, get_support_hours
from apps.verticals.it_helpdesk.tools.people import request_human
from apps.verticals.it_helpdesk.tools.security import report_security_incident
from apps.verticals.it_helpdesk.tools.tickets import (
    add_ticket_note,
    close_ticket,
    create_ticket,
    escalate_ticket,
    get_my_tickets,
    get_ticket_status,
)
from apps.verticals.it_helpdesk.tools.troubleshooting import (
    record_step_answer,
    search_knowledge,
    start_troubleshooting,
)
from apps.verticals.it_helpdesk.tools.visits import (
    cancel_visit,
    find_visit_times,
    get_my_visits,
    reschedule_visit,
    schedule_visit,
)

EVERYBODY = (verify_caller, request_human)
"""What each agent may do."""
TRIAGE = (get_support_hours, *EVERYBODY)
DEVICE = (get_my_devices, get_device_info, report_lost_device, *EVERYBODY)
TICKET = (
    create_ticket,
    get_my_tickets,
    get_ticket_status,
    add_ticket_note,
    escalate_ticket,
    close_ticket,
    find_visit_times,
    schedule_visit,
    get_my_visits,
    reschedule_visit,
    cancel_visit,
    *EVERYBODY,
)
TROUBLESHOOTING = (start_troubleshooting, record_step_answer, search_knowledge, create_ticket, *EVERYBODY)
SECURITY = (report_security_incident, *TROUBLESHOOTING)
LOOKUP = (get_organization_info, get_service_status, get_support_hours, *EVERYBODY)

TOOLS = tuple(dict.fromkeys((*TRIAGE, *DEVICE, *TICKET, *TROUBLESHOOTING, *SECURITY, *LOOKUP)))
