"""The one gateway to the carrier's REST interface: calls and messages. Async; one `Gateway` per process and loop.

https://www.twilio.com/docs/voice/api/call-resource. Personal data (numbers, texts) never get into an error or a log.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import quote
from weakref import WeakKeyDictionary

import aiohttp

from apps.common.errors import AppError
from apps.telephony.account import Account, configured
from apps.telephony.watching import asking

TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)
ATTEMPTS = 3
PAUSE = 0.25
"""Seconds before the second attempt, doubled before the third."""
CLOCKS_APART = timedelta(seconds=5)
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
    """A call that we make. Addresses are ours and public; `answering_machine` is told the verdict later (AMD).

    The verdict comes as soon as it can, or with `after_beep` when a machine has begun to record.
    """

    to: str
    from_: str
    url: str
    status_callback: str = ""
    answering_machine: str = ""
    ring_seconds: int = 30
    after_beep: bool = False

    def fields(self) -> list[tuple[str, str]]:
        fields = [("To", self.to), ("From", self.from_), ("Url", self.url), ("Method", "POST")]
        fields.append(("Timeout", str(self.ring_seconds)))
        if self.status_callback:
            fields += [("StatusCallback", self.status_callback), ("StatusCallbackMethod", "POST")]
            fields += [("StatusCallbackEvent", event) for event in PROGRESS]
        if self.answering_machine:  # async: the greeting never waits for the verdict
            verdict = "DetectMessageEnd" if self.after_beep else "Enable"
            fields += [("MachineDetection", verdict), ("AsyncAmd", "true")]
            fields += [("AsyncAmdStatusCallback", self.answering_machine), ("AsyncAmdStatusCallbackMethod", "POST")]
        return fields


class Line(NamedTuple):
    """A number as the carrier knows it: its id there, and the addresses that it asks and tells; "" = none."""

    sid: str
    voice: str
    sms: str
    status: str


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

    async def calls(self, *, to: str, from_: str, since: datetime) -> list[tuple[str, str]]:
        """(sid, status) of the calls from one number to another that were ordered since then, the first one first.

        Raises:
            CarrierError: one of its kinds.
        """
        async with self._get("Calls.json", {"To": to, "From": from_, "PageSize": "100"}) as response:
            found = _checked(response.status, await _json(response), holds="calls")["calls"]
        ordered = [(parsedate_to_datetime(str(call["date_created"])), call) for call in found]
        # The carrier tells whole seconds, and its clock is not ours.
        since -= CLOCKS_APART
        recent = sorted((at, str(call["sid"]), str(call["status"])) for at, call in ordered if at >= since)
        return [(sid, status) for _, sid, status in recent]

    async def line(self, number: str) -> Line | None:
        """How the number is set up at the carrier; None when the account does not have it.

        Raises:
            CarrierError: one of its kinds.
        """
        async with self._get("IncomingPhoneNumbers.json", {"PhoneNumber": number}) as response:
            found = _checked(response.status, await _json(response), holds="incoming_phone_numbers")
        for entry in found["incoming_phone_numbers"]:
            if entry.get("phone_number") == number:
                urls = (str(entry.get(name) or "") for name in ("voice_url", "sms_url", "status_callback"))
                return Line(str(entry["sid"]), *urls)
        return None

    async def connect(self, line: Line) -> None:
        """Sets the number up at the carrier as `line` says.

        Raises:
            CarrierError: one of its kinds.
        """
        fields = [("VoiceUrl", line.voice), ("SmsUrl", line.sms), ("StatusCallback", line.status)]
        fields += [(f"{name}Method", "POST") for name in ("Voice", "Sms", "StatusCallback")]
        await self._post(f"IncomingPhoneNumbers/{quote(line.sid, safe='')}.json", fields, repeatable=True)

    async def sound(self, recording: str) -> bytes:
        """A recording, as WAV.

        Raises:
            CallOver: the carrier does not have it (any more).
            CarrierError: one of its other kinds.
        """
        async with self._get(f"Recordings/{quote(recording, safe='')}.wav") as response:
            if response.status >= 300:
                _checked(response.status, await _json(response))
            return await response.read()

    async def forget(self, recording: str) -> None:
        """Deletes a recording; one that is gone already is deleted.

        Raises:
            CarrierError: one of its kinds, but not CallOver.
        """
        path = f"Recordings/{quote(recording, safe='')}.json"
        with asking("DELETE", path, base=self.account.api_base):
            try:
                async with self._open().delete(self._url(path)) as response:
                    if response.status >= 300 and response.status != 404:
                        _checked(response.status, await _json(response))
            except (aiohttp.ClientError, TimeoutError):
                raise CarrierUnavailable("The phone carrier does not answer.", carrier_code=0) from None

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, path: str, fields: Sequence[tuple[str, str]], *, repeatable: bool) -> Mapping[str, Any]:
        with asking("POST", path, base=self.account.api_base):
            return await self._posted(path, fields, repeatable=repeatable)

    async def _posted(self, path: str, fields: Sequence[tuple[str, str]], *, repeatable: bool) -> Mapping[str, Any]:
        url = self._url(path)
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

    @asynccontextmanager
    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> AsyncIterator[aiohttp.ClientResponse]:
        with asking("GET", path, base=self.account.api_base):
            try:
                async with self._open().get(self._url(path), params=query) as response:
                    yield response
            except (aiohttp.ClientError, TimeoutError):
                raise CarrierUnavailable("The phone carrier does not answer.", carrier_code=0) from None

    def _url(self, path: str) -> str:
        if not self.account.api_base:
            raise CarrierNotConfigured("No phone carrier is configured: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.")
        return f"{self.account.api_base.rstrip('/')}/2010-04-01/Accounts/{self.account.sid}/{path}"

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


def _checked(status: int, answer: Mapping[str, Any], *, holds: str = "sid") -> Mapping[str, Any]:
    """The carrier's own message may name the number, so that only its code is kept."""
    if status < 300 and holds in answer:
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


_gateways: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Account, Gateway]] = WeakKeyDictionary()


def gateway() -> Gateway:
    """This event loop's, for the configured account."""
    mine, account = _gateways.setdefault(asyncio.get_running_loop(), {}), configured()
    if account not in mine:
        mine[account] = Gateway(account)
    return mine[account]


async def close() -> None:
    """Closes this event loop's connections to the carrier, of every account that was configured."""
    for each in _gateways.pop(asyncio.get_running_loop(), {}).values():
        await each.aclose()
