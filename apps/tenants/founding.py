"""Who is told that a business was founded: apps which the one that founds does not know.

An app registers its listener in its AppConfig.ready(). It is told in the scope of the new tenant and in the transaction
that makes it: what it writes is kept together with the business, or not at all. It must not wait for the network.
"""

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest

from apps.common.callbacks import told
from apps.tenants.models import Tenant, User

Listener = Callable[[Tenant, User, HttpRequest], None]
"""Gets the business, the person who owns it, and the request by which they founded it."""

_listeners: list[Listener] = []


def register(listener: Listener) -> None:
    """From now on `listener` is told; registering it again changes nothing."""
    if listener not in _listeners:
        _listeners.append(listener)


def founded(*, tenant: Tenant, owner: User, request: HttpRequest) -> None:
    """Tells all. A listener that fails loses what it has written; the business is founded all the same.

    Call it in the tenant's scope, in the transaction that makes the tenant, once.
    """
    for listen in _listeners:
        told(partial(listen, tenant, owner, request))
