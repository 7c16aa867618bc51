"""Tickets: one call each. A browser's WebSocket can carry no header, so what may be called travels in its address.

A ticket lives for a minute and works once, so that one in a log or a history opens nothing.
"""

import secrets
import time

import msgspec
from django.utils.crypto import salted_hmac

from apps.common.errors import AppError
from apps.common.redis import Script, pipe
from apps.tenants import keys

LIFETIME = 60
"""Seconds in which a ticket is to be used."""
CALLS_PER_HOUR = 20
"""That one address may begin at one tenant without a sign-up."""

_COUNT = Script("""
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
""")


class BadTicket(AppError):
    """The ticket is unknown, used or too old."""

    code = "bad_ticket"
    status = 401


class TooManyCalls(AppError):
    """The address has begun as many calls as it may."""

    code = "too_many_calls"
    status = 429
    retryable = True


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What its holder may call: an agent ("" = the front one) of a tenant, for so many seconds (0 = the usual cap)."""

    tenant_id: str
    agent: str = ""
    seconds: int = 0
    visitor: str = ""
    caller: str = ""
    """Their number, as the carrier told it; and ours."""
    number: str = ""
    direction: str = "inbound"
    carrier: str = ""
    """Of whose call it is, and the carrier's id of that; "" = whoever brings it may call."""
    call: str = ""

    def of(self, carrier: str, call: str) -> "Ticket":
        """The same, for one call of a carrier."""
        return msgspec.structs.replace(self, carrier=carrier, call=call)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Ticket).decode


async def mint(ticket: Ticket) -> str:
    """A secret for `redeem`."""
    secret = secrets.token_hex(24)  # letters and digits: one carrier hands on nothing else
    await pipe().call("SET", keys.voice_ticket(secret), _encode(ticket), "EX", LIFETIME)
    return secret


async def redeem(secret: str, *, carrier: str) -> Ticket:
    """What the secret stands for, once; `carrier` is whose socket it comes through.

    Raises:
        BadTicket: it stands for nothing, or for another carrier's call.
    """
    found = await pipe().call("GETDEL", keys.voice_ticket(secret)) if 0 < len(secret) <= 64 else None
    ticket = _decode(found) if found is not None else None
    if ticket is None or ticket.carrier not in ("", carrier):
        raise BadTicket("This ticket is not valid any more. Start the call again.")
    return ticket


async def count_call(*, tenant_id: str, address: str, now: float | None = None) -> None:
    """Counts a call of somebody without a sign-up.

    Args:
        address: from `common.addresses`; "" is nobody's, and not counted.
        now: unix time in seconds.

    Raises:
        TooManyCalls: with `retry_after`, in seconds.
    """
    if not address:
        return
    moment = time.time() if now is None else now
    hour = int(moment // 3_600)
    anonymous = salted_hmac("callsphere.voice", f"{tenant_id} {address}", algorithm="sha256").hexdigest()[:24]
    if int(await _COUNT([keys.voice_address(tenant_id, anonymous, hour)], [3_600])) > CALLS_PER_HOUR:
        wait = max(1, int((hour + 1) * 3_600 - moment))
        raise TooManyCalls("You have made many calls this hour. Please try again later.", retry_after=wait)
