"""Names of people and of companies, compared as people say them. Pure."""

from rapidfuzz import fuzz

from apps.business.core import names

_LEGAL_FORMS = frozenset({"inc", "llc", "ltd", "limited", "corp", "co", "company", "gmbh", "plc", "llp", "the", "and"})
_COMPANY_SCORE = 88


def folded(text: str) -> str:
    """Lower case, without accents or punctuation: "O’Neil & Sons, Inc." becomes "oneil sons inc"."""
    return names.folded(text.replace("&", " "))


def same_person(first: str, second: str) -> bool:
    """Whether two full names match; stricter than elsewhere, for "Jon" and "Jan" may be colleagues."""
    return names.same_name(folded(first), folded(second), letters_per_slip=5)


def same_company(first: str, second: str) -> bool:
    """Whether two names mean one company: legal forms, "the" and one or two wrong letters do not matter."""
    one, other = _proper(first), _proper(second)
    return bool(one and other) and bool(fuzz.ratio(one, other) >= _COMPANY_SCORE)


def _proper(company: str) -> str:
    return "".join(word for word in folded(company).split() if word not in _LEGAL_FORMS)
