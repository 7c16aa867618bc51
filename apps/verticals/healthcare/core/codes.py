"""Codes of medical services. Pure."""

import re
from typing import Literal


def code_system(code: str) -> Literal["CPT", "CDT", ""]:
    """Which book a code is from; empty when it is of neither.

    CDT (ADA) is D and four digits; CPT (AMA) is five digits, or four and a letter for categories II and III.
    """
    if re.fullmatch(r"D\d{4}", code):
        return "CDT"
    return "CPT" if re.fullmatch(r"\d{4}[\dA-Z]", code) else ""
