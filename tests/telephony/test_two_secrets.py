"""While a carrier's secret is replaced, a signature by either counts, and by no third one."""

import hashlib
import json
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import RequestFactory
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from apps.telephony.account import configured
from apps.telephony.dialects import PLIVO, TELNYX, TWILIO, VONAGE
from apps.telephony.dialects.plivo import signature
from apps.telephony.signatures import BadSignature

pytestmark = pytest.mark.once
URL, PATH = "http://testserver/voice/x/incoming", "/voice/x/incoming"
KEYS = {name: Ed25519PrivateKey.generate() for name in ("one", "two", "three")}
BODY = json.dumps({"uuid": "c-1"})
Headers = dict[str, str]


def _public(name: str) -> str:
    return b64encode(KEYS[name].public_key().public_bytes_raw()).decode()


def _twilio(secret: str) -> Headers:
    return {"X-Twilio-Signature": str(RequestValidator(secret).compute_signature(URL, {"To": "1"}))}


def _plivo(secret: str) -> Headers:
    signed = signature(secret, url=URL, nonce="n", fields={"To": ["1"]})
    return {"X-Plivo-Signature-V3": signed, "X-Plivo-Signature-V3-Nonce": "n"}


def _telnyx(secret: str) -> Headers:
    at = str(int(time.time()))
    signed = KEYS[secret].sign(f"{at}|To=1".encode())
    return {"telnyx-signature-ed25519": b64encode(signed).decode(), "telnyx-timestamp": at}


def _vonage(secret: str) -> Headers:
    claims = {"iat": int(time.time()), "payload_hash": hashlib.sha256(BODY.encode()).hexdigest()}
    return {"Authorization": f"Bearer {jwt.encode(claims, secret * 12, algorithm='HS256')}"}


@pytest.mark.parametrize(
    ("dialect", "setting", "write", "sign"),
    [
        (TWILIO, "TWILIO_AUTH_TOKEN", str, _twilio),
        (PLIVO, "PLIVO_AUTH_TOKEN", str, _plivo),
        (TELNYX, "TELNYX_PUBLIC_KEY", _public, _telnyx),
        (VONAGE, "VONAGE_SIGNATURE_SECRET", lambda name: name * 12, _vonage),
    ],
    ids=["twilio", "plivo", "telnyx", "vonage"],
)
def test_both_count(
    settings: Settings, dialect: Any, setting: str, write: Callable[[str], str], sign: Callable[[str], Headers]
) -> None:
    settings.PUBLIC_URL = "http://testserver"
    setattr(settings, setting, f"{write('one')}, {write('two')}")
    body, kind = (BODY, "application/json") if dialect is VONAGE else ("To=1", "application/x-www-form-urlencoded")
    for secret in ("one", "two"):
        dialect.check_request(RequestFactory().post(PATH, body, content_type=kind, headers=sign(secret)))
    with pytest.raises(BadSignature):
        dialect.check_request(RequestFactory().post(PATH, body, content_type=kind, headers=sign("three")))


def test_what_we_ask_the_carrier_is_with_the_first(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = "one,two"
    assert (configured().token, configured().previous) == ("one", ("two",))
