"""The audit trail, and who is told of what is entered there."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from apps.common.callbacks import told
from apps.tenants.models import AuditEntry

Listener = Callable[[AuditEntry], None]
_listeners: defaultdict[str, list[Listener]] = defaultdict(list)


def record(*, actor: str, action: str, target: str = "", details: dict[str, Any] | None = None) -> AuditEntry:
    """Adds an entry for the tenant in scope; part of the caller's transaction."""
    entry = AuditEntry(actor=actor, action=action, target=target, details=details or {})
    entry.save()
    for listen in _listeners.get(action, ()):
        told(partial(listen, entry))
    return entry


def listen(actions: Iterable[str], listener: Listener) -> None:
    """From AppConfig.ready(): `listener` is told of each entry with one of the actions.

    It is called in the tenant's scope and in the transaction of what happened, so what it writes is kept together with
    that, or not at all. It must not wait for the network.
    """
    for action in actions:
        _listeners[action].append(listener)
