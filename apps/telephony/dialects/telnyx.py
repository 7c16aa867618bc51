"""Telnyx: TeXML, which is TwiML with attributes of its own. Requests are signed (Ed25519), sockets are not.

https://developers.telnyx.com/docs/voice/programmable-voice/texml-verbs/stream, and for the signature
https://developers.telnyx.com/docs/development/sdk/python/webhooks: the time, a bar and the body as it came.
"""

import binascii
import time
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.http import HttpRequest
from twilio.twiml.voice_response import Connect, VoiceResponse

from apps.telephony import twiml
from apps.telephony.dialects.dialect import FRESH, MAX_ID, XML, Stream, Told, accounts, e164
from apps.telephony.signatures import BadSignature
from apps.telephony.twiml import Fallback

SIGNATURE, TIME = "telnyx-signature-ed25519", "telnyx-timestamp"


class Telnyx:
    name = "telnyx"
    content_type = XML
    has_voicemail = False
    signs_sockets = False

    def check_request(self, request: HttpRequest) -> None:
        keys, at = accounts(settings.TELNYX_PUBLIC_KEY), request.headers.get(TIME, "")
        signed = f"{at}|".encode() + request.body
        if not any(_is_signed(signed, request.headers.get(SIGNATURE, ""), key) for key in keys) or not _is_fresh(at):
            raise BadSignature("The signature is missing, wrong or too old.")

    def check_upgrade(self, scope: Mapping[str, Any]) -> None:
        accounts(settings.TELNYX_PUBLIC_KEY)

    def told(self, request: HttpRequest) -> Told:
        fields = request.POST
        called, caller = e164(fields.get("To", "")), e164(fields.get("From", ""))
        return Told(fields.get("CallSid", "")[:MAX_ID], called, caller, fields.get("CallStatus", ""))

    def is_over(self, status: str) -> bool:
        return True

    def connect(self, stream: Stream, *, told: Told, fallback: Fallback) -> str:
        response, connect = VoiceResponse(), Connect()
        # Without `rtp` what we send would be MP3 files; the codec is ours whatever the call's own is.
        connect.stream(
            url=f"{stream.url}?token={stream.token}",
            track="inbound_track",
            codec="PCMU",
            bidirectional_mode="rtp",
            bidirectional_codec="PCMU",
        )
        response.append(connect)
        response.redirect(stream.then, method="POST")
        return str(response)

    def apologize(self, fallback: Fallback) -> str:
        return twiml.apologize(fallback)

    def say(self, words: str, *, language: str = "en-US") -> str:
        return twiml.say(words, language=language)

    def hang_up(self) -> str:
        return twiml.hang_up()


def _is_signed(signed: bytes, signature: str, key: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(b64decode(key)).verify(b64decode(signature, validate=True), signed)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _is_fresh(at: str) -> bool:
    return at.isascii() and at.isdigit() and abs(time.time() - int(at)) <= FRESH
