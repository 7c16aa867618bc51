"""What the system text orders word by word: a sentence to say when something comes up, and whom to contact.

Three forms are understood, in a line of their own or amid a paragraph:

    If/When <case> (<examples>), [first] say: “<sentence>”.
    If/When <case> (<examples>), tell them [at once] to <do something>.
    Say “<sentence>” if/when <case> (<examples>).

An order not to do or ask anything in the sentences that follow ends the answer there; without one, and after
"first say", the answer goes on as usual.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .lexicon import word_set
from .words import content, words

_QUOTE = r"[\"“](?P<quote>[^\"”]{2,400})[\"”]"
_CASE = r"\b(?:if|when|whenever|as soon as)\s+(?P<case>[^.;“\"]{3,400}?)"
_FORMS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"{_CASE},\s*(?:then\s+)?(?P<first>first\s+|always\s+)?(?:say|answer|reply|tell \w+)\b[^“\"().;]{{0,40}}?"
        rf"{_QUOTE}(?P<rest>[^\n]*)",
        rf"{_CASE},\s*(?P<first>first\s+)?(?:tell|ask|advise|urge) (?:them|the \w+)"
        rf"(?P<how>\s+(?:at once|immediately|right away|first))?\s+to\s+(?P<do>[^.;]{{3,200}})(?P<rest>[^\n]*)",
        rf"\b(?P<first>first\s+)?say:?\s*{_QUOTE}\s*,?\s*{_CASE}(?=[.;\n]|$)(?P<rest>[^\n]*)",
    )
)
_ENDS = re.compile(r"^\W*(?:do not|don['’]t|nothing else|never)\b|\b(?:nothing (?:else|more)|then stop)\b", re.I)
_LIST = re.compile(r",|;|\bor\b|\band/or\b", re.I)
_BRACKETS = re.compile(r"\(([^()]*)\)")
_LEAD = re.compile(r"^\W*(?:e\.g\.|for example|for instance|such as|like)[,:\s]+", re.I)
# Who says it and how they say it does not tell one case from another.
_TELLING = word_set(
    """
    somebody someone anybody anyone visitor visitors caller callers customer customers client clients person
    people guest guests ask asks asked asking want wants wish wishes say says said mention mentions mentioned
    report reports reported describe describes tell tells talk talks speak speaks request requests danger
    case sign signs symptom symptoms thought thoughts about like
    """
)
_TROUBLE = word_set("trouble problem problems difficulty difficulties unable cannot hard short not no")
_THEIRS = ((r"\btheir\b", "your"), (r"\bthemselves\b", "yourself"), (r"\bthem\b", "you"), (r"\bthey\b", "you"))
_BUSINESS = re.compile(
    r"^\W*Business:\s*(?P<name>.+?)\.\s+Phone:\s*(?P<phone>.+?)\.\s+Address:\s*(?P<address>.+?)\.?\s*$", re.M
)


@dataclass(frozen=True)
class Rule:
    """Say `sentence` when the visitor's words hold one of `cases`; `ends` when nothing may follow."""

    sentence: str
    cases: tuple[frozenset[str], ...]
    troubles: tuple[frozenset[str], ...]
    ends: bool

    def meets(self, text: str) -> bool:
        said = {*content(text)}
        if any(_holds(said, case) for case in self.cases):
            return True
        in_trouble = bool(_TROUBLE & set(words(text)))
        return in_trouble and any(_holds(said, case) for case in self.troubles)


def business(system: str) -> dict[str, str]:
    """The name, phone and address of the line "Business: …. Phone: …. Address: …."; what is unknown is left out."""
    found = _BUSINESS.search(system)
    return {k: v for k, v in found.groupdict().items() if v.lower() != "none"} if found else {}


def read_rules(system: str) -> list[Rule]:
    """Every rule of the system text, in order of the forms above."""
    text = "\n".join(_paragraphs(system))
    return [_rule(match) for form in _FORMS for match in form.finditer(text)]


def _paragraphs(system: str) -> Iterator[str]:
    """Paragraphs and list entries, each on one line."""
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s)", system):
        yield re.sub(r"\s*\n\s*", " ", block).strip()


def _rule(match: re.Match[str]) -> Rule:
    found = match.groupdict()
    sentence = found.get("quote") or _order(found["do"], (found.get("how") or "").strip())
    examples = [e for inner in _BRACKETS.findall(found["case"]) for e in _LIST.split(inner)]
    cases: list[frozenset[str]] = []
    troubles: list[frozenset[str]] = []
    for example in examples or _LIST.split(found["case"]):
        told = [w for w in words(_LEAD.sub("", example)) if w not in _TELLING]
        stems = frozenset(content(" ".join(w for w in told if w not in _TROUBLE)))
        if stems:
            (troubles if _TROUBLE & set(told) else cases).append(stems)
    ends = bool(_ENDS.search(re.sub(r"^[\s.”\"]+", "", found["rest"]))) and not found.get("first")
    return Rule(sentence.strip(), tuple(cases), tuple(troubles), ends)


def _order(do: str, how: str) -> str:
    for theirs, yours in _THEIRS:
        do = re.sub(theirs, yours, do, flags=re.I)
    urgent = how if how.lower() not in ("", "first") else ""
    return f"Please {do.strip()}{f' {urgent}' if urgent else ''}."


def _holds(said: set[str], case: frozenset[str]) -> bool:
    return all(word in said or any(_akin(word, other) for other in said) for word in case)


def _akin(a: str, b: str) -> bool:
    """Forms of one word: "heavy" and "heavily", "suicide" and "suicidal"."""
    length = min(len(a), len(b))
    return length >= 5 and a[: max(4, length - 1)] == b[: max(4, length - 1)] and abs(len(a) - len(b)) <= 3
