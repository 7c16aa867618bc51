"""Twilio: TwiML; requests and sockets are signed. https://www.twilio.com/docs/voice/twiml"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from apps.telephony import signatures, twiml
from apps.telephony.account import configured
from apps.telephony.dialects.dialect import MAX_ID, XML, Stream, Told
from apps.telephony.twiml import Fallback


class Twilio:
    """A call that ended well is hung up over REST, so that the verbs behind the stream are for those that did not."""

    name = "twilio"
    content_type = XML
    has_voicemail = True
    signs_sockets = True

    def check_request(self, request: HttpRequest) -> None:
        signatures.check_request(request, account=configured())

    def check_upgrade(self, scope: Mapping[str, Any]) -> None:
        signatures.check_upgrade(scope, account=configured())

    def told(self, request: HttpRequest) -> Told:
        fields = request.POST
        called, caller = fields.get("To", ""), fields.get("From", "")
        return Told(fields.get("CallSid", "")[:MAX_ID], called, caller, fields.get("CallStatus", ""))

    def is_over(self, status: str) -> bool:
        return True

    def connect(self, stream: Stream, *, told: Told, fallback: Fallback) -> str:
        return twiml.connect_stream(url=stream.url, parameters={"token": stream.token}, fallback=fallback)

    def apologize(self, fallback: Fallback) -> str:
        return twiml.apologize(fallback)

    def say(self, words: str, *, language: str = "en-US") -> str:
        return twiml.say(words, language=language)

    def hang_up(self) -> str:
        return twiml.hang_up()
