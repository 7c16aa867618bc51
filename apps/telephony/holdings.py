"""What is held of a person's phone: calls to them, texts and voicemails. They are known by their number alone."""

from collections.abc import Sequence

from django.db.models import Q

from apps.common import duties
from apps.telephony import voicemails
from apps.telephony.calls import CarrierNotConfigured, CarrierRefused
from apps.telephony.models import OptOut, PhoneNumber, PlacedCall, TextMessage, Voicemail
from apps.tenants import data_rights
from apps.tenants.data_rights import Find


def _with_number(field: str) -> Find:
    return lambda subject: Q(**{field: subject.phone}) if subject.phone else Q(pk__in=())


def register() -> None:
    """From the app's ready()."""
    data_rights.register(PlacedCall, _with_number("to"))
    data_rights.register(TextMessage, _with_number("other"))
    data_rights.register(Voicemail, _with_number("caller"))
    data_rights.register_outside(Voicemail, _forget_sounds)
    data_rights.register(
        OptOut,
        _with_number("number"),
        rule="keep",
        reason="They wrote STOP. Without their number on this list they could be texted again.",
    )
    data_rights.nothing_personal(PhoneNumber, reason="The business's own numbers.")


def _forget_sounds(rows: Sequence[Voicemail]) -> list[str]:
    """Deletes the sounds at the carrier, which keeps them; what it refuses to delete.

    Raises:
        CarrierUnavailable, CarrierLoginRefused: to be tried again.
    """
    return [sound for row in rows if (sound := _refused(row.recording))]


def _refused(recording: str) -> str:
    try:
        duties.complete(voicemails.forget(recording), within=30.0)
    except (CarrierNotConfigured, CarrierRefused):
        return f"Voicemail {recording}: delete its sound at your phone company."
    return ""
