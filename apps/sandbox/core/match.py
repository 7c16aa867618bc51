"""Which of the offered tools an utterance asks for, by weighted overlap of stems and concepts."""

import math
import re
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from .acts import Act, acts
from .lexicon import ACTIONS
from .names import named
from .schema import Kind, Tool
from .words import concepts, content, humanize

_NAME, _TEXT, _ARGUMENT = 2.2, 1.0, 0.4
THRESHOLD = 1.6
STRONG = 3.2
_CAN_I_GET = re.compile(r"\b(?:can|could|may) (?:i|we) (?:get|have)\b", re.I)


@dataclass(frozen=True)
class Match:
    score: float
    tool: Tool


class Matcher:
    """Ranks tools for an utterance; built once for the tools of a request."""

    def __init__(self, tools: list[Tool]) -> None:
        self._tools = tools
        self._documents = [_document(tool) for tool in tools]
        spread = Counter(term for document in self._documents for term in document)
        self._rarity = {term: math.log(1 + len(tools) / count) for term, count in spread.items()}
        self._vocabulary = [term for term in spread if not term.startswith("@") and len(term) > 4]

    def rank(self, text: str, *, dated: bool = False, own: Container[str] = ()) -> list[Match]:
        """Tools that fit `text`, best first. `dated` when it names a day or a time; `own` is the speaker's name."""
        meant = concepts(text)
        if "@cancel" in meant or "@move" in meant:
            meant.discard("@book")
        if self._implied_booking(text, meant, dated):
            meant.add("@book")
        terms = {self._known(term) for term in content(text)} | meant
        said, spoken_of = acts(text), named(text, own)
        found = []
        for tool, document in zip(self._tools, self._documents, strict=True):
            overlap = sum(self._rarity[term] * document[term] for term in terms if term in document)
            if overlap:
                score = overlap + _fit(tool, meant, said, dated)
                # What tells about one thing by its name fits when one is named.
                score += 1.5 if tool.names_one and spoken_of else 0.0
                found.append(Match(score, tool))
        return sorted(found, key=lambda m: -m.score)

    def _implied_booking(self, text: str, meant: set[str], dated: bool) -> bool:
        """ "I'd like a <thing>", or "can I get a <thing> on Friday?", with a thing no tool names asks to arrange it."""
        said = acts(text)
        asks = Act.QUESTION in said and not (dated and _CAN_I_GET.search(text))
        if meant & {*ACTIONS, "@search", "@price", "@available"} or Act.WISH not in said or asks:
            return False
        named = {term for term in content(text) if not concepts(term)}
        elsewhere = {t for tool, d in zip(self._tools, self._documents, strict=True) if tool.is_handoff for t in d}
        return bool(named) and named <= self.unknown(text) and not named & elsewhere

    def unknown(self, text: str) -> set[str]:
        """Stems of `text` that neither a tool's name nor general English accounts for."""
        named = {term for tool in self._tools for term in content(humanize(tool.name))}
        return {term for term in content(text) if term not in named and not concepts(term)}

    def _known(self, term: str) -> str:
        """The term itself, or the one of the tools' words that it looks like a typo of."""
        if term in self._rarity or len(term) < 5:
            return term
        near = process.extractOne(term, self._vocabulary, scorer=fuzz.ratio, score_cutoff=82)
        return near[0] if near else term


def _document(tool: Tool) -> dict[str, float]:
    """Weights of the terms of a tool: name first, then the opening of its description, then the rest."""
    weights: dict[str, float] = {}
    purpose = re.split(r"(?<=[.;])\s|Returns", tool.description, maxsplit=1)[0]
    arguments = " ".join(f"{humanize(a.name)} {' '.join(w for _, w in a.options)}" for a in tool.arguments)
    fields = [
        (humanize(tool.name), _NAME),
        (purpose, _TEXT * 1.4),
        (tool.description, _TEXT),
        (arguments, _ARGUMENT),
    ]
    for text, weight in fields:
        for term in {*content(text), *concepts(text)}:
            weights[term] = max(weights.get(term, 0.0), weight)
    return weights


def _fit(tool: Tool, meant: set[str], said: Act, dated: bool) -> float:
    """How well what the tool does agrees with what the visitor wants done."""
    if tool.is_handoff:
        return 0.5
    wanted = {a for a in ACTIONS if a in meant}
    does = tool.does
    asks = bool(said & Act.QUESTION)
    kinds = {a.kind for a in tool.arguments}
    score = 0.4 if dated and kinds & {Kind.DATE, Kind.TIME} else 0.0
    if tool.reads:
        score += 0.8 if asks and not wanted else 0.0
        score -= 1.2 if wanted - {"@update"} and not meant & {"@available", "@price"} else 0.0
        return score - (2.5 if tool.identifies else 0.0)
    creates = {"@book", "@register", "@report"}
    if tool.identifies and not {"@register", "@join"} & meant and Act.NEW_HERE not in said:
        return score - 4.0
    if wanted & does:
        return score + 2.0
    if does & {"@cancel", "@move", "@pay", "@join"} or wanted - creates:
        return score - 4.0
    if wanted:
        # A tool named create_… or add_… books or reports whatever its description says.
        told = concepts(tool.description) & creates
        return score + (0.8 if wanted & told else -2.0)
    if asks and not said & Act.WISH:
        return score - 1.5
    return score + (0.6 if said & Act.WISH else 0.0)
