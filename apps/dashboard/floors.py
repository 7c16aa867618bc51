"""The floors of this process, with what is the same for all: heartbeats, whether viewers still may watch, leaving."""

import asyncio
import logging
from contextlib import suppress
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Q

from apps.common import metrics
from apps.common.database import in_thread
from apps.dashboard.connection import Connection
from apps.dashboard.core.messages import Subscribe
from apps.dashboard.floor import HEARTBEAT, Floor, close_all
from apps.dashboard.presence import process_name
from apps.tenants import second_factor
from apps.tenants.models import Membership, Role, User
from apps.tenants.scope import all_tenants

logger = logging.getLogger(__name__)

CHECK = 2.0
"""Seconds between two looks at whether the viewers still may watch."""
UNCHECKED = 30.0
"""Seconds without such a look after which nobody may: the database is away."""
MEMBERSHIP_GONE = 4403
SERVICE_RESTART, TRY_AGAIN_LATER = 1012, 1013  # IANA's registry of close codes


class Floors:
    """One for each event loop; see `floors()`."""

    def __init__(self) -> None:
        self._process = process_name()
        self._floors: dict[str, Floor] = {}
        self._lives: set[asyncio.Task[None]] = set()
        self._clock: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether no floor is followed, kept or let go of."""
        return not self._lives

    def join(self, viewer: Connection, position: Subscribe) -> Floor:
        """The floor of the viewer's tenant, which it sees from now on. To be left again."""
        tenant_id = viewer.viewer.tenant_id
        floor = self._floors.get(tenant_id)
        if floor is None:
            floor = self._floors[tenant_id] = Floor(tenant_id, process=self._process)
            life = asyncio.create_task(self._live(floor))
            self._lives.add(life)
            life.add_done_callback(self._lives.discard)
        if self._clock is None or self._clock.done():
            self._clock = asyncio.create_task(self._tick())
        floor.join(viewer, position)
        metrics.FLOOR_VIEWERS.inc()
        return floor

    def leave(self, viewer: Connection, floor: Floor) -> None:
        """Its socket is closed."""
        floor.leave(viewer)
        metrics.FLOOR_VIEWERS.dec()

    async def _live(self, floor: Floor) -> None:
        try:
            await floor.run()
        except Exception:  # a bug of ours: its viewers come back to a new one
            logger.exception("A floor has failed", extra={"tenant": floor.tenant_id})
        finally:
            if self._floors.get(floor.tenant_id) is floor:
                del self._floors[floor.tenant_id]  # who comes from now on begins another
            close_all(floor.viewers, SERVICE_RESTART)
            await floor.let_go()

    async def _tick(self) -> None:
        """Until there is no floor any more."""
        loop = asyncio.get_running_loop()
        beaten = checked = loop.time()
        while self._floors:
            await asyncio.sleep(CHECK)
            if loop.time() - beaten >= HEARTBEAT:
                beaten = loop.time()
                for floor in self._floors.values():
                    floor.ping()
            viewers = [viewer for floor in self._floors.values() for viewer in floor.viewers]
            try:
                allowed = await in_thread(roles_of, {(one.viewer.tenant_id, one.viewer.user_id) for one in viewers})
            except DatabaseError:
                logger.exception("It is not known whether viewers may still watch")
                if loop.time() - checked > UNCHECKED:
                    close_all(viewers, TRY_AGAIN_LATER)
                continue
            checked = loop.time()
            close_all(
                (one for one in viewers if allowed.get((one.viewer.tenant_id, one.viewer.user_id)) != one.viewer.role),
                MEMBERSHIP_GONE,
            )

    async def close(self) -> None:
        """This process leaves: another one keeps its floors, and its viewers are told to come back elsewhere."""
        for floor in self._floors.values():
            close_all(floor.viewers, SERVICE_RESTART)
        tasks = [*self._lives, *([self._clock] if self._clock is not None else [])]
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)


def roles_of(people: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """By (tenant, user): the role that the person has there now. One query, and one more where somebody has none.

    Platform administrators, who belong to no tenant, act as owners of the one that they opened. Who lacks a second
    factor that is required there has none.
    """
    with all_tenants(reason="whether viewers of all tenants may still watch is asked at once"):
        memberships = Membership.objects.filter(
            tenant__in={tenant for tenant, _ in people}, user__in={user for _, user in people}, user__is_active=True
        )
        memberships = memberships.filter(Q(tenant__requires_second_factor=False) | second_factor.is_set_up("user"))
        rows = memberships.values_list("tenant_id", "user_id", "role").order_by()
        roles = {(tenant, str(user)): role for tenant, user, role in rows}
    if others := {user for tenant, user in people if (tenant, user) not in roles}:
        admins = User.objects.filter(pk__in=others, is_active=True, is_superuser=True)
        if settings.ADMINISTRATORS_NEED_SECOND_FACTOR:
            admins = admins.filter(second_factor.is_set_up("pk"))
        of_platform = {str(pk) for pk in admins.values_list("pk", flat=True)}
        roles |= {
            (tenant, user): Role.OWNER.value
            for tenant, user in people
            if user in of_platform and (tenant, user) not in roles
        }
    return roles


_floors: WeakKeyDictionary[asyncio.AbstractEventLoop, Floors] = WeakKeyDictionary()


def floors() -> Floors:
    """This event loop's floors."""
    loop = asyncio.get_running_loop()
    if (found := _floors.get(loop)) is None:
        found = _floors[loop] = Floors()
    return found


async def close() -> None:
    """For the composition root: this process is about to leave."""
    await floors().close()
