"""Whether somebody asks to be left alone. Pure."""

import re
from typing import Final

_WISH: Final = re.compile(
    r"\b(?:(?:do not|don['’]?t|never|stop|quit|no more) (?:ever )?(?:call|calling|calls|phone|phoning|ring|contact"
    r"|contacting)"
    r"|(?:take|remove) (?:me|my (?:phone )?number) (?:off|from)"
    r"|do not call list|leave me alone|lose my number|unsubscribe|not interested,? stop)\b",
    re.I,
)


def wants_no_calls(text: str) -> bool:
    """Whether the words mean that they do not want to be called any more."""
    return bool(_WISH.search(text))
