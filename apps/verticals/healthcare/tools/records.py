"""What an identified patient may ask about their own record."""

from typing import Annotated

from apps.agents.sdk import ToolContext, ToolResult, tool
from apps.business.core.wording import listed, spoken_moment, spoken_money
from apps.verticals.healthcare.appointments import as_data, upcoming
from apps.verticals.healthcare.models import InsurancePolicy
from apps.verticals.healthcare.tools.arguments import Id, own_patient, today

PatientId = Annotated[Id, "patient_id of the identified patient"]
_SPOKEN = 4

_STATUS = {
    InsurancePolicy.Status.PENDING: "is still being verified",
    InsurancePolicy.Status.VERIFIED: "is verified",
    InsurancePolicy.Status.FAILED: "could not be verified",
    InsurancePolicy.Status.EXPIRED: "has expired",
    InsurancePolicy.Status.NOT_COVERED: "does not cover visits here",
}


@tool(label="Checking your insurance")
def get_patient_insurance(ctx: ToolContext, *, patient_id: PatientId) -> ToolResult:
    """Says which insurance coverage the identified patient has on file, its status and copay.

    Use it when a patient asks about their insurance. Returns payer, plan, status, copay.
    """
    patient = own_patient(ctx, patient_id)
    policies = list(InsurancePolicy.objects.filter(patient=patient))
    if not policies:
        return ToolResult(
            "We have no insurance on file for you; please bring your card to your visit.", {"policies": []}
        )
    data = [
        {
            "payer": policy.payer,
            "plan": policy.plan,
            "status": policy.status,
            "copay": None if policy.copay_cents is None else spoken_money(policy.copay_cents),
            "valid_until": policy.valid_until_date.isoformat() if policy.valid_until_date else None,
        }
        for policy in policies
    ]
    said = listed([_spoken(policy) for policy in policies[:_SPOKEN]])
    return ToolResult(f"I see that {said}.", {"policies": data})


def _spoken(policy: InsurancePolicy) -> str:
    insured = f"your {policy.payer} insurance {_STATUS[InsurancePolicy.Status(policy.status)]}"
    if policy.status == InsurancePolicy.Status.VERIFIED and policy.copay_cents is not None:
        insured += f", with a copay of {spoken_money(policy.copay_cents)}"
    return insured


@tool(label="Looking at your appointments")
def get_patient_appointments(ctx: ToolContext, *, patient_id: PatientId) -> ToolResult:
    """Lists the identified patient's upcoming appointments, the next one first.

    Use it when a patient asks about their appointments, and before cancelling or rescheduling one. Returns
    appointment_id, provider_id, provider_name, date, time, appointment_type, status of each.
    """
    patient = own_patient(ctx, patient_id)
    appointments = upcoming(patient, now=ctx.now)
    if not appointments:
        return ToolResult("You have no upcoming appointments.", {"appointments": []})
    said = [
        f"on {spoken_moment(appointment.booking.starts_at.astimezone(ctx.now.tzinfo), today=today(ctx))} "
        f"with {appointment.booking.staff.name}"
        for appointment in appointments[:_SPOKEN]
    ]
    more = len(appointments) - len(said)
    count = "one appointment" if len(appointments) == 1 else f"{len(appointments)} appointments"
    first = "; the first are " if more else ": "
    return ToolResult(
        f"You have {count}{first}{listed(said)}.",
        {"appointments": [as_data(appointment, zone=ctx.now.tzinfo) for appointment in appointments]},
    )
