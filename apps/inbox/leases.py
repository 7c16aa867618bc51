"""Whoever has a chat and is silent loses it: the visitor is told, the agent has it again. A duty of the worker."""

from datetime import datetime, timedelta

from django.conf import settings

from apps.agents.live import NoAgent, live_agent
from apps.conversations import attention
from apps.conversations.attention import State
from apps.conversations.models import PersonWanted
from apps.tenants.scope import all_tenants, tenant_scope

EVERY = 10.0
"""Seconds."""
LEFT = "{person} had to leave. I am {agent}, and I am here again: how can I go on helping you?"


def expire(now: datetime) -> int:
    """Gives back the chats of those who have been silent for settings.INBOX_LEASE seconds; how many that were."""
    active_before = now - timedelta(seconds=settings.INBOX_LEASE)
    with all_tenants(reason="list the chats whose person is silent"):
        silent = PersonWanted.objects.filter(conversation__attention=State.PERSON, active_at__lt=active_before)
        rows = list(silent.values_list("tenant_id", "conversation_id", "conversation__agent", "person"))
    done = 0
    for tenant_id, conversation_id, agent, person in rows:
        with tenant_scope(tenant_id):
            name, version = _who(agent)
            done += attention.leave(
                conversation_id=conversation_id,
                active_before=active_before,
                words=LEFT.format(person=person, agent=name),
                agent_version=version,
                now=now,
            )
    return done


def _who(slug: str) -> tuple[str, int]:
    """(name, version) of the agent who has it again."""
    try:
        agent = live_agent(slug=slug)
    except NoAgent:
        return "the assistant", 0
    return agent.name, agent.version
