"""Names of people and of companies, compared as people say them. Pure."""

import re

from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from apps.business.core.names import fold

_LETTERS_PER_SLIP = 5  # fewer and "Jon" would be "Jan"
_LEGAL_FORMS = frozenset({"inc", "llc", "ltd", "limited", "corp", "co", "company", "gmbh", "plc", "llp", "the", "and"})
_COMPANY_SCORE = 88


def folded(text: str) -> str:
    """Lower case, without accents or punctuation: "O’Neil & Sons, Inc." becomes "oneil sons inc"."""
    return " ".join(re.sub(r"[^\w\s]", "", fold(text).replace("-", " ").replace("&", " ")).split())


def same_person(first: str, second: str) -> bool:
    """Whether two full names match, whichever part comes first.

    A part that one side leaves out is forgiven (a middle name); two parts must match, each but for a slip.
    """
    shorter, longer = sorted((folded(first).split(), folded(second).split()), key=len)
    left = list(longer)
    for part in shorter:
        match = next((other for other in left if _same_part(part, other)), None)
        if match is None:
            return False
        left.remove(match)
    return len(shorter) >= min(2, len(longer)) > 0


def _same_part(first: str, second: str) -> bool:
    return bool(DamerauLevenshtein.distance(first, second) <= max(len(first), len(second)) // _LETTERS_PER_SLIP)


def same_company(first: str, second: str) -> bool:
    """Whether two names mean one company: legal forms, "the" and one or two wrong letters do not matter."""
    one, other = _proper(first), _proper(second)
    return bool(one and other) and bool(fuzz.ratio(one, other) >= _COMPANY_SCORE)


def _proper(company: str) -> str:
    return "".join(word for word in folded(company).split() if word not in _LEGAL_FORMS)
