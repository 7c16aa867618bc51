"""Lists in tool results: flattening them, and finding the item that a visitor means."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from .acts import Act, acts
from .lexicon import ORDINALS
from .words import content, stem, words

Item = dict[str, Any]
_CLOCK = re.compile(r"\d{2}:\d{2}(?::\d{2})?$")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}$")
_DATETIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})")


def items(data: Any) -> list[Item]:
    """`data` as flat items. Values beside a list hold for each of its items; no list gives one item."""
    if isinstance(data, list):
        return [item for element in data for item in items(_wrap(element))]
    if not isinstance(data, dict):
        return []
    base: Item = {}
    lists: list[tuple[str, list[Any]]] = []
    for key, value in data.items():
        if isinstance(value, dict):
            base |= {k: v for k, v in (items(value) or [{}])[0].items() if k not in data}
        elif isinstance(value, list):
            lists.append((key, value))
        else:
            base |= _scalar(key, value)
    # Lists of plain words beside objects describe the object; only objects and times are things to choose.
    choices = [(k, v) for k, v in lists if v and (isinstance(v[0], dict) or _wrap(v[0]) != {"value": v[0]})]
    if not choices:
        plain = {k: ", ".join(map(str, v)) for k, v in lists if v}
        return [base | plain] if base or plain else []
    found = [base | item for _, value in choices for item in items(value)]
    return [dict(pairs) for pairs in dict.fromkeys(tuple(sorted(i.items(), key=lambda p: p[0])) for i in found)]


def _wrap(element: Any) -> Any:
    if not isinstance(element, str):
        return element if isinstance(element, dict) else {"value": element}
    if _CLOCK.match(element):
        return {"time": element}
    if _DATE.match(element):
        return {"date": element}
    return {"starts_at": element} if _DATETIME.match(element) else {"value": element}


def _scalar(key: str, value: Any) -> Item:
    split = _DATETIME.match(value) if isinstance(value, str) else None
    if split and key in ("start", "starts_at", "start_time", "slot", "when", "datetime"):
        return {key: value, "date": split[1], "time": split[2]}
    if isinstance(value, str) and _CLOCK.match(value):
        return {key: value[:5]}
    return {key: value}


def shared(offered: list[Item]) -> Item:
    """The values that all items agree on."""
    first, *rest = offered or [{}]
    return {k: v for k, v in first.items() if all(k in other and other[k] == v for other in rest)}


def same_hour(offered: str, said: str) -> bool:
    """Whether "21:30" or "09:30" was meant by 9:30 said without morning or afternoon."""
    a, b = int(offered[:2]), int(said[:2])
    return offered[3:5] == said[3:5] and a % 12 == b % 12


@dataclass(frozen=True)
class Wish:
    """What the visitor said that can tell items apart. `said` are the words since the goal began."""

    text: str
    dates: tuple[tuple[str, str], ...] = ()
    times: tuple[tuple[str, bool], ...] = ()
    names: frozenset[str] = frozenset()
    may_pick: bool = False


def choose(offered: list[Item], wish: Wish) -> list[Item]:
    """The items that fit the wish: one when it is settled, all when it says nothing about them."""
    left = offered
    for narrow in (_by_date, _by_time, _by_words):
        kept = narrow(left, wish)
        left = kept or left
    if len(left) > 1 and wish.may_pick:
        position = _position(wish.text, len(left))
        if position is not None:
            return [left[position]]
    return left


def names_item(item: Item, wish: Wish) -> bool:
    """Whether the visitor's words tell the item by its day, its time or a name in it."""
    own = {stem(w) for k, v in item.items() if k.endswith(("name", "title", "label")) for w in words(str(v))}
    said = {w for w in content(wish.text) if w not in wish.names and len(w) > 2}
    return bool(_by_date([item], wish) or _by_time([item], wish) or own & said)


def _by_date(offered: list[Item], wish: Wish) -> list[Item]:
    return [i for i in offered if any(start <= str(i.get("date", "")) <= end for start, end in wish.dates)]


def _by_time(offered: list[Item], wish: Wish) -> list[Item]:
    with_time = [i for i in offered if _CLOCK.match(str(i.get("time", "")))]
    exact = [i for i in with_time if any(i["time"][:5] == said for said, _ in wish.times)]
    return exact or [i for i in with_time if any(not sure and same_hour(i["time"], said) for said, sure in wish.times)]


def _by_words(offered: list[Item], wish: Wish) -> list[Item]:
    """Items whose own words (names, titles) the visitor used, best matches first; typos are forgiven."""
    said = [w for w in content(wish.text) if w not in wish.names]
    if not said or len(offered) < 2:
        return []
    common = {stem(w) for w in _own_words(shared(offered))}
    scores = []
    for item in offered:
        own = {stem(w) for w in _own_words(item)} - common
        hits = sum(1.0 for w in said if w in own)
        near = sum(0.8 for w in said if w not in own and len(w) > 4 and any(fuzz.ratio(w, o) >= 84 for o in own))
        scores.append(hits + near)
    best = max(scores)
    return [item for item, score in zip(offered, scores, strict=True) if best and score == best]


def _own_words(item: Item) -> Iterable[str]:
    for key, value in item.items():
        if isinstance(value, str) and not key.endswith("_id") and key != "id" and not _DATE.match(value):
            yield from words(value)


def spread(offered: list[Item], most: int) -> list[Item]:
    """The first `most` times, each day and hour once."""
    seen: dict[tuple[Any, Any], Item] = {}
    for item in offered:
        seen.setdefault((item.get("date"), item.get("time")), item)
    return list(seen.values())[:most]


_LATER = re.compile(r"\b(?:later|latest|last) (?:one|time|slot|option)?|\bthe (?:latter|last)\b", re.I)
_ORDINAL = re.compile(
    r"\b(?:number |option )?(?P<word>" + "|".join(list(ORDINALS)[:6]) + r"|[1-6](?:st|nd|rd|th))\b", re.I
)
_NUMBERED = re.compile(r"\b(?:number|option)\s+(?P<n>[1-6]|one|two|three|four)\b", re.I)
_FIRST = re.compile(r"\b(?:first|former|earlier one|earliest|soonest|next available)\b", re.I)


_ONE = re.compile(rf"^\W*(?:the\s+)?(?:{'|'.join(list(ORDINALS)[:6])}|last|latter)\s+(?:one|time|slot|option)\b", re.I)


def points_at_one(text: str) -> bool:
    """Whether it begins with a place in a list: "the second one"."""
    return bool(_ONE.match(text))


def _position(text: str, count: int) -> int | None:
    """The place in the list that "the second one", "the last" or "any is fine" points at."""
    numbered = _NUMBERED.search(text)
    if numbered:
        word = numbered["n"].lower()
        place = int(word) if word.isdigit() else ("one", "two", "three", "four").index(word) + 1
        return place - 1 if place <= count else None
    if _LATER.search(text):
        return count - 1
    ordinal = _ORDINAL.search(text)
    if ordinal:
        word = ordinal["word"].lower()
        place = ORDINALS.get(word) or int(word[0])
        return place - 1 if place <= count else None
    if _FIRST.search(text) or acts(text) & Act.ANYONE:
        return 0
    return None
