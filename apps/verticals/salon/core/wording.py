"""What only a salon says. Pure."""


def spoken_hours(hours: int) -> str:
    """Such as "1 hour", "24 hours", "3 days" from two days on."""
    count, unit = (hours // 24, "day") if hours >= 48 and hours % 24 == 0 else (hours, "hour")
    return f"{count} {unit}{'' if count == 1 else 's'}"
