"""What an API key may do: a scope such as `contacts:read` for each resource and each way to use it.

A resource is registered by who has it, from AppConfig.ready(); a vertical's like any other.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

Way = Literal["read", "write"]

EVERYTHING: Final = "*"
"""Every resource, also those that are still to come."""


@dataclass(frozen=True, slots=True)
class Scoped:
    """A resource in words: `reads` and `writes` finish the sentence “A key with this scope may …”; "" = cannot be."""

    name: str
    title: str
    reads: str
    writes: str = ""
    vertical: str = ""


_scoped: dict[str, Scoped] = {}


def register(resource: Scoped) -> None:
    """From now on keys can be given its scopes."""
    _scoped[resource.name] = resource


def resources(*, vertical: str | None = None) -> list[Scoped]:
    """All, by name; with a `vertical`, those that a business of it has."""
    found = sorted(_scoped.values(), key=lambda resource: (bool(resource.vertical), resource.name))
    return [one for one in found if vertical is None or one.vertical in ("", vertical)]


def scope(name: str, way: Way) -> str:
    """Such as `contacts:read`."""
    return f"{name}:{way}"


def scopes(*, vertical: str | None = None) -> dict[str, str]:
    """Scope → what a key with it may do."""
    found = {}
    for resource in resources(vertical=vertical):
        if resource.reads:
            found[scope(resource.name, "read")] = resource.reads
        if resource.writes:
            found[scope(resource.name, "write")] = resource.writes
    return found


def allows(given: Collection[str], needed: str) -> bool:
    """Whether a key with these scopes has the one that is needed."""
    return EVERYTHING in given or needed in given
