"""What is made of a conversation, and its bounds: whoever judges, nothing beyond them is believed. Pure."""

from typing import Annotated, Any

import msgspec

Share = Annotated[float, msgspec.Meta(ge=-1, le=1)]
Score = Annotated[int, msgspec.Meta(ge=0, le=100)]
Stars = Annotated[int, msgspec.Meta(ge=1, le=5)]
Topic = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
NEUTRAL = 0.25
"""Up to this distance from zero a sentiment is neutral."""


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of docs/owners.md, “Analysis”."""

    sentiment: Share
    lead_score: Score
    intent: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    topics: Annotated[list[Topic], msgspec.Meta(min_length=2, max_length=5)]
    satisfaction: Stars
    escalation: bool
    escalation_reason: Annotated[str, msgspec.Meta(max_length=200)]
    summary: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]

    @property
    def label(self) -> str:
        """Follows from the number, so that the two never disagree."""
        if self.sentiment > NEUTRAL:
            return "positive"
        return "negative" if self.sentiment < -NEUTRAL else "neutral"


_DESCRIBED = {
    "sentiment": "How the visitor felt by the end, from -1 (angry) to 1 (delighted).",
    "lead_score": "How likely they buy or book, from 0 to 100: intent, fit, urgency, budget; 0 for no prospect.",
    "intent": "What they came for, in at most six words.",
    "topics": "2 to 5 short topics.",
    "satisfaction": "How content they probably are with the answers, from 1 to 5.",
    "escalation": "Whether a person of the business should look at this conversation.",
    "escalation_reason": "Why, in one short sentence; empty when they need not.",
    "summary": "2 to 3 sentences: what they wanted, what came of it, what is open.",
}


def schema() -> dict[str, Any]:
    """Of a strict structured output: providers take no bounds in one, so that `read` checks them."""
    types: dict[str, Any] = {
        "sentiment": {"type": "number"},
        "lead_score": {"type": "integer"},
        "intent": {"type": "string"},
        "topics": {"type": "array", "items": {"type": "string"}},
        "satisfaction": {"type": "integer"},
        "escalation": {"type": "boolean"},
        "escalation_reason": {"type": "string"},
        "summary": {"type": "string"},
    }
    return {
        "type": "object",
        "properties": {name: {**kind, "description": _DESCRIBED[name]} for name, kind in types.items()},
        "required": list(types),
        "additionalProperties": False,
    }


def read(text: str) -> Verdict | str:
    """The verdict that a model wrote; or what is wrong with it, for the model to mend."""
    try:
        return msgspec.json.decode(text, type=Verdict)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        return str(error)
