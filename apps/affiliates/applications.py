"""Applying without a login: the address is confirmed by e-mail first.

The page answers alike whether or not the address has a login, so that nobody learns who has one. Until it is confirmed,
an application is in Redis only, for three days.
"""

import hashlib
import json
import secrets
import time
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.conf import settings
from django.core.mail import send_mail
from django.db import IntegrityError, transaction

from apps.common.errors import AppError
from apps.common.redis import client
from apps.tenants import keys
from apps.tenants.models import User

KEPT: Final = 3 * 86_400
"""Seconds for which a link may be used."""
_HOUR: Final = 3_600
_MOST: Final = 5
"""Applications an hour from one address, and for one mailbox."""


class TooManyApplications(AppError):
    code = "too_many_applications"
    status = 429
    retryable = True


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody wrote into the form."""

    email: str
    name: str
    website: str
    audience: str


def begin(*, application: Application, address: str, link: str) -> None:
    """Keeps the application and sends the link that confirms it; `link` holds `{secret}`.

    Raises:
        TooManyApplications: from this address, or for this mailbox.
        OSError, smtplib.SMTPException: the mail could not be sent.
    """
    for who in filter(None, (address, application.email.lower())):
        _count(who)
    secret = secrets.token_urlsafe(24)
    client().set(keys.affiliate_application(secret), json.dumps(asdict(application)), ex=KEPT)
    send_mail(
        subject="Confirm your application as a CallSphere affiliate",
        message=(
            f"Hello {application.name},\n\nplease confirm your e-mail address to apply as a CallSphere affiliate:\n\n"
            f"{link.format(secret=secret)}\n\nThe link works for three days. If it was not you who applied, ignore "
            "this message: nothing happens without the link.\n"
        ),
        from_email=settings.DEFAULT_FROM_EMAIL,
        recipient_list=[application.email],
    )


def find(secret: str) -> Application | None:
    """The application behind a link; None when it was used, or is older than three days."""
    kept = client().get(keys.affiliate_application(secret))
    return Application(**json.loads(kept)) if kept is not None else None


def end(secret: str) -> None:
    """The link works no more."""
    client().delete(keys.affiliate_application(secret))


def has_login(email: str) -> bool:
    return User.objects.filter(email=email.lower()).exists()


def new_login(*, email: str, name: str, password: str) -> User | None:
    """A login for somebody who confirmed their address; None when the address has got one meanwhile."""
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name)
    except IntegrityError:
        return None


def _count(who: str) -> None:
    hour = int(time.time()) // _HOUR
    key = keys.affiliate_applicants(hashlib.sha256(f"{settings.SECRET_KEY}\n{who}".encode()).hexdigest()[:32], hour)
    redis: Any = client()
    counted = redis.incr(key)
    redis.expire(key, _HOUR)
    if counted > _MOST:
        raise TooManyApplications("That were many applications. Please try again in an hour.", retry_after=_HOUR)
