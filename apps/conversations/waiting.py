"""How many visitors wait for a person, for the operator."""

import datetime as dt

from apps.common import queues
from apps.common.queues import Waiting
from apps.conversations.models import Conversation, PersonWanted
from apps.tenants.scope import all_tenants


def for_a_person(now: dt.datetime) -> Waiting:
    """Those whom nobody of their business has answered yet."""
    with all_tenants(reason="how much waits, whosever it is"):
        wanted = PersonWanted.objects.filter(conversation__attention=Conversation.Attention.WAITING)
        return queues.waiting(wanted, "waiting_at", now)
