"""Tickets: one connection each. A browser's WebSocket can carry no header, so who connects travels in its address.

A ticket lives for a minute and works once, so that one in a log or a history opens nothing.
"""

import secrets
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
from django.conf import settings

from apps.common.errors import AppError
from apps.common.redis import pipe
from apps.dashboard.viewers import Viewer
from apps.tenants import keys

LIFETIME = 60
"""Seconds in which a ticket is to be used."""


class BadTicket(AppError):
    """The ticket is unknown, used, too old, or for something else."""

    code = "bad_ticket"
    status = 401


class ForeignOrigin(AppError):
    """The page that connects is not one of ours."""

    code = "foreign_origin"
    status = 403


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What its holder may open, and who they are."""

    tenant_id: str
    user_id: str
    name: str
    role: str
    purpose: str = "floor"
    """"floor" for /ws/dashboard/, "audio" for /ws/dashboard/audio/."""
    call: str = ""
    """Audio: the `conversations.Call` it is about."""
    mode: str = ""
    """Audio: listen, barge or takeover."""

    def viewer(self) -> Viewer:
        """Its holder, at a connection that has just begun."""
        return Viewer(self.tenant_id, self.user_id, self.name, self.role, socket=secrets.token_hex(8))


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Ticket).decode


async def mint(ticket: Ticket) -> str:
    """A secret for `redeem`."""
    secret = secrets.token_urlsafe(24)
    await pipe().call("SET", keys.floor_ticket(secret), _encode(ticket), "EX", LIFETIME)
    return secret


async def redeem(secret: str, *, purpose: str) -> Ticket:
    """What the secret stands for, once: asked for a wrong purpose it is used up all the same.

    Raises:
        BadTicket: it stands for nothing of this purpose.
    """
    found = await pipe().call("GETDEL", keys.floor_ticket(secret)) if 0 < len(secret) <= 64 else None
    ticket = None if found is None else _decode(found)
    if ticket is None or ticket.purpose != purpose:
        raise BadTicket("This ticket is not valid any more.")
    return ticket


def check_origin(headers: Mapping[bytes, bytes]) -> None:
    """Only pages of the host that is called may open a socket here (RFC 6455 §10.2): browsers always send Origin.

    Args:
        headers: of the upgrade, names in lower case.

    Raises:
        ForeignOrigin: another page, or none said.
    """
    origin = headers.get(b"origin", b"").decode("latin1")
    host = headers.get(b"host", b"").decode("latin1")
    if not origin or (urlsplit(origin).netloc != host and origin not in settings.CSRF_TRUSTED_ORIGINS):
        raise ForeignOrigin("This page may not connect here.")
