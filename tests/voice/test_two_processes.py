"""A call at one process of the operating system, steered from another; and its end when its process is killed."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from apps.chat import demo
from apps.conversations.models import Call
from apps.dashboard import tickets
from apps.dashboard.tickets import Ticket
from apps.dashboard.viewers import Viewer
from apps.telephony import numbers
from apps.telephony.account import configured
from apps.telephony.simulated.exchange import Exchange
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.sales.models import ReceivedCall
from tests.dashboard.test_commands import refused
from tests.dashboard.test_steering import CALLER, NUMBER, Phone, Talk, eventually, loudest
from tests.dashboard.viewers import Watcher, watching
from tests.product_process import Product, product

pytestmark = [pytest.mark.once, pytest.mark.timeout(400)]


@pytest.fixture
def summit(transactional_db: None) -> Tenant:
    """The demo's sales floor, which has a number."""
    [loaded] = [each for each in demo.load(now=dt.datetime.now(dt.UTC)) if each.vertical.slug == "sales"]
    with tenant_scope(loaded.tenant.pk):
        numbers.assign(number=NUMBER)
    return loaded.tenant


@asynccontextmanager
async def steering(viewer: Viewer, at: Product) -> AsyncIterator[Watcher]:
    """The viewer's page of the floor, open at a process."""
    ticket = await tickets.mint(Ticket(viewer.tenant_id, viewer.user_id, viewer.name, viewer.role))
    async with watching(at.address, ticket) as watcher:
        await watcher.until("snapshot", within=60)
        yield watcher


_numbers = count(1)
"""A command's id is its own, also of another page of the same person."""


async def says(page: Watcher, talk: Talk, name: str, **message: Any) -> dict[str, Any]:
    """What the process answers to a command about the call."""
    identity = f"c{next(_numbers)}-{name}"
    await page.say("command", id=identity, name=name, target=talk.id, **{"args": {}, **message})
    return await page.until("ack", id=identity, within=30)


@asynccontextmanager
async def ringing(exchange: Exchange, tenant: Tenant, holder: Product, desk: Product) -> AsyncIterator[Talk]:
    """Somebody calls in at `holder`; who listens connects to `desk`."""
    phone = Phone()
    talk = await sync_to_async(Talk)(tenant, phone, desk.address)
    exchange.call(
        from_=CALLER,
        to=NUMBER,
        url=f"{holder.address}/voice/twilio/incoming",
        caller=phone,
        status_callback=f"{holder.address}/voice/twilio/status",
    )
    await talk.begin()
    yield talk


async def test_the_call_is_reached_wherever_it_is_and_ends_with_its_process(summit: Tenant) -> None:
    async with Exchange(configured()) as exchange:
        environment = {"TWILIO_API_BASE": exchange.url}
        with product(**environment) as holder, product(**environment) as desk:
            async with ringing(exchange, summit, holder, desk) as talk, steering(talk.owner, desk) as page:
                listened = await says(page, talk, "call.listen")
                assert listened["ok"], listened
                async with talk.sound(listened["audio"]) as ear:
                    hearing = asyncio.create_task(loudest(ear, seconds=4))
                    talk.phone.say("What does the Starter plan cost?")
                    assert await hearing > 1_000
                whispered = await says(page, talk, "call.whisper", args={"text": "Offer ten percent."})
                assert whispered["ok"], whispered
                assert (await talk.turn("supervisor")).unheard == "Offer ten percent."
                ended = await says(page, talk, "call.end", version=0)
                assert ended["ok"], ended
                await talk.over()
                assert (await talk.record()).ended == "supervisor"
            await eventually(lambda: _nobody_talks(summit))

            async with ringing(exchange, summit, holder, desk) as talk, steering(talk.owner, desk) as page:
                listened = await says(page, talk, "call.listen")
                assert listened["ok"], listened
                async with talk.sound(listened["audio"]) as ear:
                    assert (await talk.record()).status == Call.Status.ACTIVE
                    await asyncio.to_thread(holder.kill)
                    assert refused(await says(page, talk, "call.whisper", args={"text": "x"}), "unreachable")
                    async with asyncio.timeout(90):  # its lease ends, and the other process finds it
                        told = [json.loads(frame) async for frame in ear if isinstance(frame, str)]
                    assert told == [{"type": "ended", "reason": "ended"}]
                record = await eventually(lambda: _ended(summit, talk.call_id))
                assert record.ended == "process_lost"
                assert refused(await says(page, talk, "call.listen"), "not_talking")


def _ended(tenant: Tenant, call_id: str) -> Call | None:
    with tenant_scope(tenant.pk):
        return Call.objects.filter(pk=call_id, status=Call.Status.ENDED).first()


def _nobody_talks(tenant: Tenant) -> bool:
    with tenant_scope(tenant.pk):
        return not ReceivedCall.objects.filter(state="talking").exists()
