"""Questions for missing arguments, and recognizing them again in what the assistant said before."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .schema import Argument, Kind
from .words import content, humanize, join

CONFIRM = "Shall I go ahead?"
REGISTER = "Is this your first time with us, and shall I register you?"
ANYTHING_ELSE = "Is there anything else I can help you with?"
WHICH_SUITS = "Which one suits you?"
WHICH_MEANT = "Which one do you mean?"

_FIXED = {
    Kind.FIRST_NAME: "your first name",
    Kind.LAST_NAME: "your last name",
    Kind.FULL_NAME: "your full name",
    Kind.COMPANY: "your company",
    Kind.PAST_DATE: "your date of birth",
    Kind.PHONE: "your phone number",
    Kind.EMAIL: "your e-mail address",
}
_CUES: tuple[tuple[re.Pattern[str], tuple[Kind, ...]], ...] = tuple(
    (re.compile(pattern, re.I), kinds)
    for pattern, kinds in (
        (r"\b(?:first|given) name\b", (Kind.FIRST_NAME,)),
        (r"\b(?:last|family) name\b|\bsurname\b", (Kind.LAST_NAME,)),
        (r"\b(?:full name|first and last|your name|who am i speaking)\b", (Kind.FIRST_NAME, Kind.LAST_NAME)),
        (r"\b(?:birth|born|birthday)\b", (Kind.PAST_DATE,)),
        (r"\b(?:phone|number to reach|mobile)\b", (Kind.PHONE,)),
        (r"\byour company\b(?!['’])", (Kind.COMPANY,)),
        (r"\be-?mail\b", (Kind.EMAIL,)),
        (r"\b(?:which|what) (?:day|date)\b", (Kind.DATE,)),
        (r"\bwhat time\b|\bwhich (?:one|time)\b|\bwhen would\b", (Kind.TIME,)),
    )
)


_SHALL = re.compile(r"\bShall I (?!register\b)[^?]*\?$")


@dataclass(frozen=True)
class Asked:
    """What the assistant's last words asked for. `choice` when it offered items to choose from."""

    kinds: frozenset[Kind] = frozenset()
    arguments: tuple[Argument, ...] = ()
    choice: bool = False
    confirm: bool = False
    register: bool = False

    def __bool__(self) -> bool:
        return bool(self.kinds or self.arguments or self.choice or self.confirm or self.register)


def phrase(argument: Argument) -> str:
    """A noun phrase for the argument, as said to the visitor."""
    words = humanize(argument.name)
    if argument.kind is Kind.PAST_DATE and "birth" not in f"{words} {argument.description}".lower().replace(
        "dob", "birth"
    ):
        return f"the {words}"
    if argument.kind in _FIXED:
        return _FIXED[argument.kind]
    if argument.kind is Kind.REASON and argument.name in ("reason", "topic", "intent", "subject", "purpose"):
        return "what it is about"
    text = re.split(r"[.;:(,]|\s[-–]\s", argument.description, maxsplit=1)[0].strip()
    if (
        not text
        or len(text.split()) > 9
        or not re.match(r"(?:the|an?|your|what|which|how|where|why|name|number)\b", text, re.I)
    ):
        return f"the {words}"
    text = re.sub(r"\b(?:the|a) \w+['’]s\b", "your", text, flags=re.I)
    text = re.sub(r"\b(?:the )?(?:caller|visitor|customer|person|guest)\b", "you", text, flags=re.I)
    text = text[0].lower() + text[1:]
    return f"the {text}" if text.startswith(("name", "number")) else text


def question(arguments: Iterable[Argument]) -> str:
    """One natural sentence that asks for at most two things."""
    wanted = list(arguments)
    kinds = {a.kind for a in wanted}
    if {Kind.FIRST_NAME, Kind.LAST_NAME} <= kinds:
        rest = [a for a in wanted if a.kind not in (Kind.FIRST_NAME, Kind.LAST_NAME)][:1]
        phrases = ["your full name", *(phrase(a) for a in rest)]
        return f"May I have {join(phrases)}?" if not rest or rest[0].kind in _FIXED else _ask(phrases)
    if kinds <= {Kind.DATE, Kind.TIME}:
        if len(kinds) == 2:
            return "Which day and what time would suit you?"
        return "Which day would suit you?" if Kind.DATE in kinds else "What time would suit you?"
    one = wanted[0]
    if one.kind is Kind.OPTION and len(one.options) <= 8:
        return f"Which {humanize(one.name)} would you like: {join([humanize(v) for v, _ in one.options], 'or')}?"
    if one.kind is Kind.FLAG:
        return f"May I ask: {humanize(one.name)}, yes or no?"
    wanted = [a for a in wanted[:2] if a.kind not in (Kind.OPTION, Kind.FLAG, Kind.DATE, Kind.TIME) or a is one]
    if all(a.kind in _FIXED for a in wanted):
        return f"May I have {join([phrase(a) for a in wanted])}?"
    return _ask([phrase(a) for a in wanted])


def _ask(phrases: list[str]) -> str:
    if phrases == ["what it is about"]:
        return "May I ask what it is about?"
    return f"Could you tell me {join(phrases)}?"


_OPEN = re.compile(
    r"^\W*(?:(?:and|so|but|hmm|well|ok|okay)\W+)*(?:is|are|am|was|does|do|did|should|can i|may i|must|how|why"
    r"|what|which|who)\b",
    re.I,
)


def is_open_question(sentence: str) -> bool:
    """Whether a sentence asks something that needs an answer in words, such as "Is it safe?"."""
    return bool(_OPEN.search(sentence) and sentence.rstrip().endswith("?") and content(sentence))


def asked(text: str, known: Iterable[Argument]) -> Asked:
    """What `text`, the assistant's last words, asked for, given the arguments of the tools on offer."""
    asking = " ".join(s for s in re.split(r"(?<=[.!?])\s+", text) if s.endswith("?"))
    if not asking:
        return Asked()
    kinds: set[Kind] = set()
    for cue, meant in _CUES:
        if cue.search(asking):
            kinds.update(meant)
    low, arguments = asking.lower(), {}
    for argument in known:
        wanted = f"which {humanize(argument.name)} would" if argument.kind is Kind.OPTION else phrase(argument).lower()
        if argument.kind is Kind.FLAG:
            wanted = f"may i ask: {humanize(argument.name)},"
        if argument.kind not in _FIXED and argument.kind is not Kind.ID and wanted in low:
            arguments[argument.name] = argument
    return Asked(
        frozenset(kinds),
        tuple(arguments.values()),
        choice=WHICH_SUITS in asking or WHICH_MEANT in asking or bool(re.search(r"\bwhich (?:one|time|of)\b", low)),
        confirm=bool(_SHALL.search(text)),
        register=REGISTER in asking,
    )
