"""Finding a person in texts: their name in any order, their phone number however it is written, their e-mail."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from apps.business.core.names import fold

ERASED: Final = "[erased]"
_BETWEEN: Final = r"[\s().,/\-\u2010-\u2015\u00a0]{0,3}"
_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True)
class Traces:
    """What a person is known by. Empty = not looked for, because somebody else has the same.

    A name counts as found when both its parts stand together, in either order; or apart in one text, but written as the
    person writes them: tools put them into two fields. A single part says nothing of who is meant.
    """

    given_name: str = ""
    family_name: str = ""
    country_code: str = ""
    """Of the phone number, in digits."""
    national: str = ""
    """The rest of it, in digits."""
    email: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(part for part in (self.given_name.strip(), self.family_name.strip()) if part)

    @cached_property
    def _together(self) -> list[re.Pattern[str]]:
        if len(self.parts) < 2:
            return []
        first, last = (_loose(part) for part in self.parts)
        orders = (rf"{first}\W{{1,3}}{last}", rf"{last}\W{{1,3}}{first}")
        return [re.compile(rf"(?<!\w){order}(?!\w)", re.IGNORECASE) for order in orders]

    @cached_property
    def _apart(self) -> list[re.Pattern[str]]:
        return [re.compile(rf"(?<!\w){_loose(part)}(?!\w)") for part in self.parts] if len(self.parts) == 2 else []

    @cached_property
    def _others(self) -> list[re.Pattern[str]]:
        patterns = []
        if self.email:
            patterns.append(re.compile(rf"(?<![\w.+-]){re.escape(self.email)}(?![\w-])", re.IGNORECASE))
        if self.national:
            digits = _BETWEEN.join(self.national)
            country = (
                rf"(?:(?:\+|00|011)?{_BETWEEN}{_BETWEEN.join(self.country_code)}{_BETWEEN}(?:\(0\){_BETWEEN})?|0)?"
            )
            patterns.append(re.compile(rf"(?<!\d)\+?{country}\(?{digits}(?!\d)"))
        return patterns

    def found(self, text: str) -> bool:
        """Whether a text is about them; JSON with escaped letters is read, too."""
        return any(self._in(form) for form in _forms(text))

    def erased(self, text: str, *, apart: bool | None = None) -> str:
        """The text without them. `apart`: both parts of the name stand in what this text is a piece of."""
        if apart is None:
            apart = self.named_apart(text)
        for pattern in (*self._others, *self._together, *(self._apart if apart else ())):
            text = pattern.sub(ERASED, text)
        return text

    def named_apart(self, text: str) -> bool:
        """Whether both parts of the name stand somewhere in the text, as the person writes them."""
        return bool(self._apart) and all(pattern.search(text) for pattern in self._apart)

    def _in(self, text: str) -> bool:
        return self.named_apart(text) or any(pattern.search(text) for pattern in (*self._others, *self._together))


def _forms(text: str) -> tuple[str, ...]:
    if "\\u" not in text:
        return (text,)
    return text, _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)


def _loose(part: str) -> str:
    """The part of a name as it may be written: with or without its accents, with any space between its words."""
    letters = []
    for letter in part:
        plain = fold(letter)
        if letter.isspace():
            letters.append(r"\s+")
        elif plain and plain != letter.lower():
            letters.append(f"(?:{re.escape(letter)}|{re.escape(plain)})")
        else:
            letters.append(re.escape(letter))
    return "".join(letters)
