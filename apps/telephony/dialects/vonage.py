"""Vonage: call control objects (NCCO, JSON). Requests carry a JWT that signs their body; sockets are not signed.

https://developer.vonage.com/en/voice/voice-api/ncco-reference,
https://developer.vonage.com/en/getting-started/concepts/webhooks#decoding-signed-webhooks
"""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

import jwt
from django.conf import settings
from django.http import HttpRequest

from apps.telephony.dialects.dialect import FRESH, MAX_ID, Stream, Told, accounts, e164
from apps.telephony.signatures import BadSignature
from apps.telephony.twiml import RING, Fallback

CONTENT_TYPE = "audio/l16;rate=16000"
_OVER = frozenset({"disconnected", "failed", "unanswered", "timeout", "rejected", "busy"})
"""What is told of a socket that could not be opened, or that we closed."""


class Vonage:
    """What is told of a socket names the socket's own leg; the call is known by the headers that we gave it."""

    name = "vonage"
    content_type = "application/json"
    has_voicemail = False
    signs_sockets = False

    def check_request(self, request: HttpRequest) -> None:
        secrets = accounts(settings.VONAGE_SIGNATURE_SECRET)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            claims = _claims(token, secrets)
            is_fresh = abs(time.time() - int(claims["iat"])) <= FRESH
            signed = str(claims["payload_hash"]).lower()
        except (jwt.InvalidTokenError, ValueError, TypeError):
            raise BadSignature("The signature is missing or wrong.") from None
        digest = hashlib.sha256(request.body).hexdigest()
        if not is_fresh or not hmac.compare_digest(signed.encode(), digest.encode()):
            raise BadSignature("The signature is too old, or another body's.")

    def check_upgrade(self, scope: Mapping[str, Any]) -> None:
        accounts(settings.VONAGE_SIGNATURE_SECRET)

    def told(self, request: HttpRequest) -> Told:
        body = _object(request.body)
        headers = body.get("headers")
        ours = headers if isinstance(headers, dict) and headers.get("uuid") else {}
        call, called = str(ours.get("uuid") or body.get("uuid", "")), str(ours.get("called") or body.get("to", ""))
        caller = str(ours.get("caller") or body.get("from", ""))
        return Told(call[:MAX_ID], e164(called), e164(caller), str(body.get("status", "")))

    def is_over(self, status: str) -> bool:
        return status in _OVER

    def connect(self, stream: Stream, *, told: Told, fallback: Fallback) -> str:
        socket = {
            "type": "websocket",
            "uri": f"{stream.url}?token={stream.token}",
            "content-type": CONTENT_TYPE,
            "headers": {"uuid": told.call, "called": told.called, "caller": told.caller},
        }
        # Synchronous: what comes after the socket is asked for.
        connect = {"action": "connect", "eventType": "synchronous", "eventUrl": [stream.then], "endpoint": [socket]}
        return json.dumps([connect])

    def apologize(self, fallback: Fallback) -> str:
        actions: list[dict[str, Any]] = []
        if fallback.apology:
            actions.append({"action": "talk", "text": fallback.apology, "language": fallback.language})
        if fallback.human:
            phone = {"type": "phone", "number": fallback.human.removeprefix("+")}
            actions.append({"action": "connect", "timeout": RING, "endpoint": [phone]})
        return json.dumps(actions)

    def say(self, words: str, *, language: str = "en-US") -> str:
        return self.apologize(Fallback(words, language=language))

    def hang_up(self) -> str:
        return "[]"  # with nothing more to do, the call is over


def _claims(token: str, secrets: list[str]) -> Mapping[str, Any]:
    """What the token says, signed with one of the secrets.

    Raises:
        jwt.InvalidTokenError: with none, or it lacks something.
    """
    *others, last = secrets
    options: Any = {"require": ["iat", "payload_hash"]}
    for secret in others:
        try:
            return jwt.decode(token, secret, algorithms=["HS256"], options=options)
        except jwt.InvalidSignatureError:
            continue
    return jwt.decode(token, last, algorithms=["HS256"], options=options)


def _object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}
