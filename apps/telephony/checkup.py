"""Whether a number is set up so that calls and texts reach us: each thing on the way, and what to do about it."""

from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
from django.conf import settings
from django.urls import reverse
from twilio.request_validator import RequestValidator

from apps.telephony.account import Account, configured
from apps.telephony.calls import CarrierError, Gateway, Line
from apps.telephony.links import NoPublicAddress, link, wanted
from apps.telephony.models import CarrierName
from apps.telephony.signatures import HEADER

TIMEOUT = aiohttp.ClientTimeout(total=10)
CONSOLE = {
    "voice": "A call comes in",
    "sms": "A message comes in",
    "status": "Call status changes",
}
"""What the carrier's console calls our addresses."""


class Finding(NamedTuple):
    """`advice` is what to do; "" = nothing, it is well."""

    what: str
    advice: str = ""

    @property
    def is_good(self) -> bool:
        return not self.advice


def setup(carrier: str) -> list[tuple[str, str]]:
    """(what the carrier's console calls it, our address) for a number there.

    Raises:
        NoPublicAddress: nobody has said what our address is.
    """
    line = wanted()
    if carrier == CarrierName.TWILIO:
        return [(title, getattr(line, name)) for name, title in CONSOLE.items()]
    calls = {"incoming": CONSOLE["voice"], "status": CONSOLE["status"]}
    return [(title, f"{settings.PUBLIC_URL}{reverse(f'{carrier}-{name}')}") for name, title in calls.items()]


async def check(number: str) -> list[Finding]:
    """What is found on the way from the carrier to us, in the order in which to mend it."""
    account = configured()
    try:
        address, lines = link("status"), wanted()
    except NoPublicAddress as error:
        return [Finding("Public address", error.message)]
    return [_address(account), await _reached(address, account), *await _carrier(number, lines, account)]


async def connect(number: str) -> bool:
    """Writes our addresses into the carrier's settings of the number; False when the account does not have it.

    Raises:
        NoPublicAddress: nobody has said what our address is.
        CarrierError: the carrier does not do it.
    """
    gateway = Gateway(configured())  # of its own: a command or a page runs on no lasting event loop
    try:
        line = await gateway.line(number)
        if line is not None:
            await gateway.connect(wanted(line.sid))
        return line is not None
    finally:
        await gateway.aclose()


def _address(account: Account) -> Finding:
    what = f"Public address {settings.PUBLIC_URL}"
    if urlsplit(settings.PUBLIC_URL).scheme == "https" or account.simulated:
        return Finding(what)
    return Finding(what, "Set PUBLIC_URL to an https address: the carrier sends audio over wss only.")


async def _reached(address: str, account: Account) -> Finding:
    """Calls ourselves through the outside, signed as the carrier signs."""
    what = "Signed requests reach this server from outside"
    signature = RequestValidator(account.token).compute_signature(address, {})
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT, trust_env=True) as session,
            session.post(address, headers={HEADER: signature}, allow_redirects=False) as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError) as error:
        return Finding(
            what, f"{address} cannot be reached ({type(error).__name__}): see DNS, the proxy, its certificate."
        )
    if status == 204:
        return Finding(what)
    if status == 403:
        return Finding(what, "The signature is refused: PUBLIC_URL, or TWILIO_AUTH_TOKEN, is not the one it runs with.")
    return Finding(what, f"{address} answered {status}: something else than CallSphere answers there.")


async def _carrier(number: str, lines: Line, account: Account) -> list[Finding]:
    gateway = Gateway(account)
    try:
        found = await gateway.line(number)
    except CarrierError as error:
        return [Finding("The carrier's account", error.message)]
    finally:
        await gateway.aclose()
    if found is None:
        return [Finding("The carrier's account"), Finding("The number", "It is not one of the account's numbers.")]
    findings = [Finding("The carrier's account"), Finding("The number is the account's")]
    for name, title in CONSOLE.items():
        is_set, should = getattr(found, name), getattr(lines, name)
        advice = "" if is_set == should else f"Set it to {should} (it is {is_set or 'empty'})."
        findings.append(Finding(title, advice))
    return findings
