"""The one gateway to the carrier's REST interface: calls and messages. Async; one `Gateway` per process and loop.

https://www.twilio.com/docs/voice/api/call-resource. Personal data (numbers, texts) never get into an error or a log.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

import aiohttp

from apps.common.errors import AppError
from apps.telephony.account import Account, configured

TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)
ATTEMPTS = 3
PAUSE = 0.25
"""Seconds before the second attempt, doubled before the third."""
PROGRESS = ("initiated", "ringing", "answered", "completed")
_NOT_IN_PROGRESS = 21220  # https://www.twilio.com/docs/api/errors/21220


class CarrierError(AppError):
    """The carrier did not do it; `details["carrier_code"]` is its own number for why, 0 = none."""

    code = "carrier_error"
    status = 502


class CarrierNotConfigured(CarrierError):
    """There is neither an account nor a simulated carrier."""

    code = "carrier_not_configured"
    status = 503


class CarrierUnavailable(CarrierError):
    """It could not be reached, or was busy; whether it got the request is not known."""

    code = "carrier_unavailable"
    status = 503
    retryable = True


class CarrierLoginRefused(CarrierError):
    """TWILIO_ACCOUNT_SID or TWILIO_AUTH_TOKEN is wrong."""

    code = "carrier_login_refused"


class CarrierRefused(CarrierError):
    """The request is not acceptable to it, such as a number that cannot be called."""

    code = "carrier_refused"
    status = 422


class CallOver(CarrierError):
    """There is no such call any more."""

    code = "call_over"
    status = 409


@dataclass(frozen=True, slots=True)
class Outbound:
    """A call that we make. Addresses are ours and public; `answering_machine` is told the verdict later (AMD)."""

    to: str
    from_: str
    url: str
    status_callback: str = ""
    answering_machine: str = ""
    ring_seconds: int = 30

    def fields(self) -> list[tuple[str, str]]:
        fields = [("To", self.to), ("From", self.from_), ("Url", self.url), ("Method", "POST")]
        fields.append(("Timeout", str(self.ring_seconds)))
        if self.status_callback:
            fields += [("StatusCallback", self.status_callback), ("StatusCallbackMethod", "POST")]
            fields += [("StatusCallbackEvent", event) for event in PROGRESS]
        if self.answering_machine:  # async: the greeting never waits for the verdict
            fields += [("MachineDetection", "Enable"), ("AsyncAmd", "true")]
            fields += [("AsyncAmdStatusCallback", self.answering_machine), ("AsyncAmdStatusCallbackMethod", "POST")]
        return fields


class Gateway:
    """The carrier, for one account. The connections are opened with the first request; `aclose` when done."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self._session: aiohttp.ClientSession | None = None

    async def start_call(self, call: Outbound) -> str:
        """The new call's sid. Not tried again once the carrier may have got it: a phone must not ring twice.

        Raises:
            CarrierError: one of its kinds.
        """
        return str((await self._post("Calls.json", call.fields(), repeatable=False))["sid"])

    async def hang_up(self, call_sid: str) -> None:
        """Ends a call; one that is over already is ended.

        Raises:
            CarrierError: one of its kinds, but not CallOver.
        """
        try:
            await self._post(_call(call_sid), [("Status", "completed")], repeatable=True)
        except CallOver:
            return

    async def redirect(self, call_sid: str, *, twiml: str) -> None:
        """Goes on with a live call by another document; its media stream ends.

        Raises:
            CallOver: nobody is there any more.
            CarrierError: one of its other kinds.
        """
        await self._post(_call(call_sid), [("Twiml", twiml)], repeatable=False)

    async def send_message(self, *, to: str, from_: str, body: str, status_callback: str = "") -> str:
        """The sid of an SMS on its way. Never sent twice.

        Raises:
            CarrierError: one of its kinds.
        """
        fields = [("To", to), ("From", from_), ("Body", body)]
        if status_callback:
            fields.append(("StatusCallback", status_callback))
        return str((await self._post("Messages.json", fields, repeatable=False))["sid"])

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, path: str, fields: Sequence[tuple[str, str]], *, repeatable: bool) -> Mapping[str, Any]:
        if not self.account.api_base:
            raise CarrierNotConfigured("No phone carrier is configured: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.")
        url = f"{self.account.api_base.rstrip('/')}/2010-04-01/Accounts/{self.account.sid}/{path}"
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(PAUSE * 2 ** (attempt - 1))
            try:
                async with self._open().post(url, data=aiohttp.FormData(fields)) as response:
                    if response.status == 429 or (repeatable and response.status >= 500):
                        continue  # a 429 was not looked at
                    return _checked(response.status, await _json(response))
            except aiohttp.ClientConnectorError:
                continue  # nothing was sent
            except (aiohttp.ClientError, TimeoutError):
                if not repeatable:
                    break
        raise CarrierUnavailable("The phone carrier does not answer.", carrier_code=0)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            login = {"Authorization": aiohttp.encode_basic_auth(self.account.sid, self.account.token)}
            self._session = aiohttp.ClientSession(headers=login, timeout=TIMEOUT, trust_env=True)
        return self._session


def _call(sid: str) -> str:
    return f"Calls/{quote(sid, safe='')}.json"


async def _json(response: aiohttp.ClientResponse) -> Mapping[str, Any]:
    try:
        answer = await response.json(content_type=None)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _checked(status: int, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The carrier's own message may name the number, so that only its code is kept."""
    if status < 300 and "sid" in answer:
        return answer
    code = answer.get("code")
    code = code if isinstance(code, int) else 0
    if status == 401:
        raise CarrierLoginRefused("The phone carrier refuses our login.", carrier_code=code)
    if status == 404 or code == _NOT_IN_PROGRESS:
        raise CallOver("The call is over.", carrier_code=code)
    if 400 <= status < 500:
        raise CarrierRefused("The phone carrier refuses this request.", carrier_code=code)
    raise CarrierUnavailable("The phone carrier has a problem.", carrier_code=code)


_gateways: WeakKeyDictionary[asyncio.AbstractEventLoop, Gateway] = WeakKeyDictionary()


def gateway() -> Gateway:
    """This event loop's, for the configured account."""
    loop, account = asyncio.get_running_loop(), configured()
    if (found := _gateways.get(loop)) is None or found.account != account:
        found = _gateways[loop] = Gateway(account)
    return found
