"""TwiML, verb by verb. https://www.twilio.com/docs/voice/twiml"""

import io
import struct
import wave
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin
from xml.etree import ElementTree

from websockets.exceptions import WebSocketException

from apps.telephony.simulated.line import RING_MS, SILENCE, CallerLeft
from apps.telephony.simulated.media import MediaStream

if TYPE_CHECKING:
    from apps.telephony.simulated.call import Call

SPEECH_MS = 60
"""Of one spoken character."""
TALK_MS = 2000
"""How long a person who was put through talks."""
MAX_PARAMETERS = 500


class Document(NamedTuple):
    """What a webhook answered, and from where: its relative addresses start there."""

    url: str
    text: str


class CallEnded(Exception):
    """The document says so; `status` is the call's last."""

    def __init__(self, status: str = "completed") -> None:
        super().__init__(status)
        self.status = status


class Failed(CallEnded):
    """The document, or an address in it, is no good: the carrier hangs up. `error` is its number for why."""

    def __init__(self, error: int) -> None:
        super().__init__("failed")
        self.error = error


async def perform(call: "Call", document: Document) -> Document | None:
    """Does what a document says; the next one, if a verb leads to one.

    Raises:
        CallEnded: a verb ends the call.
        CallerLeft: the person has hung up.
    """
    try:
        root = ElementTree.fromstring(document.text)  # noqa: S314  # what our own product wrote
    except ElementTree.ParseError:
        raise Failed(12100) from None
    if root.tag != "Response":
        raise Failed(12100)
    for verb in root:
        known = VERBS.get(verb.tag)
        if known is None:
            raise Failed(12200)
        call.log.append(verb.tag)
        if verb.tag != "Reject":
            await call.answer()
        following = await known(call, verb, document)
        if following is not None:
            return following
    return None


async def _say(call: "Call", verb: ElementTree.Element, _: Document) -> None:
    call.said.append(verb.text or "")
    await call.line.wait(len(verb.text or "") * SPEECH_MS)


async def _play(call: "Call", verb: ElementTree.Element, document: Document) -> None:
    sound = await call.exchange.fetch(urljoin(document.url, verb.text or ""))
    if sound is None:
        raise Failed(11200)
    try:
        with wave.open(io.BytesIO(sound)) as file:
            milliseconds = file.getnframes() * 1000 / file.getframerate()
    except (wave.Error, EOFError):
        milliseconds = len(sound) / 8  # mu-law without a header
    await call.line.wait(milliseconds)


async def _pause(call: "Call", verb: ElementTree.Element, _: Document) -> None:
    await call.line.wait(float(verb.get("length", "1")) * 1000)


async def _gather(call: "Call", verb: ElementTree.Element, document: Document) -> Document | None:
    digits = ""
    for prompt in verb:
        digits = await _prompt(call, prompt, document)
        if digits:
            break
    most, last = int(verb.get("numDigits", "99")), verb.get("finishOnKey", "#")
    while len(digits) < most and digits[-1:] != last:
        pressed = await call.line.wait(float(verb.get("timeout", "5")) * 1000)
        if not pressed:
            break
        digits += pressed
    digits = digits.removesuffix(last)
    if not digits and verb.get("actionOnEmptyResult") != "true":
        return None
    return await call.ask(urljoin(document.url, verb.get("action", "")), Digits=digits, FinishedOnKey="")


async def _prompt(call: "Call", prompt: ElementTree.Element, document: Document) -> str:
    """A key ends it: the person need not listen to the end."""
    if prompt.tag == "Say":
        call.said.append(prompt.text or "")
        return await call.line.wait(len(prompt.text or "") * SPEECH_MS)
    if prompt.tag == "Pause":
        return await call.line.wait(float(prompt.get("length", "1")) * 1000)
    await _play(call, prompt, document)
    return ""


async def _dial(call: "Call", verb: ElementTree.Element, document: Document) -> Document | None:
    number = (verb.findtext("Number") or verb.text or "").strip()
    call.dialed.append(number)
    person = call.exchange.people.get(number)
    answered = person is not None and person.caller is not None
    status = "completed" if answered else person.declines if person is not None else "no-answer"
    rings = float(verb.get("timeout", "30")) * 1000 if status == "no-answer" else RING_MS
    await call.line.wait(TALK_MS if answered else rings)
    action = verb.get("action")
    return await call.ask(urljoin(document.url, action), DialCallStatus=status) if action else None


async def _record(call: "Call", verb: ElementTree.Element, document: Document) -> Document | None:
    recorded, quiet, ended_by = bytearray(), 0, ""
    most, silence = float(verb.get("maxLength", "3600")) * 8000, float(verb.get("timeout", "5")) * 1000
    try:
        while len(recorded) < most and quiet < silence and not ended_by:
            said, digit = await call.line.turn()
            recorded += said
            quiet = quiet + 20 if said == SILENCE else 0
            ended_by = digit if digit in verb.get("finishOnKey", "1234567890*#") else ""
    except CallerLeft:
        ended_by = "hangup"
    call.recordings.append(bytes(recorded))
    about = _recording(call, bytes(recorded))
    if callback := verb.get("recordingStatusCallback"):
        ids = {"AccountSid": call.exchange.account.sid, "CallSid": call.sid, "RecordingStatus": "completed"}
        call.exchange.soon(call.exchange.post(urljoin(document.url, callback), ids | about))
    following = await call.ask(urljoin(document.url, verb.get("action", "")), **about, Digits=ended_by)
    if ended_by == "hangup":
        raise CallerLeft
    return following


def _recording(call: "Call", sound: bytes) -> dict[str, str]:
    """What is told of a recording that can be had from now on: WAV with mu-law (format 7), 8 kHz, one channel."""
    sid, exchange = call.exchange.new_sid("RE"), call.exchange
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + len(sound),
        b"WAVE",
        b"fmt ",
        16,
        7,
        1,
        8000,
        8000,
        1,
        8,
        b"data",
        len(sound),
    )
    exchange.recordings[sid] = header + sound
    url = f"{exchange.url}/2010-04-01/Accounts/{exchange.account.sid}/Recordings/{sid}"
    return {"RecordingSid": sid, "RecordingUrl": url, "RecordingDuration": str(len(sound) // 8000)}


async def _connect(call: "Call", verb: ElementTree.Element, document: Document) -> Document | None:
    stream = verb.find("Stream")
    if stream is None:
        raise Failed(12200)
    url = stream.get("url", "")
    parameters = {child.get("name", ""): child.get("value", "") for child in stream.iter("Parameter")}
    size = sum(len(name) + len(value) for name, value in parameters.items())
    if "?" in url or size > MAX_PARAMETERS or not url.startswith(("wss://", "ws://127.0.0.1", "ws://localhost")):
        call.errors.append(31920)
        return None
    call.stream = MediaStream(
        sid=call.exchange.new_sid("MZ"),
        account_sid=call.exchange.account.sid,
        call_sid=call.sid,
        parameters=parameters,
        line=call.line,
        faults=call.faults,
        complain=call.errors.append,
    )
    try:
        await call.stream.run(url, {"x-twilio-signature": call.exchange.sign(url, {})})
    except (OSError, WebSocketException):
        call.errors.append(31920)
    action = verb.get("action")
    return await call.ask(urljoin(document.url, action)) if action else None


async def _redirect(call: "Call", verb: ElementTree.Element, document: Document) -> Document:
    return await call.ask(urljoin(document.url, verb.text or ""))


async def _hangup(call: "Call", verb: ElementTree.Element, _: Document) -> None:
    raise CallEnded


async def _reject(call: "Call", verb: ElementTree.Element, _: Document) -> None:
    raise CallEnded("busy" if verb.get("reason") == "busy" else "no-answer")


VERBS: dict[str, Callable[["Call", ElementTree.Element, Document], Awaitable[Document | None]]] = {
    "Say": _say,
    "Play": _play,
    "Pause": _pause,
    "Gather": _gather,
    "Dial": _dial,
    "Record": _record,
    "Connect": _connect,
    "Redirect": _redirect,
    "Hangup": _hangup,
    "Reject": _reject,
}
