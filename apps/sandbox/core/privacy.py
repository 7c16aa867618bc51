"""Requests for what belongs to somebody else."""

import re

from .lexicon import RELATIVES
from .words import concepts

_THIRD = re.compile(
    r"\b(?:my|the|a)\s+(?P<who>[a-z]+)(?:\s+(?-i:[A-Z])[\w’-]*){0,3}['’]s\b"
    r"|\b(?:his|her|their)\s+(?:\w+\s+){0,2}(?:appointments?|bookings?|visits?|birth\w*|phone|address|number)\b"
    r"|\ball (?:of )?(?:his|her|their)\b"
    r"|\b(?:an)?other (?:person|people|[a-z]+s)\b|\b(?:someone|somebody) else\b|\bevery(?:one|body)['’]?s?\b"
    r"|\b(?:list|all|every|show me)\b.{0,40}"
    r"\b(?:names|numbers|records|people|everyone|customers|addresses|birthdays)\b",
    re.I,
)
_PRIVATE = re.compile(
    r"\b(?:data|details|records?|information|numbers?|address(?:es)?|appointments?|bookings?|visits?|names"
    r"|birth\w*|file|history)\b",
    re.I,
)
_ABOUT = re.compile(r"\bmy (?P<who>[a-z]+)\b[^.?!]*\b(?:has|have|had|is|was|come|comes|booked|coming)\b", re.I)


def asks_about_others(text: str) -> bool:
    """Whether somebody else's data is asked for, rather than an errand done for somebody else."""
    if concepts(text) & {"@book", "@move"} or not _PRIVATE.search(text):
        return False
    third = _THIRD.search(text)
    if third and (not third["who"] or third["who"].lower() in RELATIVES):
        return True
    about = _ABOUT.search(text)
    return bool(about and about["who"].lower() in RELATIVES)
