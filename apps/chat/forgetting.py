"""Conversations that were tests are forgotten after some days. A duty of the worker."""

import datetime as dt

from apps.conversations.models import Conversation, Purpose
from apps.tenants.scope import all_tenants

EVERY = 600.0
KEPT = dt.timedelta(days=7)
AT_ONCE = 200


def perform(now: dt.datetime) -> int:
    """Deletes what was tried long ago, with its turns; how many conversations."""
    with all_tenants(reason="forget tests of all tenants"):
        old = Conversation.objects.exclude(purpose=Purpose.LIVE).filter(last_at__lt=now - KEPT)
        keys = list(old.values_list("pk", flat=True)[:AT_ONCE])
        Conversation.objects.filter(pk__in=keys).delete()
    return len(keys)
