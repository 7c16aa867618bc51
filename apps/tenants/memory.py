"""What each request would read again though it hardly ever changes: a tenant's widget, agents, subscription."""

from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

from django.db import models, transaction

from apps.common.database import in_thread

T = TypeVar("T")

_writes: dict[type[models.Model], int] = {}
"""How often this process has written rows of a model that some memory depends on."""
SECONDS = 2.0
"""How long another process's change may take to be seen."""
MOST = 4_096
"""Answers that are kept; the memory starts anew beyond."""


def written(model: type[models.Model]) -> None:
    """Tells every memory that rows of the model have changed: now, and once more when others can see it."""
    if model in _writes:
        _count(model)
        transaction.on_commit(lambda: _count(model))


def _count(model: type[models.Model]) -> None:
    _writes[model] += 1


class Memory(Generic[T]):
    """Answers made from rows of some models: kept until this process writes such a row, or for SECONDS.

    Keys must name the tenant, unless they are unique on the whole platform.
    """

    def __init__(self, *sources: type[models.Model]) -> None:
        self._sources = sources
        for source in sources:
            _writes.setdefault(source, 0)
        self._kept: dict[Hashable, tuple[float, tuple[int, ...], T]] = {}

    def fresh(self, key: Hashable) -> T | None:
        """The answer, if there is one that may still be used."""
        found = self._kept.get(key)
        if found is None or found[0] < monotonic() or found[1] != self._version():
            return None
        return found[2]

    def recall(self, key: Hashable, make: Callable[[], T]) -> T:
        """The answer; made anew if need be."""
        if (found := self.fresh(key)) is not None:
            return found
        version = self._version()  # before the rows are read: a write meanwhile makes the answer stale
        made = make()
        self._keep(key, version, made)
        return made

    async def find(self, key: Hashable, make: Callable[[], T]) -> T:
        """`recall` for async code: no thread is troubled for what is fresh."""
        found = self.fresh(key)
        return found if found is not None else await in_thread(self.recall, key, make)

    def keep(self, key: Hashable, answer: T) -> None:
        """Remembers an answer that was just made."""
        self._keep(key, self._version(), answer)

    def _keep(self, key: Hashable, version: tuple[int, ...], answer: T) -> None:
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[key] = (monotonic() + SECONDS, version, answer)

    def _version(self) -> tuple[int, ...]:
        return tuple(_writes[source] for source in self._sources)
