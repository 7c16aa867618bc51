"""How people type in a hurry, spelled out: "can u see me tmrw" becomes "can you see me tomorrow"."""

import re

from rapidfuzz import fuzz, process

from .dates import WEEKDAYS

_SHORT = {
    "tmrw": "tomorrow",
    "tmr": "tomorrow",
    "tmw": "tomorrow",
    "2moro": "tomorrow",
    "2morrow": "tomorrow",
    "2day": "today",
    "appt": "appointment",
    "appts": "appointments",
    "appmt": "appointment",
    "u": "you",
    "ur": "your",
    "r": "are",
    "y": "why",
    "pls": "please",
    "plz": "please",
    "thx": "thanks",
    "ty": "thank you",
    "wat": "what",
    "wut": "what",
    "wanna": "want to",
    "gonna": "going to",
    "im": "I'm",
    "ive": "I've",
    "dont": "don't",
    "doesnt": "doesn't",
    "didnt": "didn't",
    "isnt": "isn't",
    "cant": "can't",
    "wont": "won't",
    "whats": "what's",
    "wheres": "where's",
    "whens": "when's",
    "hows": "how's",
    "thats": "that's",
    "lets": "let's",
    "abt": "about",
    "bday": "birthday",
    "mins": "minutes",
}
_TOKEN = re.compile(r"(?<![\w@.'’-])(?:\d?[A-Za-z]+)(?![\w@'’-])(?!\.\w)")
_OFTEN_MISSPELLED = (*WEEKDAYS, "tomorrow", "morning", "afternoon", "evening", "appointment")


def spell_out(text: str) -> str:
    """`text` with shorthand written out and the days of the week spelled right; the rest is left alone."""
    return _TOKEN.sub(_long, text)


def _long(match: re.Match[str]) -> str:
    word = match[0]
    # "R" and "U" may be initials, "u" is you.
    if word in _SHORT or (len(word) > 2 and word.lower() in _SHORT):
        return _SHORT[word.lower()]
    if len(word) < 6 or word.lower() in _OFTEN_MISSPELLED:
        return word
    near = process.extractOne(word.lower(), _OFTEN_MISSPELLED, scorer=fuzz.ratio, score_cutoff=82)
    return word if near is None or word.lower() == f"{near[0]}s" else near[0]
