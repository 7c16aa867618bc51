"""The company that a visitor says they belong to."""

import re

_WORD = r"[A-Z][\w'’.-]*"
_RUN = rf"{_WORD}(?:\s+(?:(?:&|and|of|the)\s+)*{_WORD})*"
_WORKS = re.compile(
    rf"\b(?i:work(?:ing)? (?:for|at)|calling from|employed (?:by|at)|company (?:is|name is)|on behalf of)\s+"
    rf"(?:the\s+)?(?P<what>{_RUN})"
)
_FROM = re.compile(rf"\b(?i:from|at|with|for|of)\s+(?:the\s+)?(?P<what>{_RUN})")
_LISTED = re.compile(rf"^\W*,\s*(?P<what>{_RUN})")
_LEAD = re.compile(r"^\W*(?:(?:it['’]?s|it is|that['’]?s|i['’]?m|i am|from|at|with|for|the|my company is)\b\s*)+", re.I)


def find_company(text: str, name: str, *, asked: bool) -> str | None:
    """The company in `text`: after "I work for …"; after "from …" where the speaker's own `name` is said, too; or as
    the answer when it was `asked` for.
    """
    if explicit := _WORKS.search(text):
        return explicit["what"]
    place = text.find(name) if name else -1
    if place >= 0:
        rest = text[place + len(name) :]
        if found := _LISTED.match(rest) or _FROM.search(rest):
            return found["what"]
    if not asked:
        return None
    if found := _FROM.search(text):
        return found["what"]
    said = re.split(r"[,.;\d]", _LEAD.sub("", text.strip()), maxsplit=1)[0].strip()
    return None if name or text.rstrip().endswith("?") or not 0 < len(said.split()) <= 6 else said
