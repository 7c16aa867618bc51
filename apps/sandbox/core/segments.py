"""An utterance as the separate requests that it may hold."""

import re

_SPLIT = re.compile(
    r"(?<=[.?!;])\s+|\n+|,?\s+(?:and|also|but|oh and)\s+(?=(?:also\s+)?(?:what|how|when|where|who|which"
    r"|do you|are you|is there|can i|can you"
    r"|could|i(?:['’]d| would| need| want)|please|tell|book|cancel)\b)",
    re.I,
)
_ABBREVIATED = re.compile(r"\b(?:dr|mr|mrs|ms|st|no|e\.g|i\.e)\.\s+", re.I)


def sentences(text: str) -> list[str]:
    """ "What does it cost, and when are you open?" as two requests."""
    glued = _ABBREVIATED.sub(lambda m: m[0].rstrip(". ") + " ", text)
    return [part.strip() for part in _SPLIT.split(glued) if part.strip()]
