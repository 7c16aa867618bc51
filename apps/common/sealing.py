"""Secrets that must be readable again, such as those that we sign with: kept encrypted under SECRET_KEY."""

import base64
import hashlib
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """It was sealed under a SECRET_KEY that is not known any more."""


def seal(text: str) -> str:
    """The text, encrypted and signed; about a third longer, and different each time."""
    return _box(_keys()).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed, also under one of SECRET_KEY_FALLBACKS.

    Raises:
        Unreadable: see there.
    """
    try:
        return _box(_keys()).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("Sealed under another SECRET_KEY.") from None


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    digests = (hashlib.sha256(f"callsphere.sealing {key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
