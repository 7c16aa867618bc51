"""The usage ledger of the tenant in scope."""

from dataclasses import dataclass
from datetime import datetime

from apps.common import metrics
from apps.plans.core.prices import MICRO
from apps.plans.models import UsageEntry, UsageKind
from apps.tenants import rows


@dataclass(frozen=True, slots=True)
class Who:
    """Whom an entry is put down to: slug of the agent, ids of the widget key and the visitor; "" = unknown."""

    agent: str = ""
    widget_key: str = ""
    visitor: str = ""


NOBODY = Who()


def count_answer(
    *,
    conversation_id: str,
    input_tokens: int,
    output_tokens: int,
    now: datetime,
    who: Who = NOBODY,
    call_seconds: int = 0,
    cost: int = 0,
) -> None:
    """Adds one answered message, or a call, and what its model steps read and wrote.

    Its conversation is an interaction from now on, if it was none before.

    Args:
        cost: of the models, in millionths of a dollar; 0 where it is not known.
    """
    amounts = {
        UsageKind.MESSAGE: 1,
        UsageKind.INPUT_TOKENS: input_tokens,
        UsageKind.OUTPUT_TOKENS: output_tokens,
        UsageKind.CALL_SECONDS: call_seconds,
        UsageKind.COST: cost,
        UsageKind.INTERACTION: 1,
    }
    _measure(input_tokens, output_tokens, cost)
    rows.insert(
        *(
            UsageEntry(
                kind=kind,
                conversation_id=conversation_id,
                quantity=quantity,
                at=now,
                agent=who.agent,
                widget_key=who.widget_key,
                visitor=who.visitor,
            )
            for kind, quantity in amounts.items()
            if quantity
        ),
        ignore_conflicts=True,  # the interaction that was counted before: the unique constraint decides
    )


def _measure(input_tokens: int, output_tokens: int, cost: int) -> None:
    metrics.TOKENS.labels("input").inc(input_tokens)
    metrics.TOKENS.labels("output").inc(output_tokens)
    metrics.COST.inc(cost / MICRO)


def used(*, since: datetime) -> int:
    """Interactions counted at or after `since`."""
    return UsageEntry.objects.filter(kind=UsageKind.INTERACTION, at__gte=since).count()


def is_counted(*, conversation_id: str) -> bool:
    """Whether the conversation is an interaction already."""
    return UsageEntry.objects.filter(kind=UsageKind.INTERACTION, conversation_id=conversation_id).exists()


def count_analysis(*, conversation_id: str, input_tokens: int, output_tokens: int, cost: int, now: datetime) -> None:
    """Adds what judging a conversation took. It is no message and no interaction.

    Args:
        cost: in millionths of a dollar; 0 where it is not known.
    """
    _measure(input_tokens, output_tokens, cost)
    amounts = {
        UsageKind.INPUT_TOKENS: input_tokens,
        UsageKind.OUTPUT_TOKENS: output_tokens,
        UsageKind.COST: cost,
    }
    entries = [
        UsageEntry(kind=kind, conversation_id=conversation_id, quantity=quantity, at=now)
        for kind, quantity in amounts.items()
        if quantity
    ]
    if entries:
        rows.insert(*entries)
