"""Reading who is in the calls of the floor."""

from collections.abc import Collection

from apps.conversations.models import Call
from apps.dashboard.core.events import Supervision
from apps.verticals.sales.models import DialedCall, ReceivedCall


def supervision(call_ids: Collection[str]) -> dict[str, tuple[Supervision, int]]:
    """By call of the floor: who is in it, and the version that a command must expect."""
    found = dict.fromkeys(call_ids, (Supervision(), 0))
    of: dict[str, str] = {}
    for rows in (DialedCall.objects.filter(pk__in=call_ids), ReceivedCall.objects.filter(pk__in=call_ids)):
        of |= dict(rows.exclude(conversation_id="").order_by().values_list("conversation_id", "pk"))
    calls = Call.objects.filter(conversation__in=of).order_by()
    for conversation, mode, by, version in calls.values_list(
        "conversation_id", "supervision", "supervisor_name", "version"
    ):
        found[of[conversation]] = (Supervision(mode=mode, by=by), version)
    return found
