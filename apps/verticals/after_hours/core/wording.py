"""What only an after-hours line says. Pure."""

from typing import Final

LABELS: Final = {
    "plumbing": "plumbing",
    "hvac": "heating and cooling",
    "electrical": "electrical",
    "lockout": "lockout",
    "noise": "noise",
    "other": "general",
}
STATES: Final = {
    "pending": "is noted, and our office takes it up when it opens",
    "escalated": "is with our people on call: we are ringing them right now",
    "acknowledged": "is taken: {who} looks after it and will call you",
    "downgraded": "was looked at by {who}, who will see to it when our office opens",
    "missed": "is with our management, because nobody on call has answered yet",
    "closed": "is closed",
}


def an(noun: str) -> str:
    """With its article, such as "an electrical emergency", "a noise report"."""
    return f"{'an' if noun[:1].lower() in 'aeiou' else 'a'} {noun}"


def spelled(number: str) -> str:
    """A phone number digit by digit, for the ear: "3 1 2, 5 5 5, 0 1 0 0"."""
    digits = [digit for digit in number if digit.isdigit()]
    last, rest = digits[-4:], digits[:-4][-6:]
    groups = [rest[:-3], rest[-3:], last]
    return ", ".join(" ".join(group) for group in groups if group)


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words."""
    return text if len(text) <= limit else f"{text[: limit - 1].rsplit(' ', 1)[0]}…"
