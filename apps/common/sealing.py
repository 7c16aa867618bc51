"""Secrets that must be readable again, such as those that we sign with: kept encrypted under SECRET_KEY."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

HOUSE = "callsphere.sealing "
"""The purpose of what has no other: each has keys of its own."""


class Unreadable(Exception):
    """It was sealed under a SECRET_KEY that is not known any more."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where sealed values lie: rows of a model, in columns or (`column.name`) within JSON columns; "" = none there."""

    rows: Callable[[], Any]
    """A queryset, to be asked with every tenant in scope."""
    fields: tuple[str, ...]
    purpose: str = HOUSE


_places: dict[str, Place] = {}


def register(name: str, place: Place) -> None:
    """From now on `manage.py rotate_secrets` looks there, too."""
    _places[name] = place


def places() -> dict[str, Place]:
    return dict(_places)


def seal(text: str, *, purpose: str = HOUSE) -> str:
    """The text, encrypted and signed; about a third longer, and different each time."""
    return MultiFernet(_boxes(_keys(), purpose)).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str = HOUSE) -> str:
    """What was sealed, also under one of SECRET_KEY_FALLBACKS.

    Raises:
        Unreadable: see there.
    """
    try:
        return MultiFernet(_boxes(_keys(), purpose)).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("Sealed under another SECRET_KEY.") from None


def resealed(sealed: str, *, purpose: str = HOUSE) -> str:
    """The same under SECRET_KEY; as it is where that holds already.

    Raises:
        Unreadable: see there.
    """
    try:
        _boxes(_keys(), purpose)[0].decrypt(sealed.encode())
    except InvalidToken:
        return seal(unseal(sealed, purpose=purpose), purpose=purpose)
    return sealed


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))


@cache
def _boxes(keys: tuple[str, ...], purpose: str) -> tuple[Fernet, ...]:
    digests = (hashlib.sha256(f"{purpose}{key}".encode()).digest() for key in keys)
    return tuple(Fernet(base64.urlsafe_b64encode(digest)) for digest in digests)
