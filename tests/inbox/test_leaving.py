"""A server that leaves sends its visitors' pages elsewhere, at once."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from apps.chat import beside
from apps.chat.tokens import Visitor
from apps.common import drain
from apps.conversations import turns
from apps.tenants.models import Tenant
from apps.tenants.scope import in_tenant


@pytest.mark.django_db(transaction=True)
async def test_a_page_is_told_to_come_back(clinic: Tenant) -> None:
    now, others = datetime.now(UTC), set(beside._open)  # of the suite's server
    conversation = await in_tenant(clinic.pk, lambda: turns.start(agent="a", channel="chat", now=now, visitor="vis_x"))
    async with aclosing(beside.events(Visitor(clinic.pk, "vis_x", ""), conversation.pk, after=0)) as events:
        assert (await anext(events)).startswith(b":")
        assert (await anext(events)).startswith(b"event: state")
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        try:
            drain.begin()
            while not waiting.done():
                beside.wake()  # until it waits for the bell
                await asyncio.sleep(0.01)
            assert waiting.result().startswith(b"retry: ")
        finally:
            drain.end()
    assert beside._open <= others
