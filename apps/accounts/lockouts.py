"""Telling people that somebody tries passwords at their account. The page says the same to all, and as fast.

The request only notes the address that was typed, known or not; the worker looks whose it is.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.urls import reverse

from apps.accounts import mails
from apps.common.redis import client
from apps.tenants import keys
from apps.tenants.models import User

QUIET = 24 * 3600
"""Seconds for which a person is not told again."""
MOST = 10_000
"""Addresses that wait; beyond, more are not noted: whoever tries so many is known from the logs."""
_BATCH = 100
_KEPT = 3600


def note(email: str) -> None:
    """Logins with this address are shut for a while."""
    redis: Any = client()
    if redis.scard(keys.lockouts()) < MOST:
        redis.sadd(keys.lockouts(), email.strip().lower()[:254])
        redis.expire(keys.lockouts(), _KEPT)  # where no worker runs, an address does not stay


def tell(now: datetime) -> int:
    """A duty: writes to those who have an account; how many letters were sent."""
    redis: Any = client()
    return sum(_tell(entry.decode()) for entry in redis.spop(keys.lockouts(), _BATCH))


def _tell(email: str) -> bool:
    user = User.objects.filter(email=email, is_active=True).first()
    # The address is not written into a key of the cache.
    if user is None or not cache.add(f"lockout-told:{user.pk}", "1", QUIET):
        return False
    try:
        mails.send("locked_out", to=user.email, name=user.get_short_name(), reset=reset_address())
    except mails.MailNotSent:
        cache.delete(f"lockout-told:{user.pk}")
        note(email)
        return False
    return True


def reset_address() -> str:
    """Where a new password is asked for; its path alone where the platform's own address is not known."""
    return f"{settings.PUBLIC_URL}{reverse('account_reset_password')}"
