"""The usage ledger of the tenant in scope."""

from datetime import datetime

from apps.plans.models import UsageEntry, UsageKind


def count_interaction(*, conversation_id: str, now: datetime) -> bool:
    """Counts the conversation once in its life; False when it was counted before, if only a moment ago."""
    # The unique constraint decides a race; get_or_create turns the loser's error into a read.
    _, created = UsageEntry.objects.get_or_create(
        kind=UsageKind.INTERACTION, conversation_id=conversation_id, defaults={"at": now}
    )
    return created


def count_tokens(*, conversation_id: str, input_tokens: int, output_tokens: int, now: datetime) -> None:
    """Adds what one model call read and wrote. Two rows, because the two have different prices."""
    amounts = {UsageKind.INPUT_TOKENS: input_tokens, UsageKind.OUTPUT_TOKENS: output_tokens}
    UsageEntry.objects.bulk_create(
        UsageEntry(kind=kind, conversation_id=conversation_id, quantity=quantity, at=now)
        for kind, quantity in amounts.items()
        if quantity
    )


def used(*, since: datetime) -> int:
    """Interactions counted at or after `since`."""
    return UsageEntry.objects.filter(kind=UsageKind.INTERACTION, at__gte=since).count()


def is_counted(*, conversation_id: str) -> bool:
    """Whether the conversation is an interaction already."""
    return UsageEntry.objects.filter(kind=UsageKind.INTERACTION, conversation_id=conversation_id).exists()
