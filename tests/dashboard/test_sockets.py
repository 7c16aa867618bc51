"""The floor over real sockets."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from apps.common import redis
from apps.dashboard import floors, keeper
from apps.dashboard.connection import ready
from apps.tenants import keys
from apps.tenants.models import Membership, Role, User
from apps.tenants.scope import tenant_scope
from apps.verticals.sales import team
from apps.verticals.sales.models import Lead, TeamAgent
from tests.conftest import make_member
from tests.dashboard.conftest import Floor
from tests.dashboard.viewers import Page, watching


async def page_of(server: str, user: User) -> Page:
    return await asyncio.to_thread(Page, server, user.email)


def pause(floor: Floor, name: str, is_paused: bool = True) -> None:
    with floor.scope():
        agent = TeamAgent.objects.get(name=name)
        team.set_paused(agent=agent, is_paused=is_paused, now=floor.now, actor="system")


async def test_a_viewer_sees_the_floor_and_what_changes(server: str, floor: Floor, olivia: User) -> None:
    page = await page_of(server, olivia)
    async with watching(server, await page.ticket()) as viewer:
        hello = await viewer.until("hello")
        assert hello["viewer"] == {"id": str(olivia.pk), "name": "Olivia", "role": "owner"}
        assert hello["recovered"] is False
        assert [person["id"] for person in hello["presence"]] == [str(olivia.pk)]
        await viewer.shows(await sync_to_async(floor.snapshot)())
        await sync_to_async(pause)(floor, "Ava")
        delta = await viewer.until("delta")
        assert [event["type"] for event in delta["events"]] == ["AgentChanged"]
        await viewer.shows(await sync_to_async(floor.snapshot)())
        fresh = await viewer.until("fresh", count=3)
        assert fresh["seq"] == viewer.seq
        assert hello["now"] - 3 < fresh["verified"]


async def test_a_viewer_comes_back_to_where_they_were(server: str, floor: Floor, olivia: User) -> None:
    page = await page_of(server, olivia)
    async with watching(server, await page.ticket()) as before:
        await before.until("snapshot")
    await sync_to_async(pause)(floor, "Ava")
    async with watching(server, await page.ticket()) as other:
        await other.shows(await sync_to_async(floor.snapshot)())
        async with watching(server, await page.ticket(), after=before) as viewer:
            assert (await viewer.until("hello"))["recovered"] is True
            await viewer.shows(await sync_to_async(floor.snapshot)())
            assert viewer.all("snapshot") == []
        before.epoch = "another"
        async with watching(server, await page.ticket(), after=before) as viewer:
            assert (await viewer.until("hello"))["recovered"] is False
            await viewer.shows(await sync_to_async(floor.snapshot)())


async def test_a_redis_that_was_emptied_begins_another_epoch(server: str, floor: Floor, olivia: User) -> None:
    page = await page_of(server, olivia)
    async with watching(server, await page.ticket()) as viewer:
        epoch = (await viewer.until("hello"))["epoch"]
        await asyncio.to_thread(redis.client().flushall)
        await sync_to_async(pause)(floor, "Ava")
        await viewer.when(lambda: viewer.epoch != epoch)
        await viewer.shows(await sync_to_async(floor.snapshot)())
        await sync_to_async(pause)(floor, "Ben")
        await viewer.shows(await sync_to_async(floor.snapshot)())
        assert all(message["left"] == [] for message in viewer.all("presence"))


async def test_a_floor_that_nobody_keeps_is_stale(
    server: str, floor: Floor, olivia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process holds the lease, and says nothing."""
    page = await page_of(server, olivia)
    async with watching(server, await page.ticket()) as viewer:
        await viewer.until("snapshot")
        key, client = keys.floor_keeper(floor.tenant.pk), redis.client()

        def seize() -> None:
            client.delete(key)
            client.hset(key, mapping={"epoch": "nobody", "seq": 0, "verified": 0})
            client.pexpire(key, 5_000)

        await asyncio.to_thread(seize)
        stale = await viewer.until("stale", within=8)
        assert stale["since"] > 0
        count = len(viewer.all("snapshot"))
        await viewer.until("snapshot", count=count + 1)
        await viewer.until("fresh", count=len(viewer.all("fresh")) + 1)


async def test_two_tabs_are_one_person(server: str, floor: Floor, olivia: User) -> None:
    mara = await sync_to_async(make_member)("mara@summit.example", floor.tenant, Role.MANAGER)
    olivias, maras = await page_of(server, olivia), await page_of(server, mara)
    async with watching(server, await olivias.ticket()) as viewer:
        await viewer.until("snapshot")

        def person(message: dict[str, Any], who: User) -> dict[str, Any]:
            return next(one for one in message["joined"] + message["changed"] if one["id"] == str(who.pk))

        async with watching(server, await maras.ticket()) as first, watching(server, await maras.ticket()) as second:
            await first.until("snapshot")
            await second.until("snapshot")
            await viewer.when(
                lambda: any(p["tabs"] == 2 for m in viewer.all("presence") for p in m["changed"] + m["joined"])
            )
            await first.say("attention", call="dlc_1", asleep=False)
            await second.say("attention", call="", asleep=True)
            await viewer.when(
                lambda: any(p["attention"] == "dlc_1" for m in viewer.all("presence") for p in m["changed"])
            )
            last = viewer.all("presence")[-1]
            assert person(last, mara)["state"] == "here"
            await first.say("attention", call="", asleep=True)
            await viewer.when(lambda: person(viewer.all("presence")[-1], mara)["state"] == "asleep")
        await viewer.when(lambda: person(viewer.all("presence")[-1], mara)["state"] == "lost")
        async with watching(server, await maras.ticket()) as again:
            await again.until("snapshot")
            await viewer.when(lambda: person(viewer.all("presence")[-1], mara)["state"] == "here")
        assert all(message["left"] == [] for message in viewer.all("presence"))


async def test_a_removed_member_loses_the_open_socket(server: str, floor: Floor, olivia: User) -> None:
    mara = await sync_to_async(make_member)("mara@summit.example", floor.tenant, Role.MANAGER)
    page = await page_of(server, mara)
    async with watching(server, await page.ticket()) as viewer:
        await viewer.until("snapshot")

        def demote() -> None:
            with tenant_scope(floor.tenant.pk):
                Membership.objects.filter(user=mara).update(role=Role.STAFF)

        await sync_to_async(demote)()
        assert await viewer.closed() == 4403
    async with watching(server, await page.ticket()) as viewer:
        assert (await viewer.until("hello"))["viewer"]["role"] == "staff"

        def remove() -> None:
            with tenant_scope(floor.tenant.pk):
                Membership.objects.filter(user=mara).delete()

        await sync_to_async(remove)()
        assert await viewer.closed() == 4403
    assert (await asyncio.to_thread(page.ask_for_ticket)).status_code == 404


async def test_dashboard_tickets_are_for_members_of_their_own_floor(
    server: str, floor: Floor, rival: Floor, olivia: User, rita: User, charlie: User
) -> None:
    """The foreign twins: an owner of another tenant, a person without one, and nobody."""
    ritas = await page_of(server, rita)
    async with watching(server, await ritas.ticket()) as viewer:
        await viewer.shows(await sync_to_async(rival.snapshot)())
        await sync_to_async(pause)(floor, "Ava")
        await viewer.until("fresh", count=3)
        assert viewer.all("delta") == []
        assert floor.tenant.pk not in str(viewer.told)
    charlies = await page_of(server, charlie)
    assert (await asyncio.to_thread(charlies.ask_for_ticket)).status_code == 404
    charlies.http.cookies.delete("sessionid")
    assert (await asyncio.to_thread(charlies.ask_for_ticket)).status_code == 401
    olivias = await page_of(server, olivia)
    assert (await asyncio.to_thread(olivias.ask_for_ticket, Origin="https://evil.example")).status_code == 403
    assert (await asyncio.to_thread(lambda: olivias.http.post("/api/dashboard/tickets"))).status_code == 403
    assert (await asyncio.to_thread(lambda: olivias.http.get("/api/dashboard/tickets"))).status_code == 405


async def test_a_ticket_opens_one_socket_of_our_own_page(server: str, floor: Floor, olivia: User) -> None:
    page = await page_of(server, olivia)
    ticket = await page.ticket()
    async with watching(server, ticket) as viewer:
        await viewer.until("hello")
    for secret, origin in ((ticket, ""), (await page.ticket(), "https://evil.example"), ("", ""), ("x" * 65, "")):
        async with watching(server, secret, origin=origin, subscribe=False) as viewer:
            assert await viewer.closed() == 1008
            assert viewer.told == []


async def fill_up(floor: Floor) -> None:
    """Sends large messages, which mean nothing, until a viewer does not take them any more."""
    (loop,) = [loop for loop, each in floors._floors.items() if not each.idle]
    here = floors._floors[loop]._floors[floor.tenant.pk]
    padding = ready(b'{"type":"padding","of":"%b"}' % bytes(b"x" * 500_000))
    async with asyncio.timeout(20):
        while not here._behind:
            loop.call_soon_threadsafe(here.broadcast, padding)
            await asyncio.sleep(0.02)


async def test_a_slow_viewer_gets_the_newest_state_or_is_closed(
    server: str, floor: Floor, olivia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that reads nothing for a while: the server keeps little for it, and it misses nothing in the end."""
    monkeypatch.setattr("apps.dashboard.floor.CATCH_UP", 3.0)
    page = await page_of(server, olivia)
    async with watching(server, await page.ticket()) as slow, watching(server, await page.ticket()) as viewer:
        await slow.until("snapshot")
        await viewer.until("snapshot")
        snapshots = len(slow.all("snapshot"))
        slow.reads.clear()
        await fill_up(floor)
        await sync_to_async(pause)(floor, "Ava")
        await viewer.shows(await sync_to_async(floor.snapshot)())
        slow.reads.set()
        await slow.shows(await sync_to_async(floor.snapshot)())
        assert len(slow.all("snapshot")) > snapshots
        assert slow.all("delta") == []
        slow.reads.clear()
        await fill_up(floor)
        await viewer.until("fresh", count=len(viewer.all("fresh")) + 6)  # as long as it may take, and more
        slow.reads.set()
        assert await slow.closed() in (4408, 1006)  # it reads on too late for more than being cut
        await viewer.shows(await sync_to_async(floor.snapshot)())


async def test_an_audit_finds_what_no_hint_told(server: str, floor: Floor, olivia: User) -> None:
    """As if the process that had written were killed before it could say so."""
    page = await page_of(server, olivia)

    def silently(**fields: Any) -> None:
        with floor.scope() as summit:
            TeamAgent.objects.filter(name="Ava").update(is_paused=True)
            Lead.objects.filter(pk=summit.nora.pk).update(**fields)

    async with watching(server, await page.ticket()) as viewer:
        await viewer.until("snapshot")
        await sync_to_async(silently)(status="won")
        await viewer.until("delta")
        assert [event["type"] for event in viewer.all("delta")[0]["events"]] == ["AgentChanged"]
        await viewer.shows(await sync_to_async(floor.snapshot)())


async def test_hints_alone_keep_up_with_a_busy_floor_and_with_a_quiet_one(
    server: str, floor: Floor, olivia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No audit helps."""
    monkeypatch.setattr(keeper, "LIVE_AUDIT", 60.0)
    monkeypatch.setattr(keeper, "FULL_AUDIT", 60.0)
    page = await page_of(server, olivia)
    async with watching(server, await page.ticket()) as viewer:
        await viewer.until("snapshot")
        for _ in range(3):
            told = len(viewer.all("delta"))
            for number in range(15):
                await sync_to_async(pause)(floor, "Ava", number % 2 == 0)
            await sync_to_async(pause)(floor, "Ben")
            await viewer.shows(await sync_to_async(floor.snapshot)())
            assert len(viewer.all("delta")) > told
            await sync_to_async(pause)(floor, "Ava", False)
            await sync_to_async(pause)(floor, "Ben", False)
            await viewer.shows(await sync_to_async(floor.snapshot)())
            await viewer.until("fresh", count=len(viewer.all("fresh")) + 2)  # nothing happens for a while


async def test_a_process_that_leaves_sends_its_viewers_elsewhere(server: str, floor: Floor, olivia: User) -> None:
    page = await page_of(server, olivia)
    async with watching(server, await page.ticket()) as viewer:
        await viewer.until("snapshot")
        (loop,) = [loop for loop, each in floors._floors.items() if not each.idle]
        leaving = asyncio.run_coroutine_threadsafe(floors.close(), loop)
        assert await viewer.closed() == 1012
        await asyncio.wrap_future(leaving)
    assert await asyncio.to_thread(redis.client().exists, keys.floor_keeper(floor.tenant.pk)) == 0
    async with watching(server, await page.ticket(), after=viewer) as again:
        await again.shows(await sync_to_async(floor.snapshot)())


async def test_who_does_not_answer_is_gone(
    server: str, floor: Floor, olivia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.dashboard.floors.HEARTBEAT", 0.5)
    monkeypatch.setattr("apps.dashboard.floors.CHECK", 0.1)
    page = await page_of(server, olivia)
    async with watching(server, await page.ticket()) as deaf, watching(server, await page.ticket()) as viewer:
        deaf.deaf = True
        assert (await viewer.until("ping", count=3))["seq"] == viewer.seq
        assert await deaf.closed() == 4408
        await viewer.until("ping", count=5)


async def test_who_does_not_speak_the_protocol_is_closed(server: str, floor: Floor, olivia: User) -> None:
    page = await page_of(server, olivia)
    for message in ("no json", '{"type":"what"}', '{"type":"pong"}', '{"type":"subscribe","seq":"one"}'):
        async with watching(server, await page.ticket(), subscribe=False) as viewer:
            await viewer.socket.send(message)
            assert await viewer.closed() == 1008
    async with watching(server, await page.ticket()) as viewer:
        await viewer.until("hello")
        await viewer.say("command", id="c1", name="agent.dance", target="tag_1")
        ack = await viewer.until("ack")
        assert (ack["id"], ack["ok"]) == ("c1", False)
        await viewer.say("subscribe")
        assert await viewer.closed() == 1008
