"""Tools as a request offers them, with the kind of each argument worked out from its JSON schema."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from .lexicon import ACTIONS, READING_VERBS, word_set
from .words import concepts, humanize, words

_FREE = frozenset({"free", "available", "availability", "slots", "openings"})

JSON = Mapping[str, Any]
HANDOFF_PREFIX = "transfer_to_"


class Kind(StrEnum):
    """What an argument wants, and what a visitor's words can hold."""

    ID = "id"
    DATE = "date"
    PAST_DATE = "past_date"
    TIME = "time"
    PHONE = "phone"
    EMAIL = "email"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    FULL_NAME = "full_name"
    COMPANY = "company"
    DURATION = "duration"
    NUMBER = "number"
    FLAG = "flag"
    OPTION = "option"
    CODE = "code"
    REASON = "reason"
    TOPIC = "topic"


PERSONAL = frozenset(
    {
        Kind.FIRST_NAME,
        Kind.LAST_NAME,
        Kind.FULL_NAME,
        Kind.COMPANY,
        Kind.PHONE,
        Kind.EMAIL,
        Kind.PAST_DATE,
        Kind.CODE,
    }
)
NAME_KINDS = (Kind.FIRST_NAME, Kind.LAST_NAME, Kind.FULL_NAME)


@dataclass(frozen=True)
class Argument:
    """One argument of a tool. `options` holds (value, words that stand for it), `pattern` tells codes apart."""

    name: str
    kind: Kind
    type: str
    required: bool
    description: str
    options: tuple[tuple[str, str], ...] = ()
    many: bool = False
    pattern: str = ""

    @property
    def asked_for(self) -> bool:
        """Whether the visitor is to be asked: also for an optional value whose description says "ask for it"."""
        return self.required or "ask for it" in self.description.lower()

    @property
    def key(self) -> str:
        """The name under which results carry the value: `service_ids` is fed by `service_id`."""
        return self.name.removesuffix("s") if self.many else self.name


@dataclass(frozen=True)
class Tool:
    """One offered function."""

    name: str
    description: str
    arguments: tuple[Argument, ...]

    @cached_property
    def required(self) -> tuple[Argument, ...]:
        return tuple(a for a in self.arguments if a.required)

    @cached_property
    def is_handoff(self) -> bool:
        return self.name.startswith(HANDOFF_PREFIX)

    @cached_property
    def brings_people(self) -> bool:
        """Whether the tool puts the visitor in touch with somebody; of several colleagues only one who is a person."""
        return "@human" in concepts(f"{humanize(self.name)} {self.description if self.is_handoff else ''}")

    @cached_property
    def reads(self) -> bool:
        """Whether the tool only looks something up, judged by the verb its name starts with."""
        return self.name.split("_")[0].lower() in READING_VERBS

    @cached_property
    def does(self) -> frozenset[str]:
        """What the tool does to the world, as concepts of the verb that its name starts with."""
        return frozenset() if self.reads else frozenset(concepts(self.name.split("_")[0]) & set(ACTIONS))

    @cached_property
    def undoes(self) -> bool:
        """Whether a mistaken call takes something away from the visitor."""
        return "@cancel" in self.does and "confirm before calling" in self.description.lower()

    @cached_property
    def returned(self) -> tuple[str, ...]:
        """Names of the ids that the description promises, in its order; the first is what the tool is for."""
        _, mark, promise = self.description.partition("eturns")
        named = re.findall(r"\b[a-z][a-z0-9_]*_ids?\b", promise if mark else self.description)
        own = set() if mark else {a.key for a in self.arguments}
        return tuple(dict.fromkeys(n for name in named if (n := name.removesuffix("s")) not in own))

    @cached_property
    def returns(self) -> frozenset[str]:
        """Names of the ids (and "date", "time") that a result of this tool carries."""
        _, _, promise = self.description.partition("eturns")
        found = set(self.returned)
        plain = set(words(promise))
        for word in ("date", "time"):
            if plain & {word, word + "s"}:
                found.add(word)
        if self.reads and "time" in plain and set(words(self.description)) & _FREE:
            found |= {"date", "time"}
        return frozenset(found)

    @cached_property
    def identifies(self) -> bool:
        """Whether the tool finds or registers the visitor, from what they know about themselves."""
        return bool(self.required and self.returned) and all(a.kind in PERSONAL for a in self.required)

    @cached_property
    def names_one(self) -> bool:
        """Whether the tool tells about one thing or person that the visitor names."""
        named = any(a.kind is Kind.TOPIC and a.name.endswith("name") for a in self.arguments)
        return self.reads and named and not self.lists_slots

    @cached_property
    def lists_slots(self) -> bool:
        """Whether the tool lists free times."""
        text = set(words(f"{self.name} {self.description}"))
        return self.reads and "time" in self.returns and bool(text & _FREE)

    @cached_property
    def subject(self) -> str:
        """The name without its verb, in words: "opening hours" for `get_opening_hours`."""
        return humanize(self.name.partition("_")[2])

    def argument(self, name: str) -> Argument | None:
        return next((a for a in self.arguments if a.name == name), None)


def read_tool(function: JSON) -> Tool:
    """Build a Tool from the "function" object of a request."""
    schema: JSON = function.get("parameters") or {}
    required = set(schema.get("required") or ())
    definitions = {**schema.get("definitions", {}), **schema.get("$defs", {})}
    properties: JSON = schema.get("properties") or {}
    siblings = {part for name in properties for part in name.lower().split("_")}
    arguments = tuple(
        _argument(name, _resolve(raw, definitions), name in required, definitions, siblings)
        for name, raw in properties.items()
    )
    return Tool(function["name"], str(function.get("description") or ""), arguments)


def _resolve(raw: JSON, definitions: JSON) -> dict[str, Any]:
    """Flatten `$ref`, `allOf` and a nullable `anyOf` into one plain schema."""
    flat = dict(raw)
    for _ in range(8):
        if "$ref" in flat:
            target = definitions.get(str(flat.pop("$ref")).rpartition("/")[2], {})
            flat = {**target, **flat}
        for union in ("anyOf", "oneOf", "allOf"):
            if union in flat:
                branches = [b for b in flat.pop(union) if b.get("type") != "null"]
                flat = {**(branches[0] if branches else {}), **flat}
        if not flat.keys() & {"$ref", "anyOf", "oneOf", "allOf"}:
            break
    kinds = flat.get("type")
    if isinstance(kinds, list):
        flat["type"] = next((k for k in kinds if k != "null"), "string")
    return flat


def _argument(name: str, schema: JSON, required: bool, definitions: JSON, siblings: set[str]) -> Argument:
    many = schema.get("type") == "array"
    inner = _resolve(schema.get("items") or {}, definitions) if many else schema
    description = str(schema.get("description") or inner.get("description") or "")
    if "const" in inner:
        inner = {**inner, "enum": [inner["const"]]}
    options = _options(inner, description)
    kind = _kind(name.removesuffix("s") if many else name, inner, description, siblings)
    type_, pattern = str(inner.get("type", "string")), str(inner.get("pattern") or "")
    return Argument(name, kind, type_, required, description, options, many, pattern)


_GLOSSED = re.compile(r"([A-Za-z][\w/& -]{1,40}?)\s*\(([^()]+)\)")
_EXAMPLES = re.compile(r"(?:e\.g\.|such as|for example|for instance|one of|either|like)[:,]?\s+([^.()]+)", re.I)


def _options(schema: JSON, description: str) -> tuple[tuple[str, str], ...]:
    """Closed or suggested values. A gloss in brackets, "red (warm, fire)", gives more words for a value."""
    _, colon, tail = description.partition(":")
    glosses = {_plain(value): gloss for value, gloss in _GLOSSED.findall(tail if colon else description)}
    if schema.get("enum"):
        return tuple((str(v), f"{humanize(str(v))} {glosses.get(_plain(str(v)), '')}") for v in schema["enum"] if v)
    if schema.get("type", "string") != "string":
        return ()
    if len(glosses) > 1:
        return tuple((value, f"{value} {gloss}") for value, gloss in glosses.items())
    examples = _EXAMPLES.search(description)
    listed = re.split(r",|\bor\b|\band\b", examples[1]) if examples else []
    plain = [_plain(item) for item in listed]
    return tuple((value, value) for value in plain if value and len(value.split()) <= 3)


def _plain(text: str) -> str:
    return re.sub(r"^(?:or|and)\s+", "", humanize(text).strip(" '\"`,;:"))


_OWN_NAME = re.compile(
    r"\b(?:caller|visitor|customer|contact|person|guest|client|requester|your|their|who is (?:asking"
    r"|calling))\b",
    re.I,
)
_WHOSE = re.compile(
    r"\bnames? of (?:the |a |an )?\w+|\b\w+['’]s (?:full |own )?names?|\byour name"
    r"|\bwho is \w+",
    re.I,
)
_REASON_WORDS = word_set(
    """
    reason notes note description topic issue problem message summary comment comments details intent
    known symptoms subject purpose complaint concern request question
    """
)
_CODE_WORDS = word_set(
    """
    code pin reference ref number id tag
    """
)


def _kind(name: str, schema: JSON, description: str, siblings: set[str]) -> Kind:
    parts = name.lower().split("_")
    wanted = set(parts)
    fmt, type_ = schema.get("format"), schema.get("type", "string")
    if schema.get("enum"):
        return Kind.OPTION
    if parts[-1] in ("id", "ids", "uuid"):
        return Kind.ID
    if type_ == "boolean":
        return Kind.FLAG
    if type_ in ("integer", "number"):
        return Kind.DURATION if wanted & {"duration", "minutes", "length"} else Kind.NUMBER
    if fmt == "date" or (type_ == "string" and wanted & {"date", "day", "dob", "birthday"}):
        born = wanted & {"birth", "dob", "birthday", "born"} or re.search(r"\bbirth", description, re.I)
        return Kind.PAST_DATE if born else Kind.DATE
    if fmt == "time" or parts[-1] == "time":
        return Kind.TIME
    if fmt == "phone" or wanted & {"phone", "mobile", "telephone", "cell"}:
        return Kind.PHONE
    if fmt == "email" or "email" in wanted:
        return Kind.EMAIL
    return _text_kind(parts, description, siblings)


def _text_kind(parts: list[str], description: str, siblings: set[str]) -> Kind:
    wanted = set(parts)
    if wanted & {"company", "organization", "organisation", "employer"}:
        return Kind.COMPANY
    if "name" in wanted or wanted & {"surname", "firstname", "lastname"}:
        if wanted & {"first", "given", "firstname"}:
            return Kind.FIRST_NAME
        if wanted & {"last", "family", "surname", "lastname"}:
            return Kind.LAST_NAME
        if wanted & {"full", "your", "caller", "customer", "visitor", "contact"}:
            return Kind.FULL_NAME
        whose = _WHOSE.search(description)
        own = bool(_OWN_NAME.search(whose[0])) if whose else False
        personal = parts == ["name"] and siblings & {"phone", "email", "birth", "mobile"}
        return Kind.FULL_NAME if own or personal else Kind.TOPIC
    if wanted & _REASON_WORDS:
        return Kind.REASON
    if wanted & _CODE_WORDS:
        return Kind.CODE
    return Kind.TOPIC
