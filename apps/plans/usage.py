"""The usage ledger of the tenant in scope."""

from dataclasses import asdict, dataclass
from datetime import datetime

from apps.plans.models import UsageEntry, UsageKind


@dataclass(frozen=True, slots=True)
class Who:
    """Whom an entry is put down to: slug of the agent, ids of the widget key and the visitor; "" = unknown."""

    agent: str = ""
    widget_key: str = ""
    visitor: str = ""


NOBODY = Who()


def count_interaction(*, conversation_id: str, now: datetime, who: Who = NOBODY) -> bool:
    """Counts the conversation once in its life; False when it was counted before, if only a moment ago."""
    # The unique constraint decides a race; get_or_create turns the loser's error into a read.
    _, created = UsageEntry.objects.get_or_create(
        kind=UsageKind.INTERACTION, conversation_id=conversation_id, defaults={"at": now, **asdict(who)}
    )
    return created


def count_answer(
    *, conversation_id: str, input_tokens: int, output_tokens: int, now: datetime, who: Who = NOBODY
) -> None:
    """Adds one answered message and what its model steps read and wrote: apart, as the two have different prices.

    Its conversation is an interaction from now on, if it was none before.
    """
    amounts = {UsageKind.MESSAGE: 1, UsageKind.INPUT_TOKENS: input_tokens, UsageKind.OUTPUT_TOKENS: output_tokens}
    amounts |= {UsageKind.INTERACTION: 1}
    UsageEntry.objects.bulk_create(
        (
            UsageEntry(kind=kind, conversation_id=conversation_id, quantity=quantity, at=now, **asdict(who))
            for kind, quantity in amounts.items()
            if quantity
        ),
        ignore_conflicts=True,  # the interaction that was counted before: the unique constraint decides
    )


def used(*, since: datetime) -> int:
    """Interactions counted at or after `since`."""
    return UsageEntry.objects.filter(kind=UsageKind.INTERACTION, at__gte=since).count()


def is_counted(*, conversation_id: str) -> bool:
    """Whether the conversation is an interaction already."""
    return UsageEntry.objects.filter(kind=UsageKind.INTERACTION, conversation_id=conversation_id).exists()
