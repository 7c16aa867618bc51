"""The record of a tool call, as the tool runner keeps it (`agents.tools.runner.Journal`)."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.conversations import events
from apps.conversations.models import ToolCall


@dataclass(frozen=True)
class ToolJournal:
    """One call of one conversation.

    Attributes:
        key: idempotency key, unique in the conversation: the same call after a restart has the same key.
    """

    conversation_id: str
    turn_id: str | None
    run: str
    key: str
    call: str
    name: str
    arguments: str
    agent: str
    agent_version: int

    def recorded(self) -> tuple[str, dict[str, Any]] | None:
        row, _ = ToolCall.objects.get_or_create(
            conversation_id=self.conversation_id,
            key=self.key,
            defaults={
                "turn_id": self.turn_id,
                "run": self.run,
                "call": self.call[:80],
                "name": self.name[:64],
                "arguments": self.arguments[:8_192],
                "agent": self.agent,
                "agent_version": self.agent_version,
            },
        )
        return None if row.status == ToolCall.Status.STARTED else (row.status, row.result)

    def finish(self, status: str, result: dict[str, Any], *, duration_ms: int) -> bool:
        updated = ToolCall.objects.filter(
            conversation_id=self.conversation_id, key=self.key, status=ToolCall.Status.STARTED
        ).update(status=status, result=result, duration_ms=duration_ms)
        if updated:
            events.publish(
                events.ToolCallFinished(
                    conversation=self.conversation_id,
                    at=timezone.now().timestamp(),
                    name=self.name[:64],
                    status=status,
                    duration_ms=duration_ms,
                )
            )
        return bool(updated)
