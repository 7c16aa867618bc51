"""What is held of a person in conversations, and forgetting these in time."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Q

from apps.business.data_rights import retention
from apps.conversations.models import Call, Conversation, Turn
from apps.tenants import data_rights
from apps.tenants.data_rights import Subject
from apps.tenants.scope import tenant_scope


def register() -> None:
    """From the app's ready()."""
    data_rights.register_linked(with_theirs)
    data_rights.register(Conversation, lambda subject: Q(pk__in=subject.conversations))


def with_theirs(subject: Subject, named: Iterable[str]) -> Subject:
    """The person with their conversations: in which they were identified, and those of nobody else that their rows
    name, that came from their phone, or that the same browser had before it said who it was."""
    own = Q(contact_id=subject.contact_id)
    visitors = Conversation.objects.filter(own).exclude(visitor="").values("visitor")
    nobodys = Q(pk__in=list(named)) | Q(visitor__in=visitors)
    if subject.phone:
        nobodys |= Q(call__caller=subject.phone)
    found = Conversation.objects.filter(own | (Q(contact=None) & nobodys))
    conversations = frozenset(found.values_list("pk", flat=True))
    runs = Turn.objects.filter(conversation_id__in=conversations).exclude(run="").values_list("run", flat=True)
    calls = Call.objects.filter(conversation_id__in=conversations).values_list("pk", flat=True)
    return replace(subject, conversations=conversations, ids=subject.ids | {*runs, *calls})


def forget_old(now: dt.datetime) -> int:
    """Deletes the conversations whose time is up, with their transcripts and recordings, in batches; how many. A duty
    of the worker. The usage ledger keeps its counts."""
    return sum(_forget(tenant_id, now) for tenant_id in retention.each_tenant())


def _forget(tenant_id: str, now: dt.datetime) -> int:
    gone = 0
    while gone < retention.MOST:
        with tenant_scope(tenant_id):
            until = now - dt.timedelta(days=retention.in_force().transcript_days)
            old = Conversation.objects.filter(last_at__lt=until).order_by("last_at")
            keys = list(old.values_list("pk", flat=True)[: retention.BATCH])
            if not keys:
                break
            Conversation.objects.filter(pk__in=keys).delete()
            gone += len(keys)
    return gone
