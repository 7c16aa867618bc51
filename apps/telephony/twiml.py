"""What the carrier is told to do with a call or a message: documents of Twilio's markup, as text.

When our side closes a media stream, the carrier goes on with the next verb: that is the ladder behind every stream,
for when nobody of ours is there any more. A call that ended well is hung up over REST before its stream closes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Connect, Dial, Gather, VoiceResponse

MAX_PARAMETERS = 500
"""Characters of all names and values of a stream's parameters, Twilio's limit."""
RING = 20
"""Seconds for which a person's phone rings."""
MAX_VOICEMAIL = 180
"""Seconds."""
TALKED = frozenset({"completed", "answered"})
"""DialCallStatus when the person took the call."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """The ladder: an apology, a person, a voicemail. Each rung may be missing; at its end the call is over."""

    apology: str
    human: str = ""
    """E.164; called for `RING` seconds."""
    after_dial: str = ""
    """Address that is asked when the person's call is over, and answers `after_human`; "" = the call is over, too."""
    voicemail: str = ""
    """Address that is told of the recording, and answers `hang_up`; "" = no voicemail."""
    voicemail_ready: str = ""
    """Address that is told when the recording can be played."""
    invitation: str = "Please leave a message after the tone."
    language: str = "en-US"


def connect_stream(*, url: str, parameters: Mapping[str, str], fallback: Fallback) -> str:
    """Joins the call with our socket at `url`, both ways; then the ladder.

    Raises:
        ValueError: the url has a query (error 31920), or the parameters are too long: they travel in its place.
    """
    if "?" in url:
        raise ValueError("A stream's url takes no query; use its parameters.")
    if sum(len(name) + len(value) for name, value in parameters.items()) > MAX_PARAMETERS:
        raise ValueError(f"A stream's parameters are limited to {MAX_PARAMETERS} characters.")
    response = VoiceResponse()
    connect = Connect()
    stream = connect.stream(url=url)
    for name, value in parameters.items():
        stream.parameter(name=name, value=value)
    response.append(connect)
    _apology(response, fallback)
    return str(response)


def apologize(fallback: Fallback) -> str:
    """The ladder alone: for a call that cannot be taken at all."""
    response = VoiceResponse()
    _apology(response, fallback)
    return str(response)


def transfer(*, fallback: Fallback, words: str = "", caller_id: str = "") -> str:
    """Hands a live call to the person of the ladder; what is after that is the ladder's."""
    response = VoiceResponse()
    _say(response, words, fallback.language)
    _dial(response, fallback, caller_id)
    return str(response)


def after_human(*, status: str, fallback: Fallback) -> str:
    """What comes when the person's call is over: nothing if they talked, the voicemail if nobody answered.

    `status` is the webhook's DialCallStatus.
    """
    response = VoiceResponse()
    if status not in TALKED:
        _voicemail(response, fallback)
    response.hangup()
    return str(response)


def reject(reason: Literal["busy", "rejected"] = "rejected") -> str:
    """Does not answer: nobody pays for the call."""
    response = VoiceResponse()
    response.reject(reason=reason)
    return str(response)


def say(words: str, *, language: str = "en-US") -> str:
    """Says something and hangs up."""
    response = VoiceResponse()
    _say(response, words, language)
    response.hangup()
    return str(response)


def gather(*, words: str, action: str, digits: int = 1, seconds: int = 5, language: str = "en-US") -> str:
    """Asks for `digits` keys and posts them (`Digits`) to `action`, which is also asked when none came in time."""
    response = VoiceResponse()
    keys = Gather(
        input="dtmf", num_digits=digits, timeout=seconds, action=action, method="POST", action_on_empty_result=True
    )
    keys.say(words, language=language)
    response.append(keys)
    return str(response)


def hang_up() -> str:
    """Ends the call."""
    response = VoiceResponse()
    response.hangup()
    return str(response)


def message(text: str = "") -> str:
    """Answers an SMS; "" = without an answer."""
    response = MessagingResponse()
    if text:
        response.message(text)
    return str(response)


def _apology(response: VoiceResponse, fallback: Fallback) -> None:
    _say(response, fallback.apology, fallback.language)
    if fallback.human:
        _dial(response, fallback, caller_id="")
    else:
        _voicemail(response, fallback)
        response.hangup()


def _dial(response: VoiceResponse, fallback: Fallback, caller_id: str) -> None:
    """With an action, no verb behind it ever runs; an empty one would be this document again, and so for ever."""
    dial = Dial(timeout=RING, caller_id=caller_id or None, action=fallback.after_dial or None, method="POST")
    dial.number(fallback.human)
    response.append(dial)
    if not fallback.after_dial:
        response.hangup()


def _voicemail(response: VoiceResponse, fallback: Fallback) -> None:
    if fallback.voicemail:
        _say(response, fallback.invitation, fallback.language)
        response.record(
            action=fallback.voicemail,
            method="POST",
            max_length=MAX_VOICEMAIL,
            finish_on_key="#",
            play_beep=True,
            recording_status_callback=fallback.voicemail_ready or None,
        )


def _say(response: VoiceResponse, words: str, language: str) -> None:
    if words:
        response.say(words, language=language)
