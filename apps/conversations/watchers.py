"""Who is told of calls: verticals, which this layer does not know.

A vertical subclasses `CallWatcher` and registers it in its AppConfig.ready(). It is told of every tenant's calls, in
the tenant's scope and in the transaction that records what happened; so what it writes is kept together with the
record, or not at all. It must not wait for the network.
"""

from collections.abc import Callable
from functools import partial

from apps.common.callbacks import told
from apps.conversations.models import Call


class CallWatcher:
    """Does nothing with what it is told; subclasses say what matters to them."""

    def call_begun(self, call: Call) -> None:
        """Somebody is on the line; `call.conversation.agent` answers."""

    def call_handed_over(self, call: Call) -> None:
        """`call.conversation.agent` talks from here on."""

    def call_ended(self, call: Call) -> None:
        """With `status`, `ended` and `ended_at`."""


_watchers: list[CallWatcher] = []


def register(watcher: CallWatcher) -> None:
    """From now on `watcher` is told."""
    _watchers.append(watcher)


def tell(what: Callable[[CallWatcher, Call], None], call: Call) -> None:
    """Tells all; `what` is a method of CallWatcher, which is called on each by its name."""
    for watcher in _watchers:
        told(partial(getattr(watcher, what.__name__), call))
