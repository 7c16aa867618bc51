"""A past for the product under load: long conversations, finished runs. Works on its database and its Redis.

`python bench/history.py conversations <widget key> <count> <turns>` makes conversations of so many turns and prints
`[[conversation id, visitor token], …]`. `python bench/history.py runs <count>` adds finished runs: copies of those that
are there, rows of the database and keys of Redis, under ids of their own. `python bench/history.py words
<conversation id> …` has a person write to each and prints when, as unix times. Run like tenant.py: from the
repository's root, with the environment of the server.
"""

import copy
import json
import sys
import time
import uuid
from collections.abc import Iterable
from typing import Any

import django

TEMPLATES = 10
"""Finished runs that are copied, in turn."""
BATCH = 500
SAID = {"visitor": "When can a doctor see my knee? ", "agent": "We can see you on Tuesday morning at ten, or at noon. "}


def conversations(widget_key: str, count: int, turns: int) -> list[tuple[str, str]]:
    """Makes them; (conversation id, token of its visitor) of each."""
    from apps.chat.tokens import new_visitor
    from apps.conversations.models import Conversation, Turn
    from apps.tenants.models import WidgetKey

    widget = WidgetKey.objects.get(key=widget_key)
    [agent] = {widget.agent or _default_agent()}
    visitors = [new_visitor(tenant_id=widget.tenant_id, widget_key=widget.pk) for _ in range(count)]
    made = [
        Conversation(tenant_id=widget.tenant_id, agent=agent, visitor=visitor.id, widget_key=widget.pk)
        for visitor in visitors
    ]
    Conversation.objects.bulk_create(made)
    said = (
        Turn(
            tenant_id=widget.tenant_id,
            conversation=conversation,
            number=number,
            role=role,
            text=4 * SAID[role],
            agent=agent if role == "agent" else "",
        )
        for conversation in made
        for number in range(1, turns + 1)
        for role in (("agent", "visitor")[number % 2],)
    )
    Turn.objects.bulk_create(said, batch_size=BATCH)
    return [(conversation.pk, visitor.token()) for conversation, visitor in zip(made, visitors, strict=True)]


def _default_agent() -> str:
    """Who answers where the widget names nobody: the agent of the latest conversation, else the front one."""
    from apps.agents.models import Agent
    from apps.conversations.models import Conversation

    latest = Conversation.objects.order_by("started_at").last()
    return latest.agent if latest is not None else Agent.objects.get(is_front=True).slug


def words(conversations: Iterable[str]) -> list[float]:
    """A person writes into each conversation; the moments at which that was committed."""
    from django.db import transaction
    from django.utils import timezone

    from apps.conversations import attention, turns
    from apps.conversations.models import Conversation

    moments = []
    for pk in conversations:
        with transaction.atomic():
            conversation = Conversation.objects.get(pk=pk)
            turns.add_person_turn(conversation=conversation, text="I am here.", person="Alice", now=timezone.now())
            attention.ring(conversation)
            moments.append(time.time())
    return moments


def add_runs(count: int) -> None:
    """Copies finished runs, with their conversations."""
    from apps.conversations.models import Conversation, Turn
    from apps.plans.models import UsageEntry

    finished = Turn.objects.exclude(ended="").order_by("-created_at")[:TEMPLATES]
    conversations = [turn.conversation_id for turn in finished]
    models = ((Conversation, "pk"), (Turn, "conversation_id"), (UsageEntry, "conversation_id"))
    templates = [[list(model.objects.filter(**{field: pk})) for model, field in models] for pk in conversations]
    names = [_names(rows) for rows in templates]
    remembered = [_keys(own) for own in names]
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        renamed = [(n % len(templates), {name: _another(name) for name in names[n % len(templates)]}) for n in numbers]
        for position, (model, _) in enumerate(models):
            model.objects.bulk_create(
                copied for which, new in renamed for copied in _copies(templates[which][position], new)
            )
        _restore((key, value, ttl, new) for which, new in renamed for key, value, ttl in remembered[which])


def _names(rows: list[list[Any]]) -> set[str]:
    """What is unique to a run and its conversation, as rows and keys mention it."""
    [conversation], turns, _ = rows
    found = {conversation.pk, conversation.visitor}
    return (found | {turn.run for turn in turns} | {turn.message_id for turn in turns}) - {""}


def _another(name: str) -> str:
    """A new name of the same kind: a message's UUID, or an id with its prefix."""
    from apps.common.ids import new_id

    prefix, underscore, _ = name.partition("_")
    return new_id(prefix) if underscore else uuid.uuid4().hex


def _copies(rows: Iterable[Any], new: dict[str, str]) -> Iterable[Any]:
    for row in rows:
        copied = copy.copy(row)
        copied._state = copy.copy(row._state)
        copied._state.adding = True
        copied._state.fields_cache = {}
        copied.pk = new.get(row.pk) or _another(row.pk)
        for field in row._meta.concrete_fields:
            value = getattr(row, field.attname)
            if isinstance(value, str) and value in new:
                setattr(copied, field.attname, new[value])
        yield copied


def _keys(names: set[str]) -> list[tuple[str, bytes, int]]:
    """(key, its value as Redis dumps it, milliseconds to live; 0 = for ever) of the keys that mention a name."""
    from apps.common.redis import client

    found = [key.decode() for key in client().scan_iter(count=1_000) if any(name in key.decode() for name in names)]
    return [(key, client().dump(key), max(0, client().pttl(key))) for key in found]


def _restore(keys: Iterable[tuple[str, bytes, int, dict[str, str]]]) -> None:
    from apps.common.redis import client

    pipeline = client().pipeline(transaction=False)
    for key, value, ttl, new in keys:
        for name, another in new.items():
            key = key.replace(name, another)
        pipeline.restore(key, ttl, value)
    pipeline.execute()


def main() -> None:
    from apps.tenants.models import Tenant
    from apps.tenants.scope import all_tenants, tenant_scope

    with all_tenants(reason="the benchmark has one tenant"):
        tenant = Tenant.objects.get()
    with tenant_scope(tenant.pk):
        match sys.argv[1:]:
            case ["conversations", widget_key, count, turns]:
                print(json.dumps(conversations(widget_key, int(count), int(turns))))
            case ["words", *ids]:
                print(json.dumps(words(ids)))
            case ["runs", count]:
                add_runs(int(count))


if __name__ == "__main__":
    django.setup()
    main()
