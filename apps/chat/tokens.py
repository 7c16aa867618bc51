"""Visitor tokens: signed, short-lived, of one tenant. They prove which visitor speaks, nothing more."""

from dataclasses import dataclass

from django.core import signing

from apps.common.errors import AppError
from apps.common.ids import new_id

_SALT = "callsphere.visitor"
LIFETIME = 12 * 3600
"""Seconds for which a token opens conversations."""
MEMORY = 30 * 24 * 3600
"""Seconds for which an old token still renews the same visitor."""


class BadToken(AppError):
    """The token is missing, forged or too old."""

    code = "bad_token"
    status = 401


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who speaks: `id` is random and says nothing about the person."""

    tenant_id: str
    id: str
    widget_key: str

    def token(self) -> str:
        """A fresh token of this visitor."""
        return signing.dumps([self.tenant_id, self.id, self.widget_key], salt=_SALT)


def new_visitor(*, tenant_id: str, widget_key: str) -> Visitor:
    return Visitor(tenant_id, new_id("vis"), widget_key)


def read(token: str, *, max_age: int = LIFETIME) -> Visitor:
    """The visitor of a token.

    Raises:
        BadToken: forged, of another purpose, or older than `max_age` seconds.
    """
    try:
        tenant_id, visitor_id, widget_key = signing.loads(token, salt=_SALT, max_age=max_age)
    except (signing.BadSignature, ValueError, TypeError):
        raise BadToken("This visitor token is not valid any more. Start a new session.") from None
    return Visitor(tenant_id, visitor_id, widget_key)
