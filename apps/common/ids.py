"""Public identifiers: a prefix that says what it is, a time part that sorts, a random part nobody guesses."""

import os
import re
import time
from datetime import datetime

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base32: no i, l, o, u
_TIME_DIGITS = 9  # 45 bits of milliseconds: until the year 3084
_RANDOM_DIGITS = 11  # 55 bits
_SHIFTS = range(5 * (_TIME_DIGITS + _RANDOM_DIGITS) - 10, -1, -10)
MAX_LENGTH = 32
_SHAPE = re.compile(r"[a-z]{2,10}_[0-9a-z]{20}")


_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]


def new_id(prefix: str) -> str:
    """A new identifier such as `conv_1k3v9q2m4x7p0a8d5e6f`; ids made later sort later (to the millisecond)."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 5 * _RANDOM_DIGITS | int.from_bytes(os.urandom(7)) >> 1
    return f"{prefix}_{''.join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])}"


def earliest(prefix: str, at: datetime) -> str:
    """What sorts before every id that is made from that moment on, and after all that were made before it."""
    number = int(at.timestamp() * 1_000)
    digits = [ALPHABET[number >> 5 * place & 31] for place in reversed(range(_TIME_DIGITS))]
    return f"{prefix}_{''.join(digits)}"


def is_id(text: str) -> bool:
    """Whether `text` has an identifier's shape; what has not is not worth a query (PostgreSQL takes no NUL)."""
    return _SHAPE.fullmatch(text) is not None
