"""Telling others, whom a layer does not know, of what happened: they may fail, and what happened stays on record."""

import logging
from collections.abc import Callable
from typing import TypeVar

from django.db import transaction

logger = logging.getLogger(__name__)

T = TypeVar("T")


def told(listen: Callable[[], T]) -> T | None:
    """Tells somebody. Who fails loses what they have written, and never what happened."""
    try:
        with transaction.atomic():
            return listen()
    except Exception:
        logger.exception("Somebody who was told of something failed")
        return None
