"""What a person on call answers by SMS. Pure."""

import re
from typing import Final, Literal

Reply = Literal["acknowledge", "downgrade"]

_ACKNOWLEDGE: Final = re.compile(r"(?:ack\w*|yes|yep|1|ok(?:ay)?|on (?:it|my way)|mine)\b", re.I)
_DOWNGRADE: Final = re.compile(r"(?:downgrade\w*|no emergency|not an emergency|false alarm)\b", re.I)
_EDGES: Final = re.compile(r"^[\s\W_]+")


def read_reply(text: str) -> Reply | None:
    """What the words that a text begins with decide; None = it has to be asked again. "10 minutes" is no "1"."""
    begun = _EDGES.sub("", text)
    if _DOWNGRADE.match(begun):
        return "downgrade"
    return "acknowledge" if _ACKNOWLEDGE.match(begun) else None
