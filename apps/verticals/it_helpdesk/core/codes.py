"""The four digits by which a caller proves where they belong, said aloud and written down. Pure."""

import re

_SPOKEN = {
    word: str(digit)
    for digit, words in enumerate(
        (
            ("zero", "oh", "o"),
            ("one",),
            ("two",),
            ("three",),
            ("four",),
            ("five",),
            ("six",),
            ("seven",),
            ("eight",),
            ("nine",),
        )
    )
    for word in words
}
_REPEATED = {"double": 2, "triple": 3}
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LENGTH = 4


def read_code(text: str) -> str | None:
    """The code as four digits, however it was said: "4719", "4 7 1 9", "four seven one nine", "double four 19".

    None when it is not exactly four digits.
    """
    digits, times = "", 1
    for part in re.findall(r"[0-9]|[a-z]+", text.lower()):
        if part in _REPEATED:
            times = _REPEATED[part]
            continue
        digit = part if part.isdigit() else _SPOKEN.get(part, "")
        if not digit and part not in ("and", "dash"):
            return None
        digits += digit * times
        times = 1
    return digits if len(digits) == LENGTH else None


def spelled(code: str) -> str:
    """For the ear, digit by digit: "four, seven, one, nine"."""
    return ", ".join(_DIGITS[int(digit)] for digit in code)
