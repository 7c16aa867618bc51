"""The simulated carrier: an HTTP server with Twilio's REST interface, and a client that calls our webhooks."""

import asyncio
import secrets
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Any, Self
from xml.etree import ElementTree

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

from apps.telephony.account import Account
from apps.telephony.simulated.call import Call
from apps.telephony.simulated.line import NO_FAULTS, Caller, Faults, Person
from apps.telephony.simulated.rest import application
from apps.telephony.simulated.verbs import Document

WEBHOOK_SECONDS = 15


class Exchange:
    """Runs while it is entered (`async with`). `speed` 10 = a minute of a call takes six seconds.

    `people` are who answers which number, when we call it or put somebody through; a number that is not there is
    answered by somebody silent when we call it, and by nobody when we put through to it. `lines` are the account's own
    numbers, `stopped` those that the carrier itself does not text, `messages` the texts that we sent.
    """

    def __init__(self, account: Account, *, speed: float = 1.0, host: str = "127.0.0.1", port: int = 0) -> None:
        self.account = account
        self.speed = speed
        self.url = ""
        self.people: dict[str, Person] = {}
        self.calls: dict[str, Call] = {}
        self.messages: list[dict[str, str]] = []
        self.lines: dict[str, dict[str, str]] = {}
        self.stopped: set[str] = set()
        self.recordings: dict[str, bytes] = {}
        self.session: aiohttp.ClientSession
        self._address = host, port
        self._runner = web.AppRunner(application(self), access_log=None)
        self._running: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, *self._address)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
        self.session = aiohttp.ClientSession(timeout=timeout, headers={"User-Agent": "TwilioProxy/1.1"})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.session.close()
        await self._runner.cleanup()

    def call(
        self, *, from_: str, to: str, url: str, caller: Caller, faults: Faults = NO_FAULTS, status_callback: str = ""
    ) -> Call:
        """Somebody calls one of our numbers, whose webhook is `url`."""
        call = Call(self, from_=from_, to=to, person=Person(caller, faults=faults), direction="inbound")
        call.status_callback = status_callback
        self.begin(call, url)
        return call

    def begin(self, call: Call, first: Document | str) -> None:
        """Lets a call run."""
        self.calls[call.sid] = call
        self.soon(call.run(first))

    def soon(self, work: Coroutine[Any, Any, Any]) -> None:
        """Does something besides."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def own(self, number: str) -> None:
        """The account gets a number, whose addresses nobody has set up yet."""
        unset = {"voice_url": "", "sms_url": "", "status_callback": ""}
        self.lines[number] = {"sid": self.new_sid("PN"), "phone_number": number, **unset}

    async def text(self, *, from_: str, to: str, body: str, url: str, sid: str = "") -> str | None:
        """Somebody sends an SMS to one of our numbers; what its webhook answers, None when it failed.

        The answer's messages are sent, as Twilio does. `sid` repeats one that was sent before.
        """
        ids = {"MessageSid": sid or self.new_sid("SM"), "AccountSid": self.account.sid}
        answer = await self.post(url, {**ids, "From": from_, "To": to, "Body": body, "NumMedia": "0"})
        for reply in ElementTree.fromstring(answer).iter("Message") if answer else ():  # noqa: S314  # our own product's
            self.deliver(from_=to, to=from_, body=reply.text or "", callback="")
        return answer

    def deliver(self, *, from_: str, to: str, body: str, callback: str) -> dict[str, str]:
        """Takes an SMS of ours; `callback` is told that it was sent, and that it has arrived."""
        ids = {"sid": self.new_sid("SM"), "account_sid": self.account.sid}
        message = {**ids, "to": to, "from": from_, "body": body, "status": "queued"}
        self.messages.append(message)
        if callback:
            self.soon(self._follow(dict(message), callback))
        return message

    async def _follow(self, message: dict[str, str], callback: str) -> None:
        fields = {"MessageSid": message["sid"], "AccountSid": self.account.sid}
        for status in ("sent", "delivered"):
            told = {"MessageStatus": status, "From": message["from"], "To": message["to"]}
            await self.post(callback, fields | told)

    async def post(self, url: str, fields: Mapping[str, str]) -> str | None:
        """A signed webhook; its answer, None when there is none to be had."""
        headers = {"X-Twilio-Signature": self.sign(url, fields), "I-Twilio-Idempotency-Token": secrets.token_hex(16)}
        try:
            async with asyncio.timeout(WEBHOOK_SECONDS), self.session.post(url, data=fields, headers=headers) as answer:
                return await answer.text() if answer.status < 300 else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None

    async def fetch(self, url: str) -> bytes | None:
        """A sound to be played."""
        try:
            async with asyncio.timeout(WEBHOOK_SECONDS), self.session.get(url) as answer:
                return await answer.read() if answer.status < 300 else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None

    def sign(self, url: str, fields: Mapping[str, str]) -> str:
        return str(RequestValidator(self.account.token).compute_signature(url, fields))

    @staticmethod
    def new_sid(prefix: str) -> str:
        return prefix + secrets.token_hex(16)
