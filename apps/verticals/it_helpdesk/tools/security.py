"""The tool for what cannot wait: a security incident."""

from typing import Annotated, Literal

from apps.agents.sdk import ToolContext, ToolResult, tool
from apps.verticals.it_helpdesk import tickets
from apps.verticals.it_helpdesk.callers import employee_of
from apps.verticals.it_helpdesk.tools.arguments import Words, actor, spoken_follow_up, ticket_data
from apps.verticals.it_helpdesk.tools.unverified import own_unverified

Incident = Literal["phishing_clicked", "phishing_received", "malware", "account_taken", "other"]

_FIRST = {
    "phishing_clicked": (
        "Disconnect that computer from the network now: pull the cable and turn off Wi-Fi, but leave it on. Do not "
        "enter any more passwords on it."
    ),
    "malware": (
        "Disconnect that computer from the network now: pull the cable and turn off Wi-Fi, but leave it on. Do not "
        "pay or click anything."
    ),
    "account_taken": "Do not use that account until we call you, and do not approve any sign-in request on your phone.",
    "phishing_received": "Please do not click or answer anything in that message; leave it where it is.",
    "other": "Please leave everything as it is until we call you.",
}
_URGENT = frozenset({"phishing_clicked", "malware", "account_taken"})


@tool(label="Alerting the security team", writes=True)
def report_security_incident(
    ctx: ToolContext,
    *,
    problem: Annotated[Words, "what happened, in the caller's words"],
    incident: Annotated[
        Incident,
        "the kind of incident: phishing_clicked (clicked a link, opened the attachment, entered a password), "
        "phishing_received (suspicious message, strange email, scam), malware (virus, ransomware, encrypted), "
        "account_taken (hacked account, stolen password, sign-in requests)",
    ] = "other",
) -> ToolResult:
    """Reports a security incident: a clicked phishing link, a suspicious or strange email, malware, a virus,
    ransomware, a hacked account.

    Call it at once, before verifying or troubleshooting anything; what it says comes first. Returns ticket_id,
    ticket_number, status.
    """
    employee = employee_of(ctx.contact_id)
    ticket = (
        tickets.twin(employee=employee, problem=problem, conversation_id=ctx.conversation_id)
        if employee
        else own_unverified(ctx)
    ) or tickets.open_ticket(
        employee=employee,
        problem=problem,
        category="security",
        urgency="critical" if incident in _URGENT else "high",
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    if incident in _URGENT:
        ticket = tickets.escalate(
            ticket=ticket, reason=f"Security incident: {incident.replace('_', ' ')}.", now=ctx.now, actor=actor(ctx)
        )
    return ToolResult(
        f"{_FIRST[incident]} I have alerted our security team with ticket {ticket.reference}. "
        f"{spoken_follow_up(ctx, ticket)}",
        ticket_data(ticket),
    )
