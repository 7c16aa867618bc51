"""How somebody feels about a call, guessed from their words alone: a plain count, and shown as one. Pure."""

import re

import msgspec

_WEIGHTS = {
    2: "awesome excellent fantastic love perfect wonderful amazing thrilled brilliant",
    1: "appreciate glad good great happy helpful interested interesting nice okay pleased sure thank thanks useful "
    "works cool yes absolutely definitely exactly please better easy fine curious agree",
    -1: "busy bad confused confusing difficult expensive hard late problem slow sorry unfortunately unsure worried "
    "wrong issue issues bother doubt tired unclear stuck broken annoying annoyed waste hang",
    -2: "angry awful frustrated frustrating furious hate horrible ridiculous scam terrible unacceptable upset useless "
    "worst harassment sue lawyer spam stop disgusting liar lying",
}
WEIGHTS = {word: weight for weight, words in _WEIGHTS.items() for word in words.split()}
"""Of words that tell something; from -2 to 2."""
NEGATIONS = frozenset(("not", "no", "never", "hardly", "without", "don't", "doesn't", "didn't", "isn't", "wasn't"))
NEGATIONS |= frozenset(("can't", "won't", "aren't", "couldn't", "wouldn't", "nothing"))
REACH = 3
"""Words after a negation that mean the opposite."""
_STRONGEST = 2
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")


class Mood(msgspec.Struct, frozen=True):
    """Of what somebody said; points and words add up."""

    points: int = 0
    words: int = 0
    """That told something."""

    @property
    def value(self) -> float | None:
        """From -1 to 1, in tenths; None without words that tell."""
        return round(self.points / (_STRONGEST * self.words), 1) + 0.0 if self.words else None


def mood_of(text: str) -> Mood:
    """Of one turn."""
    points = words = 0
    negated_until = -1
    for position, word in enumerate(_WORD.findall(text.lower().replace("’", "'"))):
        if word in NEGATIONS:
            negated_until = position + REACH
        elif weight := WEIGHTS.get(word, 0):
            points += -weight if position <= negated_until else weight
            words += 1
    return Mood(points, words)
