"""A person's own name in what they say."""

import re
from collections.abc import Container
from dataclasses import dataclass

from .lexicon import CONCEPTS, RELATIVES, STOPWORDS, word_set
from .words import words

_NAME_PART = r"[^\W\d_](?:[^\W\d_]|['’.-](?=[^\W\d_]))*"
_EXPLICIT = re.compile(
    rf"\b(?:(?P<last>(?:last|family|sur)\s?-?name)|(?P<first>(?:first|given)\s?-?name|fore-?name))"
    rf"(?:\s+is|\s*:|['’]s)?\s+(?P<name>{_NAME_PART})",
    re.I,
)
_STRONG = re.compile(
    r"\b(?:my (?:full )?names?(?: is|['’]s|:)?|name(?: is|:)|under the name(?: of)?"
    r"|call me(?!\s+(?:back|again|later|now|soon|at|on|in|if|when|today|tonight|tomorrow)\b))\s+",
    re.I,
)
_WEAK = re.compile(r"\b(?:i['’]?m|i am|this is|it['’]?s|it is|here is|speaking)\s+", re.I)
_FOR = re.compile(rf"\bfor (?:my )?(?:{'|'.join(sorted(RELATIVES))})(?: named| called|,)?\s+", re.I)
_AFTER = re.compile(rf"(?P<name>{_NAME_PART}(?:\s+{_NAME_PART}){{0,2}})\s+is my name\b", re.I)
_TITLE = re.compile(r"^(?:mr|mrs|ms|miss|mx|sir|madam)\.?\s+", re.I)
_SPELLED = re.compile(r"\b(?:[A-Za-z][-. ]){2,}[A-Za-z]\b")
_NAME_RUN = re.compile(rf"{_NAME_PART}(?:\s+{_NAME_PART})*")
_PARTICLES = word_set(
    """
    de del della der den di da dos das du la le van von bin al el ter ten st san
    """
)
_NOT_NAMES = (
    STOPWORDS
    | {entry for entries in CONCEPTS.values() for entry in entries if " " not in entry}
    | word_set(
        """
    born birthday birth date phone number email mail calling speaking looking trying new interested having
    mr mrs ms miss right correct wrong already fine good great really sorry long both either neither none
    nothing actually make take let wait hold afraid happy angry urgent asap there
    """
    )
)


_TITLED = re.compile(r"\b(?:dr|mr|mrs|ms|miss|prof|professor)\b\.?\s+(?P<who>[^\W\d_][\w'’-]+)", re.I)
_CAPITALS = re.compile(r"(?<=[\w, ] )(?:[A-Z][\w'’-]*\.?\s?){2,4}")
_ONE_CAPITAL = re.compile(r"\b(?i:with|by|about|see|is|does|of|called|named|for)\s+(?:the\s+)?(?P<who>[A-Z][\w'’-]+)")


@dataclass(frozen=True, slots=True)
class FoundName:
    """The parts of a name that were said; either may be missing."""

    first: str | None
    last: str | None


def find_name(text: str, *, asked: bool = False, last_asked: bool = False) -> FoundName | None:
    """The speaker's own name: after "I'm", "my name is" …, or bare when it was `asked` for.

    `last_asked` says that only the family name is missing, so that a single word is read as that.
    """
    explicit = {("last" if m["last"] else "first"): m["name"] for m in _EXPLICIT.finditer(text)}
    if explicit:
        return FoundName(_proper(explicit.get("first")), _proper(explicit.get("last")))
    spelled = _SPELLED.search(text)
    rest = text.replace(spelled[0], " ") if spelled else text
    run = _run_after(_STRONG, rest, any_case=True) or _run_after(_WEAK, rest, any_case=asked)
    if not run and (after := _AFTER.search(rest)):
        run = _run(after["name"], any_case=True)
    run = run or _run_after(_FOR, rest, any_case=False)
    if not run and asked:
        run = _run(_skip_filler(rest), any_case=True)
    if spelled:
        run = [*(run or [])[:1], re.sub(r"[^A-Za-z]", "", spelled[0]).capitalize()]
    if not run:
        return None
    if len(run) == 1:
        return FoundName(None, _proper(run[0])) if last_asked or spelled else FoundName(_proper(run[0]), None)
    split = next((i for i, part in enumerate(run) if i and part.lower() in _PARTICLES), len(run) - 1)
    return FoundName(_proper(" ".join(run[:split])), _proper(" ".join(run[split:])))


def named(text: str, own: Container[str] = ()) -> str | None:
    """The person or thing that is spoken of by name: "Dr. Kim", "with Anna", "the Garden Suite".

    `own` are the words of the speaker's own name, in lower case.
    """
    for titled in _TITLED.finditer(text):
        if titled["who"].lower() not in _NOT_NAMES and titled["who"].lower() not in own:
            return titled[0]
    runs = [m[0] for m in _CAPITALS.finditer(text)] + [m["who"] for m in _ONE_CAPITAL.finditer(text)]
    for run in runs:
        kept = [w for w in run.split() if not set(words(w)) <= _NOT_NAMES and w.lower() not in own]
        if any(len(w) > 2 for w in kept):
            return " ".join(kept)
    return None


def _run_after(cue: re.Pattern[str], text: str, *, any_case: bool) -> list[str] | None:
    for match in cue.finditer(text):
        run = _run(text[match.end() :], any_case=any_case)
        if run:
            return run
    return None


def _run(text: str, *, any_case: bool) -> list[str] | None:
    """The name-like words at the beginning of `text`, at most four."""
    match = _NAME_RUN.match(_TITLE.sub("", text.lstrip()))
    if not match:
        return None
    run: list[str] = []
    for token in match[0].split()[:5]:
        low = token.lower().rstrip(".")
        if low in _PARTICLES and run:
            run.append(token)
        elif low in _NOT_NAMES or not (any_case or token[0].isupper()):
            break
        else:
            run.append(token)
    while run and run[-1].lower() in _PARTICLES:
        run.pop()
    return run[:4] or None


def _skip_filler(text: str) -> str:
    tokens = list(re.finditer(r"[^\W_]+(?:['’][^\W_]+)?", text))
    for token in tokens:
        if not set(words(token[0])) <= _NOT_NAMES:
            return text[token.start() :]
        if token.end() < len(text) and text[token.end()] in "?":
            break
    return ""


def _proper(name: str | None) -> str | None:
    if not name or name != name.lower():
        return name
    return " ".join(
        p if p in _PARTICLES else "-".join(s[:1].upper() + s[1:] for s in p.split("-")) for p in name.split()
    )
