"""Rows that many may command: each has a version, and who knew an older one is refused."""

from apps.common.errors import AppError


class Outdated(AppError):
    """Somebody else has changed it since. `details` has its `version` now."""

    code = "conflict"
    status = 409
