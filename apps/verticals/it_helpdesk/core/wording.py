"""What only a helpdesk says. Pure."""

import datetime as dt

from apps.business.core.wording import spoken_date, spoken_time


def spoken_moment(moment: dt.datetime, *, today: dt.date) -> str:
    """Such as "today at 3 PM" or "Tuesday, November 24 at 9:30 AM"; `moment` is read on its own wall clock."""
    day = "today" if moment.date() == today else spoken_date(moment.date(), today=today)
    return f"{day} at {spoken_time(moment.time())}"


def counted(count: int, noun: str) -> str:
    """Such as "one ticket", "3 tickets"."""
    return f"one {noun}" if count == 1 else f"{count} {noun}s"
