"""Every WebSocket: without a ticket, with another's, and the live floor with the rival's own."""

import json
from typing import Any, Final

from apps.common.database import in_thread
from apps.conversations.models import Call
from apps.dashboard import floors, tickets
from apps.dashboard.tickets import Ticket
from apps.operations.isolation import asgi
from apps.operations.isolation.findings import Line, Section
from apps.operations.isolation.probes import Probe
from apps.tenants.models import Role

EXPLAINED: Final = (
    "Every WebSocket path. Without a ticket, with an invented one, with one for another purpose and from another "
    "site's page it must be closed before a word of a business is said. On the live floor the rival's own ticket must "
    "show nothing of the other, and its commands must not reach what is the other's."
)
_OPEN: Final = {"/ws/healthz/": "echoes what it is sent, to test proxies; knows no business"}
_COMMANDS: Final = ("call.end", "call.listen", "call.takeover", "agent.pause", "lead.set_outcome")


async def examine(*, rival: Probe, victim: Probe) -> Section:
    section = Section("Sockets", EXPLAINED)
    for path in asgi.sockets():
        line = section.line(path)
        if path in _OPEN:
            line.note = _OPEN[path]
            line.refuse("public by design")
            continue
        await _closed(line, path, "without a ticket")
        for name in ("ticket", "token"):
            await _closed(line, path, "with an invented ticket", query=f"{name}=invented")
        if path.startswith("/ws/dashboard/"):
            other = "audio" if path == "/ws/dashboard/" else "floor"
            ticket = await _ticket(rival, purpose=other)
            await _closed(line, path, "with a ticket for another purpose", query=f"ticket={ticket}")
            ticket = await _ticket(rival)
            away = {"origin": "https://elsewhere.invalid"}
            await _closed(line, path, "from another site's page", query=f"ticket={ticket}", headers=away)
    await _closed(section.line("/ws/unknown/"), "/ws/unknown/", "at an unknown path")
    try:
        await _floor(section.line("/ws/dashboard/ with the rival's ticket"), rival, victim)
        await _audio(section.line("/ws/dashboard/audio/ about the other's call"), rival, victim)
    finally:
        await floors.close()
    return section


async def _ticket(probe: Probe, *, purpose: str = "floor", call: str = "") -> str:
    told = {"purpose": purpose, "call": call, "mode": "listen" if call else ""}
    return await tickets.mint(Ticket(probe.tenant.pk, str(probe.owner.pk), "probe", Role.OWNER.value, **told))


async def _closed(line: Line, path: str, how: str, *, query: str = "", headers: dict[str, str] | None = None) -> None:
    """It is closed, at once or after the upgrade, and nothing is sent before that."""
    socket = asgi.Socket(path, query=query, headers=headers)
    try:
        message = await socket.next()
        if message["type"] == "websocket.accept":
            message = await socket.next()
        closed = message["type"] == "websocket.close"
        line.expect(closed, f"closed {how}", f"{how} it said {str(message)[:120]}")
    except TimeoutError:
        line.fail(f"{how} it was left open")
    finally:
        await socket.leave()


async def _floor(line: Line, rival: Probe, victim: Probe) -> None:
    secrets = await in_thread(victim.secrets)
    socket = asgi.Socket("/ws/dashboard/", query=f"ticket={await _ticket(rival)}")
    try:
        await socket.next()
        socket.send({"type": "subscribe"})
        told = await _until(socket, "snapshot")
        seen = [secret for secret in secrets if secret in told]
        line.expect(not seen, "its state shows nothing of the other", f"its state showed {seen[:3]}")
        line.expect(
            rival.tenant.pk not in seen and bool(told), "its own state is shown", "it was shown no state at all"
        )
        call = victim.rows[Call]
        for number, name in enumerate(_COMMANDS):
            socket.send(
                {"type": "command", "id": f"probe-{number}", "name": name, "target": call, "args": {}, "version": 0}
            )
            ack = json.loads(await _until(socket, "ack"))
            code = ack.get("code", "")
            line.expect(not ack.get("ok"), f"{name} refused: {code}", f"{name} reached the other's")
    except TimeoutError:
        line.fail("no answer, so that nothing was tried")
    finally:
        await socket.leave()


async def _until(socket: asgi.Socket, kind: str) -> str:
    """The first message of a kind. Raises TimeoutError."""
    for _ in range(50):
        message: dict[str, Any] = await socket.next(within=20.0)
        text = message.get("text") or (message.get("bytes") or b"").decode()
        if text and json.loads(text).get("type") == kind:
            return str(text)
        if message["type"] == "websocket.close":
            break
    raise TimeoutError(kind)


async def _audio(line: Line, rival: Probe, victim: Probe) -> None:
    """A ticket of the rival's that names the other's call: no sound, and it is closed."""
    ticket = await _ticket(rival, purpose="audio", call=victim.rows[Call])
    socket = asgi.Socket("/ws/dashboard/audio/", query=f"ticket={ticket}")
    try:
        heard = []
        while (message := await socket.next(within=20.0))["type"] != "websocket.close":
            heard += [message] if message.get("bytes") else []
        line.expect(not heard, "closed without a sound", "sound of the other's call was heard")
    except TimeoutError:
        line.fail("it was left open")
    finally:
        await socket.leave()
