"""A sign-up that waits for its code. It is kept in the visitor's session: until the address is proven, nothing is made.

Somebody whose address has an account already gets the same pages and another mail: only who reads the mail learns it.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from secrets import token_hex
from typing import Any

from allauth.core.ratelimit import consume
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import salted_hmac

from apps.accounts import links, mails
from apps.accounts.core import proof
from apps.accounts.core.proof import Proof
from apps.accounts.signup import Business, Person
from apps.common.errors import AppError
from apps.tenants.models import User

_KEY = "signup"
_SALT = "apps.accounts.pending"
_CONSOLE = "django.core.mail.backends.console.EmailBackend"


class TooManySignUps(AppError):
    """From one internet connection, or for one address."""

    code = "too_many_sign_ups"
    status = 429


class CodeRefused(AppError):
    """The code is not the one that was sent, or counts no more."""

    code = "code_refused"
    status = 422


_REFUSALS = {
    "wrong": "That is not the code. Look at the latest mail and try again.",
    "expired": "This code is too old. Ask for a new one.",
    "guessed_out": "That was wrong too often. Ask for a new code.",
    "too_soon": "A mail can take half a minute. Then you can ask for another code.",
    "too_many": "We have sent three codes already. Please begin again, and look whether the address is right.",
}


@dataclass(frozen=True, slots=True)
class Pending:
    """`id` names the sign-up: the same page sent twice by the same person has the same."""

    id: str
    business: Business
    person: Person
    proof: Proof
    shown: str = ""
    """The code, where no mail server is set up and the mail went to the server's console."""


def begin(request: HttpRequest, *, business: Business, person: Person, attempt: str, now: datetime) -> Pending:
    """Sends the code, and remembers the sign-up in the session. The same attempt again sends nothing.

    Args:
        attempt: a random word of the page that was sent; "" = none.

    Raises:
        TooManySignUps: see there.
        MailNotSent: nothing is remembered.
    """
    signup = salted_hmac(_SALT, f"id:{attempt or token_hex()}:{person.email}").hexdigest()[:40]
    before = load(request)
    if before is not None and before.id == signup:
        pending = replace(before, business=business, person=person)
    else:
        if not consume(request, action="signup_mail", key=person.email):
            raise TooManySignUps(
                "There were many sign-ups from your connection or for this address. Please try again in an hour."
            )
        pending = _send(request, Pending(signup, business, person, Proof("", now)))
    _save(request, pending)
    return pending


def load(request: HttpRequest) -> Pending | None:
    """The sign-up that this visitor has begun."""
    kept: Any = request.session.get(_KEY)
    if kept is None:
        return None
    sent_at = datetime.fromisoformat(kept["proof"]["sent_at"])
    return Pending(
        kept["id"],
        Business(**kept["business"]),
        Person(**kept["person"]),
        Proof(**{**kept["proof"], "sent_at": sent_at}),
        kept["shown"],
    )


def enter(request: HttpRequest, pending: Pending, *, code: str, now: datetime) -> None:
    """Returns if the code proves the address.

    Raises:
        CodeRefused: it does not.
    """
    # Counted for the address and by every process: a session is read and written by requests at the same moment.
    if not consume(request, action="signup_code", key=pending.person.email):
        raise CodeRefused("That was wrong too often. Please try again in an hour.", field="code")
    after, action = proof.handle(pending.proof, proof.Entered(_digest(pending.id, code)), now)
    if isinstance(action, proof.Refuse):
        _save(request, replace(pending, proof=after))
        raise CodeRefused(_REFUSALS[action.reason], field="code")


def send_again(request: HttpRequest, pending: Pending, *, now: datetime) -> None:
    """Sends another code; the one before counts no more.

    Raises:
        CodeRefused: too soon, or too often.
        MailNotSent: the code before still counts.
    """
    after, action = proof.handle(pending.proof, proof.Asked(""), now)
    if isinstance(action, proof.Refuse):
        raise CodeRefused(_REFUSALS[action.reason], field="code")
    if not consume(request, action="signup_mail", key=pending.person.email):
        raise CodeRefused("There were many mails to this address. Please try again in an hour.", field="code")
    _save(request, _send(request, replace(pending, proof=after)))


def forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)


def _send(request: HttpRequest, pending: Pending) -> Pending:
    """The sign-up with the digest of what was sent; one that nothing fits where the address has an account."""
    email, number = pending.person.email, pending.proof.codes
    if User.objects.filter(email=email).exists():
        mails.send(
            "account_exists",
            to=email,
            business=pending.business.name,
            login=links.absolute(request, reverse("account_login")),
            signup=links.absolute(request, reverse("signup")),
            reset=links.absolute(request, reverse("account_reset_password")),
        )
        return replace(pending, proof=replace(pending.proof, digest=token_hex()), shown="")
    # Made from the sign-up, so that a page sent twice at the same moment brings the same code twice.
    code = f"{int(salted_hmac(_SALT, f'code:{pending.id}:{number}').hexdigest(), 16) % 1_000_000:06}"
    mails.send("code", to=email, code=code, name=pending.person.name, business=pending.business.name)
    shown = code if settings.DEBUG and settings.EMAIL_BACKEND == _CONSOLE else ""
    return replace(pending, proof=replace(pending.proof, digest=_digest(pending.id, code)), shown=shown)


def _digest(signup: str, code: str) -> str:
    return salted_hmac(_SALT, f"digest:{signup}:{code}").hexdigest()


def _save(request: HttpRequest, pending: Pending) -> None:
    kept = asdict(pending)
    kept["proof"]["sent_at"] = pending.proof.sent_at.isoformat()
    request.session[_KEY] = kept
