"""What a phone company says over HTTP of a call, and what it is told to do with it: each in its own dialect.

The way of a call is one for all of them (voice/answering.py). What differs is here: how a request is signed, what its
fields are called, and the document that answers it. Without an account at the carrier nothing is signed by it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from django.http import HttpRequest

from apps.telephony.signatures import BadSignature
from apps.telephony.twiml import Fallback

XML = "text/xml; charset=utf-8"
FRESH = 300
"""Seconds for which a signed time counts: the clocks of two machines, and a slow way."""
MAX_ID = 64
"""Characters of a carrier's id that are kept."""


class Told(NamedTuple):
    """What a request says of a call: the carrier's id of it, both numbers (E.164; "" = not told), how it stands."""

    call: str
    called: str
    caller: str
    status: str


class Stream(NamedTuple):
    """How a call is joined with our socket: its public address, and what opens it."""

    url: str
    token: str
    then: str
    """Address of ours that the carrier asks when the stream is over."""


class Dialect(Protocol):
    """One carrier."""

    name: str
    """As in CarrierName, and in our addresses."""
    content_type: str
    """Of its documents."""
    has_voicemail: bool
    """What callers leave can be fetched from it (voicemails.py)."""
    signs_sockets: bool
    """Else the token is in the socket's address, and is asked for before the socket opens."""

    def check_request(self, request: HttpRequest) -> None:
        """Raises BadSignature unless the carrier sent it."""

    def check_upgrade(self, scope: Mapping[str, Any]) -> None:
        """The same for an ASGI WebSocket, as far as the carrier signs those; always without an account."""

    def told(self, request: HttpRequest) -> Told:
        """Of a request that was checked."""

    def is_over(self, status: str) -> bool:
        """Whether what is told after a stream means that there is none any more."""

    def connect(self, stream: Stream, *, told: Told, fallback: Fallback) -> str:
        """Joins the call with our socket, both ways."""

    def apologize(self, fallback: Fallback) -> str:
        """The ladder: an apology, and a person where there is one."""

    def say(self, words: str, *, language: str = "en-US") -> str:
        """Says something and hangs up."""

    def hang_up(self) -> str:
        """Ends the call."""


def e164(number: str) -> str:
    """As we write numbers: some carriers leave the plus out."""
    return f"+{number}" if number.isascii() and number.isdigit() else number


def accounts(secrets: str) -> list[str]:
    """What proves the carrier's word: comma-separated, more than one while it is being replaced.

    Raises:
        BadSignature: there is no account with it, so that nobody speaks for it.
    """
    found = [secret.strip() for secret in secrets.split(",") if secret.strip()]
    if not found:
        raise BadSignature("There is no account at this carrier.")
    return found
