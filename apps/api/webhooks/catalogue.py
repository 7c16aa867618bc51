"""The events that webhooks are told of, and the object that each is about."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from apps.tenants.rest.resources import Resource

PING = "webhook.test"
"""Sent by hand, to any endpoint, whatever it has chosen."""


@dataclass(frozen=True, slots=True)
class Kind:
    """An event, and the resource whose object it is about."""

    name: str
    resource: type[Resource]

    @property
    def vertical(self) -> str:
        return self.resource.vertical


_kinds: dict[str, Kind] = {}


def register(name: str, resource: type[Resource]) -> None:
    """From now on endpoints can choose the event.

    Raises:
        ImproperlyConfigured: it is about another resource already.
    """
    if _kinds.setdefault(name, Kind(name, resource)).resource is not resource:
        raise ImproperlyConfigured(f"Two resources have an event {name!r}.")


def kinds(*, vertical: str) -> list[Kind]:
    """Those of a business of that industry, by name."""
    return sorted(
        (kind for kind in _kinds.values() if kind.vertical in ("", vertical)),
        key=lambda kind: (bool(kind.vertical), kind.name),
    )


def every_kind() -> list[Kind]:
    return sorted(_kinds.values(), key=lambda kind: kind.name)


def object_of(event: str, object_id: str) -> dict[str, Any] | None:
    """What the event is about as the API shows it, as it is now; None when it is gone."""
    kind = _kinds.get(event)
    return kind.resource.described(object_id) if kind is not None and object_id else None
