"""The words by which people end, resume and ask about texts. Pure.

https://help.twilio.com/articles/223134027, and CTIA's Messaging Principles, 5.1.3.
"""

import re
from typing import Final, Literal

Keyword = Literal["stop", "start", "help"]

_STOP: Final = frozenset({"stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "optout", "opt out"})
_START: Final = frozenset({"start", "unstop"})
_HELP: Final = frozenset({"help", "info"})
_EDGES: Final = re.compile(r"^[\s\W_]+|[\s\W_]+$")


def keyword_of(body: str, *, opted_out: bool) -> Keyword | None:
    """What a text asks for, when it is a keyword and nothing else: "please stop by at 5" is a message.

    YES resumes only for who has stopped: to everybody else it is an answer to something.
    """
    word = re.sub(r"\s+", " ", _EDGES.sub("", body)).casefold()
    if word in _STOP:
        return "stop"
    if word in _START or (opted_out and word == "yes"):
        return "start"
    return "help" if word in _HELP else None
