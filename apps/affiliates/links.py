"""Referral links: counting clicks without keeping who clicked, and remembering the first one in a signed cookie."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from django.conf import settings
from django.core.signing import BadSignature
from django.db.models import F
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from redis.exceptions import RedisError

from apps.affiliates.core.visits import is_robot
from apps.affiliates.models import Affiliate, Clicks
from apps.common.addresses import client_address
from apps.common.redis import client
from apps.tenants import keys

COOKIE: Final = "cs_ref"
KEPT: Final = timedelta(days=60)
_SALT: Final = "affiliates.first-touch"
_DAY: Final = 86_400


class Touch(NamedTuple):
    """Who brought a visitor first, and when."""

    code: str
    at: datetime


def touch(request: HttpRequest) -> Touch | None:
    """The first touch that the visitor's cookie holds; None without one, after 60 days, or when it is not ours."""
    try:
        text = request.get_signed_cookie(COOKIE, salt=_SALT, max_age=KEPT)
        code, _, at = str(text).rpartition(":")
        return Touch(code, datetime.fromtimestamp(int(at), UTC))
    except (KeyError, BadSignature, ValueError, OverflowError):
        return None


def remember(response: HttpResponseBase, *, affiliate: Affiliate, now: datetime) -> None:
    """Puts the first touch into the visitor's browser; no script there can read it."""
    response.set_signed_cookie(
        COOKIE,
        f"{affiliate.code}:{int(now.timestamp())}",
        salt=_SALT,
        max_age=KEPT,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def approved(code: str) -> Affiliate | None:
    """The affiliate whose links count, by the code of the link."""
    return Affiliate.objects.filter(code=code.lower(), status=Affiliate.Status.APPROVED).first()


def is_click(request: HttpRequest) -> bool:
    """Whether a person opened the link: neither a program, nor a browser that only looks ahead."""
    ahead = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method == "GET" and "prefetch" not in ahead and not is_robot(request.headers.get("User-Agent", ""))


def count(request: HttpRequest, *, affiliate: Affiliate, now: datetime) -> bool:
    """Counts a click, once per visitor and day; True when it was counted. Without Redis nothing is counted.

    What tells visitors apart is a hash, salted with a secret that is forgotten two days later: nothing that is kept
    leads back to an address.
    """
    day = now.astimezone(UTC).date()
    try:
        if not _is_new(request, affiliate, day.isoformat()):
            return False
    except RedisError:
        return False
    Clicks.objects.get_or_create(affiliate=affiliate, date=day)
    Clicks.objects.filter(affiliate=affiliate, date=day).update(count=F("count") + 1)
    return True


def _is_new(request: HttpRequest, affiliate: Affiliate, day: str) -> bool:
    redis = client()
    salt_key, seen_key = keys.click_salt(day), keys.clicks_seen(affiliate.pk, day)
    redis.set(salt_key, secrets.token_bytes(32), nx=True, ex=2 * _DAY)
    who = f"{client_address(request)}\n{request.headers.get('User-Agent', '')}".encode()
    visitor = hashlib.blake2b(who, key=redis.get(salt_key) or b"", digest_size=16).digest()
    added = redis.sadd(seen_key, visitor)
    redis.expire(seen_key, 2 * _DAY)
    return bool(added)
