"""One call of the simulated carrier: its documents one after the other, its states, and who is told of them."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from apps.telephony.simulated.line import RING_MS, CallerLeft, Line, Person
from apps.telephony.simulated.media import MediaStream
from apps.telephony.simulated.verbs import CallEnded, Document, Failed, perform

if TYPE_CHECKING:
    from apps.telephony.simulated.exchange import Exchange

DETECTION_MS = 1000
"""Before answering-machine detection is sure."""
OVER = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})


class Call:
    """`log` holds the verbs done, `said` the words spoken, `dialed` the numbers called, `errors` Twilio's codes."""

    line: Line

    def __init__(self, exchange: "Exchange", *, from_: str, to: str, person: Person, direction: str) -> None:
        self.exchange = exchange
        self.sid = exchange.new_sid("CA")
        self.from_, self.to, self.direction = from_, to, direction
        self.person, self.faults = person, person.faults
        self.status = "queued"
        self.status_callback = ""
        self.status_events: frozenset[str] = frozenset({"completed"})
        self.detection = ""
        self.after_beep = False
        self.ring_seconds = 60.0
        self.log: list[str] = []
        self.said: list[str] = []
        self.dialed: list[str] = []
        self.recordings: list[bytes] = []
        self.errors: list[int] = []
        self.stream: MediaStream | None = None
        self.created_at = datetime.now(UTC)
        self._told = 0
        self._next: Document | str | None = None
        self._replaced = False
        self._work: asyncio.Task[Document | None] | None = None
        self._detecting: asyncio.Task[None] | None = None
        self._over = asyncio.Event()

    async def over(self) -> str:
        """Waits for the end of the call; its last status."""
        await self._over.wait()
        return self.status

    async def run(self, first: Document | str) -> None:
        """The whole call; `first` is its first document, or the address to ask for it."""
        self.line = Line(self.person.caller or _nobody, speed=self.exchange.speed)
        try:
            await self._tell(await self._live(first), "completed")
        finally:
            if self._detecting is not None:
                self._detecting.cancel()
            self._over.set()

    async def _live(self, first: Document | str) -> str:
        following: Document | str | None = first
        try:
            if self.direction == "inbound":
                self.status = "ringing"
            else:
                await self._interruptible(self._ring())
            while following is not None:
                following = await self._interruptible(self._step(following))
        except CallerLeft:
            return "completed"
        except CallEnded as end:
            if isinstance(end, Failed):
                self.errors.append(end.error)
            return end.status if self.status != "in-progress" else "completed"
        return "completed"

    async def _interruptible(self, work: Coroutine[Any, Any, Document | None]) -> Document | str | None:
        """What is to be done next: as `work` says, or as somebody said in the midst of it."""
        task = self._work = asyncio.create_task(work)
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if not self._replaced or not (task.cancelled() or task.exception() is None):
            return task.result()
        if self._next is None:
            raise CallEnded("completed" if self.status == "in-progress" else "canceled")
        following, self._next, self._replaced = self._next, None, False
        return following

    async def _step(self, source: Document | str) -> Document | None:
        try:
            return await perform(self, source if isinstance(source, Document) else await self.ask(source))
        except ValueError:  # a number that is none, in an attribute
            raise Failed(12100) from None

    async def answer(self) -> None:
        """The call is picked up, if it is not yet."""
        if self.status != "in-progress":
            await self._tell("in-progress", "answered")

    async def _ring(self) -> None:
        """Raises CallEnded when nobody answers."""
        await self._tell("queued", "initiated")
        await self._tell("ringing", "ringing")
        if self.person.caller is None:
            await self.line.wait(self.ring_seconds * 1000 if self.person.declines == "no-answer" else RING_MS)
            raise CallEnded(self.person.declines)
        await self.line.wait(RING_MS)
        await self.answer()
        self.line.at_ms = 0
        if self.detection:
            self._detecting = asyncio.create_task(self._detect())

    async def _detect(self) -> None:
        answered_by, milliseconds = self.person.answered_by, DETECTION_MS
        if self.after_beep and answered_by == "machine_start":
            answered_by, milliseconds = "machine_end_beep", self.person.greeting_ms
        await asyncio.sleep(milliseconds / 1000 / self.exchange.speed)
        verdict = {"AnsweredBy": answered_by, "MachineDetectionDuration": str(milliseconds)}
        await self.exchange.post(
            self.detection, {"AccountSid": self.exchange.account.sid, "CallSid": self.sid} | verdict
        )

    def replace(self, following: Document | str | None) -> bool:
        """Goes on with another document or address; None ends the call. False when that cannot be.

        What is being done may take a while to stop, and the last word counts.
        """
        if self._work is None or self.status in OVER or (following and self.status != "in-progress"):
            return False
        self._next, self._replaced = following, True
        if not self._work.cancelling():
            self._work.cancel()
        return True

    async def ask(self, url: str, **fields: str) -> Document:
        """What a webhook says to do next.

        Raises:
            Failed: it does not answer, or not with TwiML.
        """
        answer = await self.exchange.post(url, self.fields() | fields)
        if answer is None:
            raise Failed(11200)
        return Document(url, answer)

    def fields(self) -> dict[str, str]:
        """What every webhook of the call tells."""
        return {
            "AccountSid": self.exchange.account.sid,
            "ApiVersion": "2010-04-01",
            "CallSid": self.sid,
            "CallStatus": self.status,
            "Direction": self.direction,
            "From": self.from_,
            "To": self.to,
            "Caller": self.from_,
            "Called": self.to,
        }

    async def _tell(self, status: str, event: str) -> None:
        self.status = status
        if not self.status_callback or event not in self.status_events:
            return
        seconds = {"CallDuration": str(self.line.at_ms // 1000)} if status in OVER else {}
        number = {"SequenceNumber": str(self._told), "Timestamp": format_datetime(datetime.now(UTC))}
        self._told += 1
        await self.exchange.post(self.status_callback, self.fields() | number | seconds)

    def resource(self) -> dict[str, Any]:
        """The REST resource."""
        account = self.exchange.account.sid
        created = format_datetime(self.created_at)
        return {
            "sid": self.sid,
            "account_sid": account,
            "api_version": "2010-04-01",
            "status": self.status,
            "to": self.to,
            "from": self.from_,
            "direction": self.direction,
            "date_created": created,
            "date_updated": created,
            "start_time": created if self.status == "in-progress" else None,
            "duration": str(self.line.at_ms // 1000) if self.status in OVER else None,
            "uri": f"/2010-04-01/Accounts/{account}/Calls/{self.sid}.json",
        }


def _nobody(at_ms: int, heard: bytes) -> bytes:
    return heard
