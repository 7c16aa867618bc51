"""Who is speaking: the tools that find or register a patient and bind them to the conversation."""

import datetime as dt
from typing import Annotated

from django.db.models import Q

from apps.agents.sdk import Email, Phone, ToolContext, ToolRefused, ToolResult, tool
from apps.business.contacts import InvalidEmail, InvalidPhone, normalize_phone
from apps.business.core.names import is_name
from apps.conversations.models import ToolCall
from apps.tenants.models import Tenant
from apps.verticals.healthcare.models import Patient
from apps.verticals.healthcare.patients import is_registered, match_patient, patients_with_phone, register
from apps.verticals.healthcare.tools.arguments import Name, actor, today

ATTEMPTS = 5
"""Failed identifications that one conversation may make; a birth date is too easily guessed by trying."""
_GUESSES = ("lookup_patient", "create_new_patient")
_FAILURES = ("not_found", "identify_first")
_OLDEST = dt.timedelta(days=366 * 125)

FirstName = Annotated[Name, "the patient's first name"]
LastName = Annotated[Name, "the patient's last name"]


@tool(label="Looking for your record")
def lookup_patient(
    ctx: ToolContext,
    *,
    first_name: FirstName,
    last_name: LastName,
    date_of_birth: Annotated[dt.date | None, "the patient's date of birth; ask for it"] = None,
) -> ToolResult:
    """Finds an existing patient by full name and date of birth, and identifies them for this conversation.

    Use it first, before anything that concerns a patient: booking, changing or cancelling an appointment,
    insurance. Ask for full name and date of birth; a name alone identifies nobody. When no record is found,
    ask whether they are new, and then register them. Returns patient_id, is_new_patient.
    """
    if date_of_birth is None:
        raise ToolRefused(
            "date_of_birth_needed",
            "Thank you, but a name alone is not enough to find your record.",
            field="date_of_birth",
        )
    _check_attempts(ctx)
    patient = match_patient(first_name=first_name, last_name=last_name, date_of_birth=date_of_birth)
    if patient is None:
        raise ToolRefused(
            "not_found",
            "I could not find a record with that name and date of birth.",
        )
    return _identified(ctx, patient, "Thank you, I have found your record.")


@tool(label="Looking for your record")
def lookup_patient_by_phone(ctx: ToolContext, *, phone: Annotated[Phone, "the patient's phone number"]) -> ToolResult:
    """Finds an existing patient by the phone number they are calling from. Only useful in a phone call.

    In a chat, or when it refuses, ask for full name and date of birth instead. Returns patient_id,
    is_new_patient.
    """
    number = _number(phone)
    if ctx.caller_phone == number and len(patients := patients_with_phone(number)) == 1:
        return _identified(ctx, patients[0], "Thank you, I have found your record.")
    raise ToolRefused(
        "date_of_birth_needed", "To find your record I need your full name and your date of birth, please."
    )


@tool(label="Registering you", writes=True)
def create_new_patient(
    ctx: ToolContext,
    *,
    first_name: FirstName,
    last_name: LastName,
    date_of_birth: Annotated[dt.date, "the patient's date of birth"],
    phone: Annotated[Phone, "the patient's phone number"],
    email: Annotated[Email | None, "the patient's e-mail address, if they gave one"] = None,
) -> ToolResult:
    """Registers a new patient who has said that they have never been here, and identifies them.

    Confirm before calling. Needs name, date of birth and phone. Not for anyone who may have a record: look
    them up. Returns patient_id, is_new_patient.
    """
    for name, field in ((first_name, "first_name"), (last_name, "last_name")):
        if not is_name(name):
            raise ToolRefused("invalid_name", "I am not sure that I have that name right.", field=field)
    if not today(ctx) - _OLDEST < date_of_birth <= today(ctx):
        raise ToolRefused(
            "invalid_date_of_birth",
            "That date of birth cannot be right.",
            field="date_of_birth",
        )
    _check_attempts(ctx)
    if is_registered(first_name=first_name, last_name=last_name, date_of_birth=date_of_birth):
        raise ToolRefused(
            "identify_first",
            "I need to look for an existing record first, by your full name and date of birth.",
        )
    try:
        patient = register(
            first_name=first_name,
            last_name=last_name,
            date_of_birth=date_of_birth,
            phone=_number(phone),
            email=email or "",
            actor=actor(ctx),
        )
    except InvalidEmail:
        raise ToolRefused("invalid_email", "That e-mail address does not look complete.", field="email") from None
    return _identified(ctx, patient, "Welcome! You are registered as a new patient.")


def _identified(ctx: ToolContext, patient: Patient, say: str) -> ToolResult:
    ctx.bind_contact(patient.contact_id)
    return ToolResult(say, {"patient_id": patient.pk, "is_new_patient": patient.is_new})


def _number(phone: str) -> str:
    try:
        return normalize_phone(phone, Tenant.objects.get().region)
    except InvalidPhone:
        raise ToolRefused(
            "invalid_phone",
            "That phone number does not look complete.",
            field="phone",
        ) from None


def _check_attempts(ctx: ToolContext) -> None:
    """Counts the recorded calls: a refusal rolls back what the tool itself writes, the record of it stays.

    Calls that have begun count too, this one among them, so that parallel guesses do not get past the limit.
    """
    failed = Q(status=ToolCall.Status.REFUSED, result__error__code__in=_FAILURES)
    calls = ToolCall.objects.filter(failed | Q(status=ToolCall.Status.STARTED), name__in=_GUESSES)
    if calls.filter(conversation_id=ctx.conversation_id).count() > ATTEMPTS:
        raise ToolRefused(
            "too_many_attempts",
            "I am sorry, I cannot look for records any more in this conversation. Please call our office.",
        )
