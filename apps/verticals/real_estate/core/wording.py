"""What only an estate agency says. Pure."""


def spoken_count(count: int, noun: str) -> str:
    """Such as "1 bedroom", "3 bedrooms"."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
