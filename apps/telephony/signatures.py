"""Whether a request, or the upgrade to a media stream, really comes from the carrier.

Twilio signs the public address as it called it, with the form's fields: https://www.twilio.com/docs/usage/security
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.http import HttpRequest
from twilio.request_validator import RequestValidator

from apps.common.errors import AppError
from apps.telephony.account import Account

HEADER = "X-Twilio-Signature"


class BadSignature(AppError):
    """It was not signed by the carrier, or not for this address and these fields."""

    code = "bad_signature"
    status = 403


def public_url(*, headers: Mapping[str, str], secure: bool, target: str, socket: bool = False) -> str:
    """The address as the outside writes it: PUBLIC_URL where it is set, else what the request and our proxies say.

    `headers` have names in lower case, `secure` is what this process saw, `target` is the path with its query, and
    `socket` makes it ws(s)://. X-Forwarded-Proto and -Host count only behind TRUSTED_PROXIES; in a list of them the
    last entry is our own proxy's.
    """
    host = headers.get("host", "")
    if settings.PUBLIC_URL:
        public = urlsplit(settings.PUBLIC_URL)
        secure, host = public.scheme == "https", f"{public.netloc}{public.path.rstrip('/')}"
    elif settings.TRUSTED_PROXIES:
        proto = _last(headers.get("x-forwarded-proto", ""))
        secure = proto in ("https", "wss") if proto else secure
        host = _last(headers.get("x-forwarded-host", "")) or host
    scheme = ("ws" if socket else "http") + ("s" if secure else "")
    return f"{scheme}://{host}{target}"


def request_url(request: HttpRequest, *, target: str = "", socket: bool = False) -> str:
    """The public address of a request, or of another `target` at the same place (once the signature was checked)."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    target = target or request.get_full_path()
    return public_url(headers=headers, secure=request.is_secure(), target=target, socket=socket)


def upgrade_url(scope: Mapping[str, Any]) -> str:
    """The public address of an ASGI WebSocket."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    query: bytes = scope.get("query_string", b"")
    target = raw.partition(b"?")[0] + (b"?" + query if query else b"")
    secure = scope.get("scheme") == "wss"
    return public_url(headers=headers_of(scope), secure=secure, target=target.decode("latin1"), socket=True)


def check_request(request: HttpRequest, *, account: Account) -> None:
    """Reads the body of a form.

    Raises:
        BadSignature: somebody else sent it.
    """
    signature = request.headers.get(HEADER, "")
    _check(request_url(request), request.POST if request.method == "POST" else {}, signature, account)


def check_upgrade(scope: Mapping[str, Any], *, account: Account) -> None:
    """The same for an ASGI WebSocket, which has no fields.

    Raises:
        BadSignature: somebody else opens it.
    """
    _check(upgrade_url(scope), {}, headers_of(scope).get(HEADER.lower(), ""), account)


def _check(url: str, fields: Mapping[str, Any], signature: str, account: Account) -> None:
    try:
        tokens = (account.token, *filter(None, account.previous))
        good = bool(signature) and any(RequestValidator(each).validate(url, fields, signature) for each in tokens)
    except ValueError:  # a Host that is none
        good = False
    if not good:
        raise BadSignature("The signature is missing or wrong.")


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    return {name.decode("latin1").lower(): value.decode("latin1") for name, value in scope["headers"]}


def _last(values: str) -> str:
    return values.rpartition(",")[2].strip()
