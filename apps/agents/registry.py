"""The verticals, found by listing the folder: adding one changes no file outside its own."""

from functools import cache
from importlib import import_module

from django.conf import settings

from apps.agents.blueprints import Vertical


@cache
def verticals() -> dict[str, Vertical]:
    """Every vertical by slug, in the order of their folders."""
    found = {}
    for app in settings.VERTICAL_APPS:
        vertical: Vertical = import_module(f"{app}.agents").VERTICAL
        found[vertical.slug] = vertical
    return found
