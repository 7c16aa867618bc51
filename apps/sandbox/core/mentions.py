"""Typed values in one utterance: dates, times, phones, names, numbers and answers to an open question."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from .acts import Act, acts
from .companies import find_company
from .dates import find_dates
from .names import find_name
from .questions import Asked
from .schema import NAME_KINDS, Kind
from .segments import sentences
from .times import bounds_a_window, find_minutes, find_times
from .words import concepts, number, stem

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w/])\+?\(?\d(?:[\s().-]{0,2}\d){6,14}(?![\w/])")
_CODE = re.compile(r"\b(?=[A-Z0-9-]*\d)[A-Z]{1,6}-?\d[A-Z0-9]*(?:-[A-Z0-9]+)*\b")
_DIGITS = re.compile(r"(?<![\w.])\d(?:[ -]?\d){2,9}(?![\w.])")
_MONEY = re.compile(
    r"(?P<sign>[$€£]\s?)?(?<![\w.])(?P<n>\d[\d,]*(?:\.\d+)?)\s?(?P<scale>k|m|thousand|million)?\b", re.I
)
_PERCENT = re.compile(r"(?P<n>\d{1,3}(?:\.\d+)?)\s?(?:%|per ?cent\b)", re.I)
_COUNTED = re.compile(
    r"\b(?P<n>\d{1,4}|one|two|three|four|five|six|seven|eight|nine|ten)[\s-]+(?P<unit>[a-z]{3,})", re.I
)
_REFUSED = re.compile(
    r"(?:\bnot|can(?:no|['’])t (?:do|make|come)(?: it)?|instead of|rather than)(?: on| the| for)?\s+$", re.I
)
_SOURCE = re.compile(r"\bfrom(?:\s+(?!to\b|for\b|until\b)\w+){0,2}\s+$", re.I)
_HELD = re.compile(r"\bmy(?:\s+(?!to\b|for\b|until\b)\w+){0,2}\s+$", re.I)
_BORN = re.compile(r"\b(?:born|birth\w*|dob)\b[^.;]{0,20}$", re.I)
_SCALES = {"k": 1_000, "thousand": 1_000, "m": 1_000_000, "million": 1_000_000}
_INTRODUCED = re.compile(
    r"^\W*(?:(?:hi|hello|hey)\W+)?(?P<name>[A-Z][\w'’-]+(?:\s+[\w'’-]+){0,2}\s+[A-Z][\w'’-]+)(?=\s*[,.;(]|$)"
    r"|^\W*(?P<plain>[^\W\d]+(?:\s+[^\W\d]+){1,2})[\s,.;]*$"
)
_BETWEEN_COMMAS = re.compile(r"(?<=,)\s*(?P<name>[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+){1,2})\s*(?=[,.;]|$)")
_PLACE = re.compile(r"^\W*(?:the\s+)?[1-4](?:st|nd|rd|th)(?:\s+one)?(?:\W+please)?\W*$", re.I)
_FREE_KINDS = (Kind.REASON, Kind.TOPIC, Kind.CODE, Kind.NUMBER, Kind.FLAG, Kind.OPTION)


@dataclass(frozen=True, slots=True)
class Mention:
    """A value the visitor said in event `turn`. Dates are ISO, times HH:MM, durations minutes.

    `role` is "source" for what is to be left ("from Tuesday", "my Tuesday visit").
    `label` is the argument that was asked for (an answer) or the word counted ("bedrooms" in "3 bedrooms").
    """

    kind: Kind
    value: str | int | float
    turn: int
    until: str = ""
    label: str = ""
    sure: bool = True
    role: str = ""


def latest(mentions: Sequence[Mention], kind: Kind) -> str | int | float | None:
    """The value of the last mention of a kind."""
    return next((m.value for m in reversed(mentions) if m.kind is kind), None)


def read_mentions(text: str, turn: int, today: date, asked: Asked, *, day_first: bool = False) -> list[Mention]:
    """Everything in `text` that could fill an argument. Later mentions come later."""
    found: list[Mention] = []
    rest = text
    for kind, pattern in ((Kind.EMAIL, _EMAIL), (Kind.CODE, _CODE)):
        for match in pattern.finditer(rest):
            found.append(Mention(kind, match[0], turn))
            rest = _blank(rest, match.start(), match.end())
    if asked.choice and _PLACE.match(rest):
        return []  # "The 2nd" of what was offered, not of the month.
    dates, rest = _dates(rest, turn, today, day_first)
    for match in _PHONE.finditer(rest):
        found.append(Mention(Kind.PHONE, _phone(match[0]), turn))
        rest = _blank(rest, match.start(), match.end())
    for time in find_times(rest, asked=Kind.TIME in asked.kinds):
        if not _REFUSED.search(rest[: time.start]) and not bounds_a_window(rest, time.start):
            found.append(
                Mention(Kind.TIME, time.at.strftime("%H:%M"), turn, sure=time.sure, role=_role(rest, time.start))
            )
        rest = _blank(rest, time.start, time.end)
    minutes = find_minutes(rest)
    if minutes:
        found.append(Mention(Kind.DURATION, minutes, turn))
    found += dates
    found += _numbers(rest, turn)
    introduced = any(m.kind in (Kind.PAST_DATE, Kind.PHONE, Kind.EMAIL) for m in found)
    found += _names(rest, turn, asked, introduced=introduced)
    found += _answers(text, found, turn, asked)
    return found


def without_values(text: str) -> str:
    """`text` without dates, times, phones, codes and addresses: what is left are words."""
    for pattern in (_EMAIL, _CODE):
        text = pattern.sub(",", text)
    for day in find_dates(text, date(2000, 1, 1)):
        text = _blank(text, day.start, day.end)
    for time in find_times(text):
        text = _blank(text, time.start, time.end)
    return _PHONE.sub(",", text)


def _dates(text: str, turn: int, today: date, day_first: bool) -> tuple[list[Mention], str]:
    found: list[Mention] = []
    rest, last = text, 0
    for seen in find_dates(text, today, day_first=day_first):
        # "Tuesday, November 24" names one day twice; what comes last is the more exact.
        repeated = found and re.fullmatch(r",?\s*(?:the\s+|on\s+)?", text[last : seen.start])
        inherited = found.pop().role if repeated else ""
        last = seen.end
        past = seen.until < today or bool(_BORN.search(text[: seen.start]))
        # A birth date without its year says too little to be used.
        if not (past and not seen.has_year) and not _REFUSED.search(text[: seen.start]):
            until = seen.until.isoformat() if seen.until != seen.day else ""
            found.append(
                Mention(
                    Kind.PAST_DATE if past else Kind.DATE,
                    seen.day.isoformat(),
                    turn,
                    until,
                    role=inherited or _role(text, seen.start),
                )
            )
        rest = _blank(rest, seen.start, seen.end)
    return found, rest


def _role(text: str, start: int) -> str:
    before = text[:start]
    # "My Tuesday visit" is the one to change; "my knee on Tuesday" names no visit that there is.
    held = _HELD.search(before) and concepts(text) & {"@cancel", "@move", "@mine"}
    return "source" if held or _SOURCE.search(before) else ""


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + "," + " " * (end - start - 1) + text[end:]


def _phone(text: str) -> str:
    return re.sub(r"\s+", " ", text.strip())


def _numbers(text: str, turn: int) -> Iterator[Mention]:
    for match in _COUNTED.finditer(text):
        value = number(match["n"])
        if value is not None:
            yield Mention(Kind.NUMBER, value, turn, label=stem(match["unit"].lower()))
    for match in _PERCENT.finditer(text):
        yield Mention(Kind.NUMBER, float(match["n"]), turn, label="percent")
    for match in _MONEY.finditer(text):
        amount = float(match["n"].replace(",", "").rstrip(".")) * _SCALES.get((match["scale"] or "").lower(), 1)
        plain = int(amount) if amount == int(amount) else amount
        label = "money" if match["sign"] or match["scale"] or amount >= 1000 else ""
        yield Mention(Kind.NUMBER, plain, turn, label=label, role=_beside(text, match.start(), match.end()))
    for match in _DIGITS.finditer(text):
        yield Mention(Kind.CODE, re.sub(r"[ -]", "", match[0]), turn)


def _beside(text: str, start: int, end: int) -> str:
    """Stems of the words that say what an amount is: "deposit" for "a deposit of $500" and for "$500 deposit"."""
    before = re.findall(r"[a-z]+", re.split(r"[\d,.;]", text[:start].lower())[-1])
    after = re.match(r"\s*(?:[a-z]+\s+)??([a-z]+)(?=\W*$|\W*(?:and|with|at)\b)", text[end:].lower())
    near = [w for w in before if w not in ("of", "is", "about", "a", "the", "i", "have", "my")][-1:]
    return " ".join(stem(w) for w in (*near, *([after[1]] if after else [])))


def _names(text: str, turn: int, asked: Asked, *, introduced: bool) -> Iterator[Mention]:
    """`introduced` when the words hold a birth date, phone or e-mail: then a name may open them unasked."""
    closing = acts(text) & (Act.GOODBYE | Act.NEVER_MIND | Act.HUMAN)
    name_asked = not closing and any(kind in asked.kinds for kind in NAME_KINDS)
    only_last = Kind.LAST_NAME in asked.kinds and Kind.FIRST_NAME not in asked.kinds
    stated = " ".join(s for s in sentences(text) if not _asks(s)) if name_asked else ""
    name = find_name(stated, asked=True, last_asked=only_last) if stated else None
    name = name or find_name(text)
    if not name and introduced:
        told = [s for s in sentences(text) if not _asks(s)]
        runs = [m["name"] or m["plain"] for s in told if (m := _INTRODUCED.match(s))]
        runs += [m["name"] for s in told for m in _BETWEEN_COMMAS.finditer(s)]
        name = next((n for run in runs if (n := find_name(run, asked=True)) and n.last), None)
    if name:
        for kind, part in ((Kind.FIRST_NAME, name.first), (Kind.LAST_NAME, name.last)):
            if part:
                yield Mention(kind, part, turn)
    full = f"{name.first} {name.last}" if name and name.first and name.last else ""
    if company := find_company(text, full, asked=Kind.COMPANY in asked.kinds):
        yield Mention(Kind.COMPANY, company, turn)


def _asks(sentence: str) -> bool:
    """Whether it is a question; "Will Smith" is not."""
    return sentence.endswith("?") or (Act.QUESTION in acts(sentence) and len(sentence.split()) > 3)


def _answers(text: str, found: list[Mention], turn: int, asked: Asked) -> Iterator[Mention]:
    """The utterance as the answer to an open question, unless it plainly is something else."""
    said = acts(text)
    if said & (Act.NEVER_MIND | Act.HUMAN | Act.REPEAT | Act.WHO_ARE_YOU) or text.rstrip().endswith("?"):
        return
    for argument in asked.arguments:
        if argument.kind not in _FREE_KINDS:
            continue
        if argument.kind is Kind.NUMBER:
            numbers = [m for m in found if m.kind is Kind.NUMBER]
            value = numbers[0].value if numbers else number(text.strip(" .!").lower())
            if value is not None:
                yield Mention(Kind.NUMBER, value, turn, label=argument.name)
        elif argument.kind is Kind.FLAG:
            if said & (Act.YES | Act.NO):
                yield Mention(Kind.FLAG, int(Act.NO not in said), turn, label=argument.name)
        elif argument.kind is Kind.CODE:
            code = re.search(r"[\w-]*\d[\w-]*", text)
            if code and not any(m.kind is Kind.CODE for m in found):
                yield Mention(Kind.CODE, code[0], turn, label=argument.name)
        elif trimmed := _trim(text):
            yield Mention(argument.kind, trimmed, turn, label=argument.name)


_LEAD = re.compile(
    r"^\W*(?:(?:well|um|uh|oh|so|sorry|it['’]?s|it is|that['’]?s|that is|about|for|because(?: of)?|just"
    r"|i have|i['’]?ve got|i need|i want"
    r"|i['’]?d like|please|the|a|an|my|ok|okay|yes|sure|hi|hello)\b[\s,:]*)+",
    re.I,
)


def _trim(text: str) -> str:
    """An answer without its run-up: "it's about my knee, please" gives "knee"."""
    short = re.sub(r"[\s,.!]*\b(?:please|thanks|thank you)?[\s.!]*$", "", _LEAD.sub("", text), flags=re.I).strip(" ,.!")
    return short[:300]
