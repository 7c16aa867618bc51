"""What the phone tells us: how calls of the dialer go, and texts of those we have called."""

from django.utils import timezone

from apps.telephony.listeners import Listener
from apps.telephony.models import PlacedCall, TextMessage
from apps.verticals.sales import dialed, permission
from apps.verticals.sales.core.optout import wants_no_calls

NO_MORE_CALLS = "Your number is on our do-not-call list now. We will not call you again."


class SalesListener(Listener):
    """Registered for the topic of the dialer's calls."""

    def call_changed(self, call: PlacedCall) -> None:
        dialed.follow(call, now=timezone.now())

    def text_received(self, text: TextMessage) -> str | None:
        """Who writes that they want no calls gets none, whatever else they write."""
        if not wants_no_calls(text.body):
            return None
        permission.forbid(
            phone=text.other, source="asked", now=timezone.now(), actor="system", reason="Asked by text message."
        )
        return NO_MORE_CALLS
