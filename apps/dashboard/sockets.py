"""`/ws/dashboard/`: what a floor tells its viewers, and what they command. Plain ASGI, one receive loop a viewer."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from urllib.parse import parse_qs

import msgspec

from apps.common import drain
from apps.common.errors import AppError
from apps.dashboard import tickets
from apps.dashboard.connection import Connection
from apps.dashboard.core.messages import Attention, CommandFrame, FromClient, Pong, Subscribe, encode, read
from apps.dashboard.floor import Floor
from apps.dashboard.floors import SERVICE_RESTART, floors
from apps.dashboard.viewers import Viewer

logger = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

SUBSCRIBE_WITHIN = 10.0
"""Seconds that a socket has to say from where on it wants to see the floor."""
MOST_COMMANDS = 8
"""Commands of one viewer that are under way; beyond, its socket is not read."""
NORMAL, POLICY_VIOLATION = 1000, 1008  # RFC 6455 §7.4.1


class BadMessage(AppError):
    """Not JSON, or of no kind that we know."""

    code = "malformed_message"
    status = 400


class Perform(Protocol):
    """Does what a viewer commands; the answer is the `ack` to it."""

    async def __call__(self, *, viewer: Viewer, command: CommandFrame) -> dict[str, Any]: ...


class _Gone(Exception):
    """The viewer has left."""


def floor_socket(perform: Perform) -> Callable[[dict[str, Any], Receive, Send], Awaitable[None]]:
    """The ASGI application; `perform` is called for each command, in a task of its own."""

    async def watch(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})  # a page learns no code of a socket that was never open
        try:
            viewer = await _admitted(scope)
            async with asyncio.timeout(SUBSCRIBE_WITHIN):
                first = await _message(receive)
            if not isinstance(first, Subscribe):
                raise BadMessage("The first message is `subscribe`.")
        except _Gone:
            return
        except (AppError, TimeoutError) as refusal:
            code = SERVICE_RESTART if isinstance(refusal, drain.Draining) else POLICY_VIOLATION
            await send({"type": "websocket.close", "code": code, "reason": getattr(refusal, "code", "too_late")})
            return
        connection = Connection(viewer, scope, send)
        floor = floors().join(connection, first)
        try:
            await _listen(connection, floor, receive, perform)
        finally:
            floors().leave(connection, floor)
            connection.done()

    return watch


async def _admitted(scope: dict[str, Any]) -> Viewer:
    """Who connects, by their ticket.

    Raises:
        AppError: nobody that may.
    """
    drain.refuse()
    tickets.check_origin(dict(scope["headers"]))
    secret = parse_qs(scope["query_string"].decode("latin1")).get("ticket", [""])[0]
    return (await tickets.redeem(secret, purpose="floor")).viewer()


async def _message(receive: Receive) -> FromClient:
    message = await receive()
    if message["type"] == "websocket.disconnect":
        raise _Gone
    try:
        return read.decode(message.get("text") or "")
    except (msgspec.MsgspecError, RecursionError):  # ValidationError and DecodeError, or too deep
        raise BadMessage("This is no message of the floor.") from None


async def _listen(connection: Connection, floor: Floor, receive: Receive, perform: Perform) -> None:
    """Takes what the viewer says until they leave, or say what is none of the protocol."""
    commands: set[asyncio.Task[None]] = set()
    try:
        while True:
            message = await _message(receive)
            connection.unanswered = 0
            if isinstance(message, Attention):
                connection.attention, connection.asleep = message.call[:32], message.asleep
                floor.presence.put(connection.seat())
            elif isinstance(message, CommandFrame):
                if len(commands) >= MOST_COMMANDS:
                    await asyncio.wait(commands, return_when=asyncio.FIRST_COMPLETED)
                task = asyncio.create_task(_obey(connection, message, perform))
                commands.add(task)
                task.add_done_callback(commands.discard)
            elif not isinstance(message, Pong):
                raise BadMessage("A socket subscribes once.")
    except _Gone:
        pass  # commands that are under way are carried out all the same
    except BadMessage:
        connection.close(POLICY_VIOLATION)


async def _obey(connection: Connection, command: CommandFrame, perform: Perform) -> None:
    try:
        ack = await perform(viewer=connection.viewer, command=command)
    except AppError as refusal:
        ack = {"id": command.id, "ok": False, "code": refusal.code, "message": refusal.message}
    except Exception:
        logger.exception("A command failed", extra={"command": command.name})
        ack = {"id": command.id, "ok": False, "code": "internal_error", "message": "Something went wrong on our side."}
    if not connection.closed:
        connection.write_text(encode({"type": "ack", **ack}))
