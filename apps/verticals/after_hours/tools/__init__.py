"""The line's tools, and which agent gets which."""

from apps.verticals.after_hours.tools.guidance import check_urgency, get_quiet_hours, get_safety_steps
from apps.verticals.after_hours.tools.office import get_office_info
from apps.verticals.after_hours.tools.people import request_human
from apps.verticals.after_hours.tools.reporting import record_problem
from apps.verticals.after_hours.tools.reports import (
    add_to_report,
    correct_report,
    escalate_report,
    find_report,
    get_report_status,
    withdraw_report,
)
from apps.verticals.after_hours.tools.visits import cancel_visit, find_visit_times, reschedule_visit, schedule_visit

EVERYBODY = (request_human,)
"""What each agent may do."""
TRIAGE = (get_office_info, *EVERYBODY)
TRADE = (record_problem, check_urgency, get_safety_steps, find_visit_times, schedule_visit, *EVERYBODY)
NOISE = (record_problem, check_urgency, get_quiet_hours, *EVERYBODY)
ESCALATION = (
    find_report,
    get_report_status,
    add_to_report,
    correct_report,
    escalate_report,
    withdraw_report,
    find_visit_times,
    reschedule_visit,
    cancel_visit,
    *EVERYBODY,
)

TOOLS = tuple(dict.fromkeys((*TRIAGE, *TRADE, *NOISE, *ESCALATION)))
