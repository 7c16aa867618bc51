"""What other apps add to a conversation's page. They register it; this app knows none of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from apps.conversations.models import Conversation


@dataclass(frozen=True, slots=True)
class Panel:
    """A template, and what it shows."""

    template: str
    context: dict[str, Any]


Show = Callable[[HttpRequest, Conversation], Panel | None]
"""None = nothing for this person, or about this conversation."""

_shows: dict[str, Show] = {}


def register(name: str, show: Show) -> None:
    """From AppConfig.ready(); `name` is for telling them apart, such as "plans.receipt"."""
    if _shows.get(name, show) is not show:
        raise ImproperlyConfigured(f"Two panels are called {name!r}.")
    _shows[name] = show


def panels(request: HttpRequest, conversation: Conversation) -> list[Panel]:
    """Those of a conversation, by name."""
    found = [show(request, conversation) for _, show in sorted(_shows.items())]
    return [panel for panel in found if panel is not None]
