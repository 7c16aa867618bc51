"""The account at the carrier: from the settings, or the simulated carrier's where none is configured."""

import hashlib
import hmac
from dataclasses import dataclass, field

from django.conf import settings

API_BASE = "https://api.twilio.com"


@dataclass(frozen=True, slots=True)
class Account:
    """Login of the REST interface; `token` also signs what the carrier sends, and so may `previous`."""

    sid: str
    token: str = field(repr=False)
    api_base: str = API_BASE
    simulated: bool = False
    previous: tuple[str, ...] = field(default=(), repr=False)
    """While the token is being replaced."""


def configured() -> Account:
    """TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN at TWILIO_API_BASE ("" = Twilio itself); else the simulated carrier's.

    The simulated account's token follows from SECRET_KEY: every process of an installation knows it, nobody else.
    Where the simulated carrier listens is TWILIO_API_BASE; "" = nowhere.
    """
    if settings.TWILIO_AUTH_TOKEN:
        token, *previous = (each.strip() for each in settings.TWILIO_AUTH_TOKEN.split(","))
        base = settings.TWILIO_API_BASE or API_BASE
        return Account(settings.TWILIO_ACCOUNT_SID, token, base, previous=tuple(previous))
    digest = hmac.new(settings.SECRET_KEY.encode(), b"simulated carrier", hashlib.sha256).hexdigest()
    return Account(f"AC{digest[:32]}", digest[32:], settings.TWILIO_API_BASE, simulated=True)
