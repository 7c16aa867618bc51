"""A conversation that calls tools as the runner does, for the tests of every vertical."""

import datetime as dt
import json
from dataclasses import replace
from typing import Any, ClassVar, Protocol, Self

import pytest

from apps.agents.sdk import Tool, ToolContext, ToolRefused, ToolResult
from apps.conversations.models import Conversation, ToolCall
from apps.tenants.models import Tenant


class Place(Protocol):
    """A business of the tests, and what time it is there."""

    @property
    def tenant(self) -> Tenant: ...

    @property
    def now(self) -> dt.datetime: ...


class Known(Protocol):
    """A row of somebody who can be identified, such as a patient."""

    contact_id: str


class Visit:
    """One conversation: calls tools from JSON, and keeps whom they identified. Subclasses name their agent and ids."""

    AGENT: ClassVar[str]
    PREFIXES: ClassVar[tuple[str, ...]]
    """Of the ids that a visitor must never hear."""

    def __init__(
        self, place: Place, *, channel: str = "chat", caller_phone: str | None = None, agent: str | None = None
    ) -> None:
        agent = agent or self.AGENT
        self.conversation = Conversation.objects.create(agent=agent, channel=channel)
        self.context = ToolContext(
            tenant_id=place.tenant.pk,
            conversation_id=self.conversation.pk,
            channel=channel,  # type: ignore[arg-type]
            agent=agent,
            now=place.now,
            contact_id=None,
            bind_contact=self._bind,
            caller_phone=caller_phone,
        )

    def _bind(self, contact_id: str) -> None:
        self.context = replace(self.context, contact_id=contact_id)

    def identified_as(self, somebody: Known) -> Self:
        self._bind(somebody.contact_id)
        return self

    def at(self, now: dt.datetime) -> Self:
        self.context = replace(self.context, now=now)
        return self

    def as_agent(self, agent: str) -> Self:
        self.context = replace(self.context, agent=agent)
        return self

    def call(self, tool: Tool, **arguments: Any) -> ToolResult:
        return self.call_text(tool, json.dumps(arguments, default=str))

    def call_text(self, tool: Tool, text: str) -> ToolResult:
        result = tool.function(self.context, **tool.read(text))
        self._assert_sayable(result.say)
        json.dumps(result.data)
        return result

    def refused(self, tool: Tool, **arguments: Any) -> ToolRefused:
        with pytest.raises(ToolRefused) as caught:
            self.call(tool, **arguments)
        self._assert_sayable(caught.value.say)
        return caught.value

    def _assert_sayable(self, said: str) -> None:
        """A whole sentence, with nothing in it that is for machines only."""
        assert said
        assert not said[0].islower()
        assert said.endswith((".", "?", "!", ":")), said
        assert not any(f"{prefix}_" in said for prefix in self.PREFIXES)

    def record(self, name: str, status: str, result: dict[str, Any]) -> None:
        """As the runner records a call."""
        number = ToolCall.objects.count()
        ToolCall.objects.create(
            conversation=self.conversation,
            run="r",
            key=f"k{number}",
            call=f"c{number}",
            name=name,
            arguments="{}",
            status=status,
            result=result,
        )
