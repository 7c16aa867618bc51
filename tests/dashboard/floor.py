"""A floor to steer: Summit's agents, leads and calls, those who watch them, and a process that holds the calls."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.utils import timezone

from apps.conversations import calls, orders
from apps.conversations.models import Call
from apps.conversations.orders import Answer, Order
from apps.dashboard import commands
from apps.dashboard.core.messages import CommandFrame
from apps.dashboard.viewers import Viewer
from apps.tenants.models import Role, Tenant, User
from apps.tenants.scope import tenant_scope
from apps.verticals.sales.models import DialedCall, ReceivedCall, TeamAgent
from tests.conftest import make_member, make_tenant
from tests.verticals.sales.conftest import Summit, in_denver, make_summit

NOW = dt.datetime(2026, 11, 23, 17, tzinfo=dt.UTC)
"""Monday, 10 AM in Denver."""
_numbers = count(1)


def viewer_of(user: User, tenant: Tenant, role: str) -> Viewer:
    return Viewer(tenant.pk, str(user.pk), user.name, role, f"socket-{user.pk}")


@dataclass
class Floor:
    """Not in scope."""

    summit: Summit
    owner: Viewer
    manager: Viewer
    staff: Viewer
    agent: TeamAgent

    @property
    def tenant(self) -> Tenant:
        return self.summit.tenant

    def talk(self, *, agent: TeamAgent | None = None) -> tuple[DialedCall, Call]:
        """A call of the dialer in which somebody talks, and what carries it."""
        with tenant_scope(self.tenant.pk):
            call = calls.begin(
                agent="outbound", channel="phone", carrier="twilio", direction="inbound", now=timezone.now()
            )
            ReceivedCall.objects.filter(call_id=call.pk).delete()  # it is one of ours
            dialed = self.summit.dialed(
                self.summit.nora, state="talking", conversation_id=call.conversation_id, agent=agent
            )
        return dialed, call

    def do(
        self, viewer: Viewer, name: str, target: str = "", version: int | None = None, **args: Any
    ) -> dict[str, Any]:
        """What the database decides; what would be ordered then counts as done."""
        wanted = command(name, target, version, **args)
        with tenant_scope(viewer.tenant_id):
            decided = commands.decide(viewer=viewer, command=wanted)
            if isinstance(decided, dict):
                return decided
            ack = commands.done(wanted, decided)
            commands.settle(viewer, wanted, ack)
        return ack


def command(name: str, target: str = "", version: int | None = None, *, id: str = "", **args: Any) -> CommandFrame:
    return CommandFrame(id=id or f"c{next(_numbers)}", name=name, target=target, args=args, version=version)


def make_floor(slug: str = "summit", number: str = "+13035550199") -> Floor:
    tenant = make_tenant(slug, slug.title(), vertical="sales")
    people = {role: make_member(f"{role}@{slug}.example", tenant, role) for role in Role.values}
    with tenant_scope(tenant.pk):
        summit = make_summit(in_denver(tenant, number))
        [agent] = summit.hire("Ada")
        summit.dana.user = people[Role.STAFF]
        summit.dana.save()
    owner, manager, staff = (
        viewer_of(people[role], tenant, role.value) for role in (Role.OWNER, Role.MANAGER, Role.STAFF)
    )
    return Floor(summit, owner, manager, staff, agent)


@dataclass
class Holder:
    """A process with calls: does what it is told, unless it is `deaf` or has a `refusal`."""

    done: list[Order] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    deaf: bool = False
    refusal: Answer | None = None

    def perform(self, order: Order) -> Answer | None:
        if self.deaf:
            return None
        self.done.append(order)
        self.heard.set()
        return self.refusal or Answer(True)

    @property
    def kinds(self) -> list[str]:
        return [order.kind for order in self.done]


@asynccontextmanager
async def holding() -> AsyncIterator[Holder]:
    """Follows the orders in this event loop."""
    holder = Holder()
    following = asyncio.create_task(orders.follow(holder.perform))
    probe = Order(id="probe", tenant="ten_probe", call="", kind="listen")
    async with asyncio.timeout(30):
        while not holder.done:  # from now on it hears
            try:
                await orders.ask(probe, within=0.1)
            except orders.Unreachable:
                await asyncio.sleep(0.01)
    holder.done.clear()
    holder.heard.clear()
    try:
        yield holder
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
