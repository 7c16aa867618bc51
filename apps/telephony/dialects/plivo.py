"""Plivo: XML of its own; requests and sockets are signed (HMAC-SHA256, version 3).

https://plivo.com/docs/voice-agents/audio-streaming/concepts/audio-streaming-guide. What the signature covers is taken
from Plivo's own SDK, which its prose differs from: the address up to `?`, then the fields by name, then the nonce.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, SubElement, tostring

from django.conf import settings
from django.http import HttpRequest

from apps.telephony import signatures
from apps.telephony.dialects.dialect import MAX_ID, XML, Stream, Told, accounts, e164
from apps.telephony.signatures import BadSignature
from apps.telephony.twiml import RING, Fallback

SIGNATURE, NONCE = "x-plivo-signature-v3", "x-plivo-signature-v3-nonce"


def signature(token: str, *, url: str, nonce: str, fields: Mapping[str, list[str]] | None = None) -> str:
    """Of a request to `url`; `fields` are those of a form that was posted."""
    base, _, query = url.partition("?")
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    text = "&".join(f"{name}={value}" for name, value in pairs)
    posted = "".join(f"{name}{value}" for name in sorted(fields or {}) for value in sorted((fields or {})[name]))
    if text or posted:
        base += f"?{text}"
    if text and posted:
        base += "."
    return b64encode(hmac.digest(token.encode(), f"{base}{posted}.{nonce}".encode(), hashlib.sha256)).decode()


class Plivo:
    name = "plivo"
    content_type = XML
    has_voicemail = False
    signs_sockets = True

    def check_request(self, request: HttpRequest) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        fields = dict(request.POST.lists()) if request.method == "POST" else {}
        _check(signatures.request_url(request), headers, fields)

    def check_upgrade(self, scope: Mapping[str, Any]) -> None:
        _check(signatures.upgrade_url(scope), signatures.headers_of(scope), {})

    def told(self, request: HttpRequest) -> Told:
        fields = request.POST
        called, caller = e164(fields.get("To", "")), e164(fields.get("From", ""))
        return Told(fields.get("CallUUID", "")[:MAX_ID], called, caller, fields.get("CallStatus", ""))

    def is_over(self, status: str) -> bool:
        return True

    def connect(self, stream: Stream, *, told: Told, fallback: Fallback) -> str:
        response = Element("Response")
        # Without `keepCallAlive` the call would end with the stream, whoever ended that.
        opened = SubElement(
            response,
            "Stream",
            bidirectional="true",
            keepCallAlive="true",
            contentType="audio/x-mulaw;rate=8000",
            extraHeaders=f"token={stream.token}",
        )
        opened.text = stream.url
        SubElement(response, "Redirect", method="POST").text = stream.then
        return _written(response)

    def apologize(self, fallback: Fallback) -> str:
        response = _speaking(fallback.apology, fallback.language)
        if fallback.human:
            dial = SubElement(response, "Dial", timeout=str(RING))
            SubElement(dial, "Number").text = fallback.human
        SubElement(response, "Hangup")
        return _written(response)

    def say(self, words: str, *, language: str = "en-US") -> str:
        return self.apologize(Fallback(words, language=language))

    def hang_up(self) -> str:
        return self.apologize(Fallback(""))


def _check(url: str, headers: Mapping[str, str], fields: Mapping[str, list[str]]) -> None:
    tokens, nonce = accounts(settings.PLIVO_AUTH_TOKEN), headers.get(NONCE, "")
    wanted = [signature(token, url=url, nonce=nonce, fields=fields).encode() for token in tokens]
    # One for each token of the account, while it is being replaced.
    given = headers.get(SIGNATURE, "").split(",")
    if not nonce or not any(hmac.compare_digest(one, each.strip().encode()) for one in wanted for each in given):
        raise BadSignature("The signature is missing or wrong.")


def _speaking(words: str, language: str) -> Element:
    response = Element("Response")
    if words:
        SubElement(response, "Speak", language=language).text = words
    return response


def _written(response: Element) -> str:
    return tostring(response, encoding="unicode", xml_declaration=False)
