"""What the visitor says that they do not want, taken out of what they do want."""

import re

from .acts import NEVER_MIND
from .lexicon import ACTIONS
from .words import concepts

_DECLINED = re.compile(
    r"\b(?:do not|don['’]?t|will not|won['’]?t|not going to|(?:would|['’]d) rather not|need not|not to|no need to)\s+"
    r"(?:(?:want|need|wish|like|have|going|please|actually|even)\s+(?:to\s+)?)*(?:you\s+to\s+)?(?P<verb>[^\W\d_]+)",
    re.I,
)
_DOING = set(ACTIONS)


def without_declined(text: str) -> tuple[str, set[str]]:
    """`text` without what is declined, and the concepts of it: "don't cancel it" gives "it" and {"@cancel"}.

    "Never mind" itself is taken out too; what follows it in the same breath still counts.
    """
    declined: set[str] = set()

    def drop(match: re.Match[str]) -> str:
        meant = concepts(match["verb"]) & _DOING
        declined.update(meant)
        return " " if meant else match[0]

    return NEVER_MIND.sub(" ", _DECLINED.sub(drop, text)), declined
