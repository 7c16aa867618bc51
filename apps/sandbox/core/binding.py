"""Values for arguments: from what the visitor said, and from what earlier results carry."""

import re
from typing import Any

from rapidfuzz import fuzz

from .acts import Act, acts
from .lexicon import NEUTRAL_OPTIONS, STOPWORDS, word_set
from .mentions import Mention, latest, without_values
from .names import named
from .schema import Argument, Kind, Tool
from .state import State
from .words import concepts, content, humanize, stem, words

_WHO = re.compile(r"\b(?i:with|by|see|is|about|named|called)\s+(?P<what>(?:[A-Z][\w'’-]*\.?\s?){1,4})")
_THEIR_WORDS = re.compile(r"\bin (?:the |their )?(?:\w+['’]s )?(?:own )?words\b|\bas the \w+ said\b", re.I)
_MONEY_WORDS = word_set(
    """
    price budget amount income deposit rent salary cost payment fee total value loan balance
    """
)
_PART_WORDS = word_set("deposit down fee extra")
_LEAST = word_set("over above from least")
_PLACE_WORDS = word_set(
    """
    city town location area address postcode zip place region neighborhood street
    """
)
_STOP = (
    r"(?=[,.;!?]|\s+(?:tomorrow|today|tonight|on|at|next|this|if|please|and|but|with|so|in|by|as|when"
    r"|for|or|before|after"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b|\s*$)"
)
_WHAT = r"(?:my|the|a|an|some|his|her|our)?\s*(?P<what>[^,.;!?]{2,80}?)"
_REASONS = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        rf"\b(?:about|regarding|concerning|because of|due to|problem with|issue with|trouble with"
        rf"|pain in)\s+{_WHAT}{_STOP}",
        r"\bbecause\s+(?P<what>[^.;!?]{3,120}?)(?=[.;!?]|\s+(?:please|can|could)\b|\s*$)",
        rf"\bi(?: have|['’]ve| have got|['’]ve got|['’]m having| keep getting"
        rf"| got)\s+(?:got\s+)?{_WHAT}{_STOP}",
        rf"\bmy\s+(?P<what>[^\W\d_]+(?: [^\W\d_]+)? (?:hurts?|aches?|is|are|has|have|keeps?|does|do"
        rf"|won['’]t|makes?)\b[^,.;!?]{{0,60}}?){_STOP}",
        rf"\b(?:for|needs?|have)\s+(?:my|a|an|the|some)\s+(?P<what>[^,.;!?]{{2,60}}?){_STOP}",
    )
)  # fmt: skip


def bind(argument: Argument, tool: Tool, state: State) -> Any:
    """The value of a human-known argument of `tool` as the visitor gave it, or None."""
    kind = argument.kind
    if kind in (Kind.FIRST_NAME, Kind.LAST_NAME, Kind.COMPANY, Kind.PHONE, Kind.EMAIL, Kind.PAST_DATE):
        return latest(state.mentions, kind)
    if kind is Kind.FULL_NAME:
        parts = [latest(state.mentions, k) for k in (Kind.FIRST_NAME, Kind.LAST_NAME)]
        return " ".join(map(str, parts)) if all(parts) else None
    fresh = [m for m in state.mentions if m.turn >= state.since]
    if kind is Kind.DATE:
        dates = state.wish_dates()
        return dates[0][0] if dates else None
    if kind is Kind.TIME:
        times = [m for m in fresh if m.kind is Kind.TIME and m.role != "source"]
        return times[-1].value if times else None
    if kind is Kind.DURATION:
        return latest(fresh, kind)
    if kind is Kind.NUMBER:
        return _number(argument, tool, fresh)
    if kind is Kind.FLAG:
        return _flag(argument, fresh, state.said())
    if kind is Kind.CODE:
        return latest([m for m in fresh if re.search(argument.pattern, str(m.value))], Kind.CODE)
    if kind is Kind.OPTION:
        return _option(argument, fresh, state)
    value = _answer(argument, fresh)
    if value is None and set(humanize(argument.name).split()) & _PLACE_WORDS:
        value = _answer(argument, state.mentions)  # Where somebody lives is the same for their next errand.
    if value is None:
        value = _reason(argument, state) if kind is Kind.REASON else _topic(argument, tool, state)
    return [value] if argument.many and value is not None else value


def _answer(argument: Argument, mentions: list[Mention]) -> Any:
    return next((m.value for m in reversed(mentions) if m.label == argument.name), None)


def _number(argument: Argument, tool: Tool, mentions: list[Mention]) -> int | float | None:
    names = {stem(w) for w in humanize(argument.name).split()}
    labels = names | {argument.name} | ({"money"} if names & {stem(w) for w in _MONEY_WORDS} else set())
    labels |= {"percent"} if names & {"rate", "percent", "percentag"} else set()
    others = {stem(w) for a in tool.arguments if a.kind is Kind.NUMBER for w in humanize(a.name).split()} - names
    elsewhere = {a.name for a in tool.arguments if a.name != argument.name}
    answers = {(m.turn, m.value) for m in mentions if m.kind is Kind.NUMBER and m.label in elsewhere}
    numbers = [
        m
        for m in reversed(mentions)
        if m.kind is Kind.NUMBER and m.label in labels and (m.turn, m.value) not in answers
    ]
    # "A deposit of $200,000" is no price, and "under $900" no least price.
    named = [m for m in numbers if m.label == "money" and names & set(m.role.split())]
    left = [m for m in numbers if m.label != "money" or (not others & set(m.role.split()) and _bounds(names, m))]
    if names & {stem(w) for w in _PART_WORDS} and _of_a_whole(others):
        left = [m for m in left if m.label != "money"]  # "Repayments on $900,000" says nothing of a deposit.
    value = next((m.value for m in (*named, *left)), None)
    return int(value) if value is not None and argument.type == "integer" else value  # type: ignore[return-value]


def _of_a_whole(others: set[str]) -> bool:
    """Whether a tool takes another amount, of which the one in question is a part."""
    return bool(others & {stem(w) for w in _MONEY_WORDS - _PART_WORDS})


def _bounds(names: set[str], mention: Mention) -> bool:
    """Whether an amount may be the least or the most of something, if the argument is one."""
    least = bool(_LEAST & set(mention.role.split()))
    return least if names & {"min", "minimum", "least"} else not (least and names & {"max", "maximum", "most"})


def _flag(argument: Argument, mentions: list[Mention], said: str) -> bool | None:
    value = _answer(argument, mentions)
    if value is not None:
        return bool(value)
    wanted = set(content(humanize(argument.name)))
    return True if wanted and wanted <= set(content(said)) else None


def _option(argument: Argument, mentions: list[Mention], state: State) -> Any:
    answer = _answer(argument, mentions)
    value = similar_option(argument, str(answer or state.said()))
    if value is None and state.window:
        value = next((v for v, _ in argument.options if v in state.window.words.split()), None)
    if value is None and argument.required:
        values = [v for v, _ in argument.options]
        if state.registered:
            value = next((v for v in values if "new" in humanize(v).split()), None)
        value = value or next((v for n in NEUTRAL_OPTIONS for v in values if n in humanize(v).split()), None)
    return value


def similar_option(argument: Argument, text: str) -> str | None:
    """The option whose words the text uses; typos and other endings are forgiven, guesses are not made."""
    said, meant = content(text), concepts(text)
    raw = [w for w in words(text) if w not in STOPWORDS]
    best, best_score = None, 0.0
    for value, gloss in argument.options:
        own = content(gloss)
        name = set(content(humanize(value)))
        hits = sum((2.0 if w in name else 1.0) for w in said if w in own)
        hits += sum(0.8 for w in said if w not in own and len(w) > 5 and any(_akin(w, o) for o in own))
        if not hits:
            hits = sum(0.8 for w in raw if len(w) > 5 and any(fuzz.ratio(w, o) >= 86 for o in words(gloss)))
        if name and len(name & set(said)) < len(name) and hits < 2.0 and len(name) > 1:
            hits *= 0.7
        hits += 0.1 * len(meant & concepts(humanize(value))) if hits else 0.0
        if hits > best_score:
            best, best_score = value, hits
    return best if best_score >= 0.8 else None


def _akin(a: str, b: str) -> bool:
    """Words of one family ("orthodox" and "orthodoxy") or a typo apart."""
    return len(b) > 5 and (a[:6] == b[:6] or fuzz.ratio(a, b) >= 84)


def _reason(argument: Argument, state: State) -> str | None:
    """The matter in the visitor's own words, since the goal was named."""
    heard = state.heard_since()
    if argument.name in (
        "query",
        "question",
        "description",
        "issue",
        "problem",
        "message",
        "summary",
        "details",
        "complaint",
    ):
        return heard[0][:500] if heard and content(heard[0]) else None
    for text in reversed(heard):
        for pattern in _REASONS:
            for match in pattern.finditer(text):
                what = match["what"].strip()
                if content(what) and not _is_request(what):
                    return what
    # Words that answered nothing else are most likely about the matter itself.
    if argument.required and state.unplaced:
        return state.unplaced[-1]
    return _known_matter(state) if argument.required else None


def _known_matter(state: State) -> str | None:
    """The visitor's words for what the search for free times knows: "teeth cleaning" if that is one of its topics."""
    for topic in (a for t in state.tools if t.lists_slots for a in t.arguments if a.kind is Kind.TOPIC and a.options):
        for text in reversed(state.heard_since()):
            if value := similar_option(topic, text):
                return _words_for(topic, value, text) or None
    return None


def _is_request(what: str) -> bool:
    """Whether the words only repeat that something should be booked ("an appointment")."""
    if re.search(r"\d|\b(?:name|number|phone|e-?mail|birthday|been|question)\b", what, re.I):
        return True
    rest = [w for w in content(what) if not concepts(w) & {"@appointment", "@book", "@available", "@cancel", "@move"}]
    return not rest or bool(acts(what) & (Act.YES | Act.NO))


def _topic(argument: Argument, tool: Tool, state: State) -> str | None:
    said = " . ".join(state.asking_for(tool))
    theirs = bool(_THEIR_WORDS.search(argument.description))
    if argument.options:
        value = similar_option(argument, said)
        if value is not None:
            return (_words_for(argument, value, said) if theirs else None) or value
    parts = set(humanize(argument.name).split())
    if parts & _PLACE_WORDS or set(content(argument.description)) & _PLACE_WORDS:
        place = re.search(r"\b(?:in|near|around|at|to)\s+(?P<what>(?:[A-Z][\w'’-]+\s?){1,4})", said)
        return place["what"].strip() if place else None
    # "Name of the thing", when it must be given, is more likely what was asked for than whom the visitor named.
    of_thing = argument.required and argument.description.lower().startswith("name of")
    if "name" in parts and not of_thing:
        return _spoken_of(state, said)
    quoted = re.search(r"[\"“](?P<what>[^\"”]{2,80})[\"”]", said)
    if quoted:
        return quoted["what"]
    # A search needs something to go by; anything else is better asked for than guessed.
    plain = all(a.kind in (Kind.TOPIC, Kind.OPTION, Kind.NUMBER) for a in tool.required)
    if argument.required and tool.reads and plain:
        return state.leftover(tool)
    # A list is not narrowed by a proper noun: "does anyone speak Spanish?" is about those in the list.
    asks_freely = theirs and tool.reads and not (tool.returned and re.search(r"\w [A-Z]\w\w", said))
    return state.leftover(tool, apart_from=tool.description) if asks_freely else None


def _spoken_of(state: State, said: str) -> str | None:
    """Whom the visitor named: with "with" or "by", by title or capitals, or by a name that came up before."""
    own = state.own_names()
    who = _WHO.search(said)
    if who and not set(who["what"].lower().split()) <= own:
        return who["what"].strip()
    for text in reversed(state.heard_since()):
        if found := named(without_values(text), own):
            return found
    return None


def _words_for(argument: Argument, value: str, said: str) -> str:
    """The visitor's own words that stand for an option: "teeth cleaning" where "dentistry" was found."""
    gloss = next(g for v, g in argument.options if v == value)
    kept = [w for w in words(said) if w not in STOPWORDS and _is_word_of(w, gloss)]
    return " ".join(dict.fromkeys(kept))


def _is_word_of(word: str, gloss: str) -> bool:
    return any(stem(word) == stem(own) or _akin(word, own) for own in words(gloss))
