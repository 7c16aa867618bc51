"""What is written for a spreadsheet, which would run as a formula what somebody else has typed."""

from typing import Any

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are full-width, which some spreadsheets take for the same."""


def cell(value: Any) -> Any:
    """A text that a spreadsheet takes for a text: what could be a formula begins with an apostrophe.

    See https://owasp.org/www-community/attacks/CSV_Injection. Numbers stay numbers.
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULAS) else value
