"""A judge that counts words: what stands in where no model is configured, and is shown as such. Pure."""

import re
from collections import Counter

from apps.analysis.core.dialogue import Dialogue
from apps.analysis.core.verdict import Verdict
from apps.conversations.core.sentiment import WEIGHTS, Mood, mood_of

_INTENTS = {
    "Report an emergency": "emergency urgent flood flooding leak burst fire smoke gas locked danger outage sparks",
    "Speak to a person": "human person someone manager representative operator agent staff colleague",
    "Complain": "complain complaint refund unhappy angry terrible awful disappointed unacceptable worst",
    "Cancel or move a booking": "cancel cancellation reschedule move change postpone rebook",
    "Book an appointment": "book booking appointment schedule reserve slot slots available availability viewing visit",
    "Ask about prices": "price prices cost costs fee fees rate rates expensive cheap quote charge much",
    "Solve a technical problem": "password login error broken printer network email computer phone wifi vpn slow",
    "Pay or ask about a bill": "pay payment invoice bill balance rent insurance",
    "Ask about opening hours": "open opening hours close closed closing weekend holiday",
    "Find the business": "address location where parking directions near",
}
_WORDS = {intent: frozenset(words.split()) for intent, words in _INTENTS.items()}
_OTHER = "General question"
_NO_TOPIC = ("general question", "first contact")
_STOPS = (
    "about after again also anything been before being both could does doing done down each else ever from give going "
    "good have having hello help here hers himself into itself just know like look make many maybe more most much must "
    "need needs okay only other over please really said same shall should some such sure take tell than thank thanks "
    "that their them then there these they thing this those tomorrow today very want wants well were what when where "
    "which while will with without would yeah your yours"
)
_STOP = frozenset(_STOPS.split())
_URGENT = frozenset(("asap", "today", "tonight", "now", "immediately", "urgent", "quickly", "tomorrow"))
_UNINTERESTED = ("not interested", "no thanks", "wrong number", "stop calling", "unsubscribe", "do not call")
_FAILURES = 2
"""So many failed tools are a reason to look at a conversation."""
_WORD = re.compile(r"[a-z]+")


def judge(dialogue: Dialogue) -> Verdict:
    """The verdict on a conversation, from its words alone."""
    words = [word for text in dialogue.visitor for word in _WORD.findall(text.lower())]
    intents = _intents(dialogue, words)
    intent = intents[0] if intents else _OTHER
    sentiment = _sentiment(dialogue.visitor)
    reason = _reason(dialogue, intents, sentiment)
    return Verdict(
        sentiment=sentiment,
        lead_score=_lead_score(dialogue, words, intents, sentiment),
        intent=intent,
        topics=_topics(words, intents),
        satisfaction=_satisfaction(dialogue, sentiment, escalated=bool(reason)),
        escalation=bool(reason),
        escalation_reason=reason,
        summary=_summary(dialogue, intent, reason),
    )


def _intents(dialogue: Dialogue, words: list[str]) -> list[str]:
    """By how often their words were said, or are in the names of tools that worked; the best first."""
    counted = Counter(words)
    used = Counter(part for tool in dialogue.tools if tool.status == "done" for part in tool.name.split("_"))
    scores = {
        intent: sum(counted[word] + 2 * used[word] for word in vocabulary) for intent, vocabulary in _WORDS.items()
    }
    order = list(_WORDS)
    return sorted((intent for intent in order if scores[intent]), key=lambda one: (-scores[one], order.index(one)))


def _sentiment(texts: tuple[str, ...]) -> float:
    """The last words count twice: a conversation is what it comes to."""
    moods = [mood_of(text) for text in texts]
    moods += moods[-1:]
    total = Mood(sum(mood.points for mood in moods), sum(mood.words for mood in moods))
    return max(-1.0, min(1.0, total.value or 0.0))


def _reason(dialogue: Dialogue, intents: list[str], sentiment: float) -> str:
    """Why a person should look at it; empty when none need to."""
    failed = sum(tool.status == "failed" for tool in dialogue.tools)
    reasons = {
        "A person was asked for or took part.": dialogue.with_person,
        "It sounds like an emergency.": "Report an emergency" in intents[:2],
        "The visitor asked for a person.": "Speak to a person" in intents[:1],
        "The visitor complained.": "Complain" in intents[:1],
        "The visitor sounds upset.": sentiment <= -0.5,
        f"{failed} of its tools failed.": failed >= _FAILURES,
        "Nobody answered.": bool(dialogue.visitor) and not dialogue.answers and not dialogue.with_person,
    }
    return next((reason for reason, applies in reasons.items() if applies), "")


def _lead_score(dialogue: Dialogue, words: list[str], intents: list[str], sentiment: float) -> int:
    score = 15.0
    score += 30 * ("Book an appointment" in intents) + 15 * ("Ask about prices" in intents)
    score += 25 * bool(dialogue.booked) + 15 * dialogue.is_known
    score += 10 * bool(_URGENT.intersection(words)) + 15 * sentiment
    score -= 20 * ("Complain" in intents)
    said = " ".join(dialogue.visitor).lower()
    if not dialogue.visitor or any(refusal in said for refusal in _UNINTERESTED):
        score = 0
    return max(0, min(100, round(score)))


def _topics(words: list[str], intents: list[str]) -> list[str]:
    """Two to five: the intents, then the words that were said most; those that only repeat an intent if need be."""
    content = Counter(word for word in words if len(word) > 3 and word not in _STOP and word not in WEIGHTS)
    repeats = {word for intent in intents for word in (*_WORDS[intent], *intent.lower().split())}
    often = sorted(content, key=lambda word: (word in repeats, -content[word], word))
    new = [word for word in often if word not in repeats]
    topics = ([intent.lower() for intent in intents[:3]] + new)[:5]
    return topics if len(topics) > 1 else list(dict.fromkeys([*topics, *often, *_NO_TOPIC]))[:2]


def _satisfaction(dialogue: Dialogue, sentiment: float, *, escalated: bool) -> int:
    failed = sum(tool.status == "failed" for tool in dialogue.tools)
    stars = 3.4 + 1.6 * sentiment + 0.5 * bool(dialogue.booked) - 0.5 * min(failed, 2) - 0.8 * escalated
    return max(1, min(5, round(stars)))


def _summary(dialogue: Dialogue, intent: str, reason: str) -> str:
    came = "wrote" if dialogue.channel == "chat" else "called"
    who = "A known visitor" if dialogue.is_known else "A visitor"
    done = sorted({tool.name.replace("_", " ") for tool in dialogue.tools if tool.status == "done"})
    sentences = [f"{who} {came}: {intent[0].lower()}{intent[1:]}."]
    times = "once" if dialogue.answers == 1 else f"{dialogue.answers} times"
    with_tools = f", with {', '.join(done[:3])}" if done else ""
    sentences.append(
        f"{dialogue.agent or 'The agent'} answered {times}{with_tools}." if dialogue.answers else "Nobody answered."
    )
    if dialogue.booked:
        sentences.append("It ended with a booking.")
    elif reason and dialogue.answers:
        sentences.append(reason)
    return " ".join(sentences)
