"""Moments on forms: Django writes what a method of an admin returns as it is, in UTC."""

import datetime as dt

from django.utils import formats, timezone


def moment(at: dt.datetime) -> str:
    """On the clock of the tenant in scope, as the lists write it."""
    return str(formats.localize(timezone.localtime(at)))
