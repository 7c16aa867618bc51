"""Sentences of the assistant that do not come from a tool."""

import re
from collections.abc import Mapping
from datetime import date, time

from .offers import Item, shared
from .schema import Tool
from .times import clock, find_times
from .words import humanize, join

HELLO = "Hello! How can I help you today?"
WELCOME = "You're welcome!"
GOODBYE = "Thank you for getting in touch. Have a nice day!"
DROPPED = "No problem, I'll leave that."
SORRY = "I'm sorry about that, and I'd like to put it right."
UNCLEAR = "I'm not sure I understood that."
STILL_UNCLEAR = "I'm sorry, I still don't understand. Could you say it in other words?"
AGAIN = "Sorry, I didn't quite catch that."
PRIVATE = "I'm sorry, I can only share details with the person they belong to."
AUTOMATED = "I'm an automated assistant."
FAILED = "I'm sorry, I can't get this done right now. Please contact our team directly."
NO_HUMAN = "I can't put you through from here, but our team will gladly help."
NO_HUMAN_HERE = "Please contact them directly."
UNKNOWN = "I'm afraid I can't answer that here."
CHANGE = "All right. What should I change?"
NOTHING_FITS = "I have nothing free at exactly that time."
_MISSING = re.compile(r"\b(?:no|nobody|nothing|none|not|sorry|unfortunately|instead|full)\b", re.I)
_ABBREVIATED = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|St|No)\.")
_DOT = "\N{ONE DOT LEADER}"


def capabilities(tools: list[Tool]) -> str:
    """ "I can …" from what the tools are named, without the steps that only serve other tools."""
    does = [_article(humanize(t.name)) for t in tools if not (t.reads or t.is_handoff or t.identifies)][:3]
    knows = [t.subject for t in tools if t.reads and t.subject and not any(a.name.endswith("_id") for a in t.required)]
    knows = [s for s in knows if " by " not in s and s.split()[-1].endswith("s")][:3]
    hands = [humanize(t.name.removeprefix("transfer_to_")) for t in tools if t.is_handoff][:4]
    parts = []
    if does:
        parts.append(join(does, "or"))
    if knows:
        parts.append(f"answer questions about {join(knows, 'and')}")
    if hands and not parts:
        parts.append(f"put you in touch with {join(hands, 'or')}")
    return f"I can {' and '.join(parts)}." if parts else "How can I help you?"


def reach_us(contact: Mapping[str, str]) -> str:
    """Where to find people, as far as it is known."""
    return f"You can reach our team at {contact['phone']}." if contact.get("phone") else ""


def offer(offered: list[Item], told: str, *, fits: bool) -> str:
    """Free times to choose from. `told` is what the tool that found them said.

    Its own sentence is used when it names the very times that are offered; what it says is missing always is.
    """
    parts = re.split(r"(?<=[.!])\s+(?=[A-Z])", _ABBREVIATED.sub(lambda m: m[0].replace(".", _DOT), told))
    parts = [p.replace(_DOT, ".") for p in parts]
    notes = [p for p in parts if _MISSING.search(p)]
    named = [p for p in parts if p not in notes and find_times(p)]
    hours = {f.at.strftime("%H:%M") for p in named for f in find_times(p)}
    missed = notes or ([] if fits else [NOTHING_FITS])
    if named and hours == {i["time"] for i in offered}:
        return " ".join([*missed, *named])
    return " ".join([*missed, offer_slots(offered)])


def _article(phrase: str) -> str:
    verb, _, noun = phrase.partition(" ")
    if not noun or noun.endswith("s"):
        return phrase
    return f"{verb} {'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def day(iso: str) -> str:
    """ "Monday, November 23"."""
    moment = date.fromisoformat(iso)
    return f"{moment:%A, %B} {moment.day}"


def hour(text: str) -> str:
    return clock(time.fromisoformat(text))


def offer_slots(offered: list[Item]) -> str:
    """Free times in one sentence, grouped by day."""
    with_whom = _label(shared(offered))
    days: dict[str, list[str]] = {}
    for item in offered:
        own = "" if with_whom else _label(item)
        days.setdefault(str(item.get("date", "")), []).append(hour(item["time"]) + (f" {own}" if own else ""))
    parts = []
    for when, hours in days.items():
        hours = list(dict.fromkeys(hours))
        parts.append(f"{day(when)} at {join(hours, 'or')}" if when else join(hours, "or"))
    return f"I have {', or '.join(parts)}{f' {with_whom}' if with_whom else ''}."


def offer_items(offered: list[Item]) -> str:
    """Things to choose from, named by their own words and times."""
    return f"There is {join([describe(i) for i in offered], 'and')}."


def describe(item: Item) -> str:
    """One item by its day, time and names; never its ids."""
    when = day(item["date"]) if item.get("date") else ""
    when += (" at " if when else "") + hour(item["time"]) if item.get("time") else ""
    label = _label(item) if when else _title(item)
    return " ".join(p for p in (when, label) if p) or "one entry"


def _title(item: Item) -> str:
    names = [
        v for k, v in item.items() if isinstance(v, str) and (k.endswith("name") or k in ("title", "label", "value"))
    ]
    # A reference says more than any other field; and the order of the fields is the database's.
    others = sorted(item.items(), key=lambda field: field[0] != "reference")
    return names[0] if names else next((v for k, v in others if isinstance(v, str) and not k.endswith("id")), "")


def _label(item: Item) -> str:
    """ "with Alex Kim" for a person's name, "(Oil change)" for another title."""
    for key, value in item.items():
        if isinstance(value, str) and value and key.endswith("_name") and key not in ("first_name", "last_name"):
            person = len(value.split()) > 1 and all(w[0].isupper() for w in value.split())
            return f"with {value}" if person else f"({value})"
    return ""
