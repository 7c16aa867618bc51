"""Commands of the live floor: each is kept with its answer, decided once, and carried out where the call is.

An answer is the frame `ack` of the socket:
`{"type", "id", "ok": true, "version", "audio"?, "call"?}` or `{"type", "id", "ok": false, "code", "message", "version",
"field"?}`. `audio` is a ticket for /ws/dashboard/audio/. `version` is the target's own now, null where there is none.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec
from django.db import transaction
from django.utils import timezone

from apps.common.errors import AppError, InvalidInput
from apps.conversations import orders, supervision
from apps.conversations.models import Call
from apps.dashboard import models, steering, tickets
from apps.dashboard.core.messages import CommandFrame as Command
from apps.dashboard.steering import Asked, Errand
from apps.dashboard.tickets import Ticket
from apps.dashboard.viewers import Viewer
from apps.tenants.scope import in_tenant
from apps.verticals.sales import pump
from apps.verticals.sales.models import DialedCall

logger = logging.getLogger(__name__)

T = TypeVar("T")
Ack = dict[str, Any]
MOST_ARGS = 4_096
"""Bytes of a command's arguments as JSON."""
SETTLED_WITHIN = 8.0
"""Seconds in which a command that is being carried out has its answer; one sent twice waits for it."""
LOOK = 0.05
DIALED_WITHIN = 3.0
"""Seconds for the carrier to take the order; then the answer does not wait for it any more."""


_under_way: set[asyncio.Future[Any]] = set()


async def perform(*, viewer: Viewer, command: Command) -> Ack:
    """Does what a viewer asks, once, and says what came of it. It never raises for what a client can send."""
    try:
        command = _checked(command)
    except InvalidInput as refusal:  # it cannot even be written down
        return _refused(command.id[:64], refusal, None)
    # What was begun is finished, and written down, though its sender may leave meanwhile.
    return await asyncio.shield(_kept(_perform(viewer, command)))


def _kept(work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    """A task that is let finish, whoever waits for it."""
    task = asyncio.create_task(work)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return task


async def _perform(viewer: Viewer, command: Command) -> Ack:
    decided = await in_tenant(viewer.tenant_id, decide, viewer=viewer, command=command)
    if isinstance(decided, Errand):
        ack = await _carry_out(viewer, command, decided)
        await in_tenant(viewer.tenant_id, settle, viewer, command, ack)
        return ack
    return decided if decided else await _settled(viewer, command)


def _checked(command: Command) -> Command:
    """The command as it can be kept."""
    if not 0 < len(command.id) <= 64:
        raise InvalidInput("A command needs an id of 1 to 64 characters.", field="id")
    if len(command.name) > 32:
        raise InvalidInput("There is no such command.", field="name")
    if len(command.target) > 64:
        raise InvalidInput("The target is the id of an agent, a call or a lead.", field="target")
    args = msgspec.json.encode(command.args)
    if len(args) > MOST_ARGS:
        raise InvalidInput("The arguments are too long.", field="args")
    if command.version is not None and not 0 <= command.version < 2**31:
        raise InvalidInput("The version is a number.", field="version")
    if "\0" in f"{command.id}{command.name}{command.target}" or b"\\u0000" in args:
        raise InvalidInput("A character that no text has.", field="args")
    return msgspec.structs.replace(command, args=msgspec.json.decode(args))  # an infinite number is null from here on


def decide(*, viewer: Viewer, command: Command) -> Ack | Errand:
    """Writes the command down and decides it; in the tenant's scope.

    Returns:
        The answer; an Errand when something is to be done yet before there is one; {} when another one is doing that.
    """
    with transaction.atomic():
        role = steering.role_of(viewer)
        asked = Asked(
            viewer, command.id, command.name, command.target, command.args, command.version, timezone.now(), role
        )
        row, is_new = models.Command.objects.get_or_create(
            user=viewer.user_id,
            key=command.id,
            defaults={
                "who": viewer.name[:150],
                "role": role,
                "name": command.name,
                "target": command.target,
                "args": command.args,
                "version": command.version,
                "at": asked.now,
            },
        )
        if not is_new:
            return _again(row, command)
        try:
            with transaction.atomic():
                errand = steering.decide(asked)
        except AppError as refusal:
            row.ack = _refused(command.id, refusal, asked.version)
        else:
            if errand.orders or errand.dial:
                return errand
            row.ack = done(command, errand)
        row.save(update_fields=["ack"])
        return row.ack


def _again(row: models.Command, command: Command) -> Ack:
    if (row.name, row.target, row.args) != (command.name, command.target, command.args):
        return _refused(command.id, InvalidInput("This id was another command's.", field="id"), None)
    return dict(row.ack)


async def _settled(viewer: Viewer, command: Command) -> Ack:
    """The answer of the same command, which another connection has sent before."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SETTLED_WITHIN
    while loop.time() < until:
        await asyncio.sleep(LOOK)
        if ack := await in_tenant(viewer.tenant_id, _ack_of, viewer, command):
            return ack
    return _refused(command.id, orders.Unreachable("It is not known what came of this command."), None)


def _ack_of(viewer: Viewer, command: Command) -> Ack:
    row = models.Command.objects.get(user=viewer.user_id, key=command.id)
    return dict(row.ack)


def settle(viewer: Viewer, command: Command, ack: Ack) -> None:
    """Writes the answer down."""
    models.Command.objects.filter(user=viewer.user_id, key=command.id).update(ack=ack)


async def _carry_out(viewer: Viewer, command: Command, errand: Errand) -> Ack:
    try:
        for order in errand.orders:
            answer = await orders.ask(order)
            if not answer.ok:
                return await _undone(viewer, command, errand, _Refused(answer))
        if errand.dial:
            await _dial(viewer, errand.dial)
        ack = done(command, errand)
        if errand.sound:
            ack["audio"] = await tickets.mint(_ticket(viewer, errand))
        return ack
    except AppError as refusal:
        return await _undone(viewer, command, errand, refusal)
    except Exception:
        logger.exception("A command of the floor failed", extra={"command": command.name})
        return await _undone(viewer, command, errand, orders.Unreachable("This did not work. Please try again."))


class _Refused(AppError):
    """The process that holds the call says no."""

    status = 409

    def __init__(self, answer: orders.Answer) -> None:
        super().__init__(answer.message, reason=answer.code)


async def _undone(viewer: Viewer, command: Command, errand: Errand, refusal: AppError) -> Ack:
    version = errand.version
    if errand.entered:
        version = await in_tenant(viewer.tenant_id, _leave, viewer, errand)
    return _refused(command.id, refusal, version)


def _leave(viewer: Viewer, errand: Errand) -> int:
    """Out of a call again that could not be reached; its version then."""
    call = Call.objects.get(pk=errand.call)
    try:
        supervision.leave(
            call=call, user=viewer.user_id, now=timezone.now(), actor=f"user:{viewer.user_id}", version=errand.version
        )
    except AppError:  # it is over, or somebody has gone on from here
        logger.debug("A call was left already")
    return call.version


async def _dial(viewer: Viewer, call_id: str) -> None:
    """Has a claimed call placed. The worker's pump looks after one that is lost on the way."""
    dialing = _kept(pump.dial(tenant_id=viewer.tenant_id, call_id=call_id))
    done, _ = await asyncio.wait([dialing], timeout=DIALED_WITHIN)
    if done and not dialing.result():
        call = await in_tenant(viewer.tenant_id, DialedCall.objects.get, pk=call_id)
        if call.state == DialedCall.State.ENDED:
            raise NotPlaced("The phone company did not take this call.")


class NotPlaced(AppError):
    """The call was allowed, and could not be placed."""

    code = "not_placed"
    status = 502


def _ticket(viewer: Viewer, errand: Errand) -> Ticket:
    return Ticket(
        viewer.tenant_id,
        viewer.user_id,
        viewer.name,
        viewer.role,
        purpose="audio",
        call=errand.call,
        mode=errand.sound,
    )


def done(command: Command, errand: Errand) -> Ack:
    """The answer to what has worked."""
    return {"type": "ack", "id": command.id, "ok": True, "version": errand.version, **errand.said}


def _refused(id: str, refusal: AppError, version: int | None) -> Ack:
    ack: Ack = {
        "type": "ack",
        "id": id,
        "ok": False,
        "code": refusal.details.get("reason", refusal.code),
        "message": refusal.message,
        "version": refusal.details.get("version", version),
    }
    return {**ack, "field": refusal.field} if refusal.field else ack
