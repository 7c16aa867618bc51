"""Conversations that are over, in a clinic that may chat."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from apps.agents import model
from apps.common import duties
from apps.conversations import turns
from apps.conversations.models import Channel, Conversation, ToolCall, Turn
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from tests.conftest import make_tenant

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
Talk = Callable[..., Conversation]
_keys = count()


@pytest.fixture
def clinic(transactional_db: None) -> Tenant:
    """Riverside Clinic; committed, for the duty judges in threads of its own."""
    return make_tenant("riverside", "Riverside Clinic")


@pytest.fixture
def other_tenant(transactional_db: None) -> Tenant:
    return make_tenant("harbor", "Harbor Salon", vertical="salon", time_zone="Europe/London")


@pytest.fixture(autouse=True)
def _worker_ends() -> Iterator[None]:
    yield
    duties.complete(model.close())


def talk(
    tenant: Tenant,
    *lines: str,
    agent: str = "grace",
    version: int = 1,
    tools: tuple[tuple[str, str], ...] = (),
    channel: str = Channel.CHAT,
    at: datetime = NOW,
    first_word_ms: int | None = None,
    ended: str = "stop",
) -> Conversation:
    """A conversation whose lines are the visitor's and the agent's by turns; its last word was said at `at`."""
    with tenant_scope(tenant.pk):
        conversation = turns.start(agent=agent, channel=channel, now=at - timedelta(minutes=2), visitor="vis_1")
        for number, text in enumerate(lines):
            run = f"run_{next(_keys)}"
            if number % 2 == 0:
                turns.add_visitor_turn(conversation=conversation, text=text, message_id=run, run=run, now=at)
                continue
            turn = turns.add_agent_turn(
                conversation=conversation, text=text, run=run, agent=agent, agent_version=version,
                ended=ended, now=at, first_word_ms=first_word_ms,
            )  # fmt: skip
            _call(conversation, turn, tools, at)
        return conversation


def _call(conversation: Conversation, turn: Turn, tools: tuple[tuple[str, str], ...], at: datetime) -> None:
    for name, status in tools:
        ToolCall.objects.create(
            conversation=conversation, turn=turn, run=turn.run, key=f"k{next(_keys)}", call="c", name=name,
            arguments="{}", status=status, agent=turn.agent, agent_version=turn.agent_version,
            started_at=at - timedelta(seconds=1),
        )  # fmt: skip
