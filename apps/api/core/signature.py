"""The signature of a webhook: `t=<unix seconds>,v1=<hex>`, HMAC-SHA256 over `<t>.<body>`, once for each secret."""

import hashlib
import hmac
from collections.abc import Iterable

HEADER = "X-CallSphere-Signature"


def sign(*, body: bytes, secrets: Iterable[str], at: int) -> str:
    """The header's value; with two secrets, while one replaces the other, two `v1`."""
    parts = [f"t={at}"]
    parts += [f"v1={_digest(body, secret, at)}" for secret in secrets]
    return ",".join(parts)


def is_signed(*, header: str, body: bytes, secret: str, now: int, tolerance: int = 300) -> bool:
    """Whether the body comes from who knows the secret, and within `tolerance` seconds of now."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamp = next((value for name, _, value in pairs if name == "t"), "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 12) or abs(now - int(stamp)) > tolerance:
        return False
    wanted = _digest(body, secret, int(stamp)).encode()
    return any(hmac.compare_digest(wanted, value.encode()) for name, _, value in pairs if name == "v1")


def _digest(body: bytes, secret: str, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
