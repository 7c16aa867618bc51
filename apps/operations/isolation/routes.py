"""Every address of the platform, from the URL configuration, with the id of a row of the other's where it takes one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.apps import apps
from django.contrib.admin.utils import quote
from django.db import models
from django.urls import URLPattern, URLResolver, get_resolver

from apps.conversations.models import Conversation
from apps.operations.isolation.probes import Probe
from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant, User
from apps.tenants.scope import tenant_scope

_PARAMETER: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_GROUP: Final = re.compile(r"\(\?P<(\w+)>(?:[^()\\]|\\.|\([^)]*\))*\)")

BY_DESIGN: Final = {
    "widget-frame": "the public page of whoever's widget key it names; keys are random and put on websites to be seen",
    "demo": "a demo business's public page, only with DEBUG on",
    "voice-demo": "a demo business's public page",
}
"""Routes that show something of the business they name to everybody."""


EMPTY: Final = {"chat-ui-messages"}
"""Routes by the client's own name of a chat, of which the first question is a GET: no such chat is an empty one."""


@dataclass(frozen=True)
class Route:
    name: str
    pattern: str
    path: str
    """Filled with the other's ids."""
    takes_id: bool
    """Whether it asks for something that is the other's; what else is in an address names nothing of anybody."""
    vertical: str = ""
    """The industry that both businesses must be of, or the refusal would prove nothing."""
    sent: frozenset[str] = field(default_factory=frozenset)
    """The ids in the path: an answer may repeat what was asked."""

    @property
    def is_admin(self) -> bool:
        return self.name.startswith("admin:")


_WORDS: Final = {"verb": "take", "content_type_id": "1", "app_label": "business"}
Values = dict[str, str]
"""Parameter of an address → what of the other's fills it."""


def routes(victim: Probe) -> list[Route]:
    """All routes, those of one industry together, and those that end one's own session last."""
    addresses = [entry for entry in entries() if not _is_fallback(entry)]
    lists = {pattern: callback.cls for _, pattern, callback in addresses if hasattr(callback, "cls")}
    found = []
    for name, pattern, callback in addresses:
        model = _model_of(pattern)
        resource = getattr(callback, "cls", None)
        values = _known(name, model, victim)
        if "<str:pk>" in pattern or "<str:parent>" in pattern:
            values |= _of_resource(pattern, lists, victim)
        vertical = getattr(resource, "vertical", "") or _vertical(model)
        found.append(_filled(name, pattern, values, victim.tenant.pk, vertical))
    return sorted(found, key=lambda route: ("logout" in route.name, route.vertical))  # after that nobody is known


def entries() -> list[tuple[str, str, Any]]:
    """(name, pattern, view) of each address."""

    def walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[tuple[str, str, Any]]:
        for entry in resolver.url_patterns:
            path = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry, path, str(entry.namespace or namespace))
            elif isinstance(entry, URLPattern):
                yield (f"{namespace}:" if namespace else "") + str(entry.name), path, entry.callback

    return list(walk(get_resolver(), "", ""))


def _is_fallback(entry: tuple[str, str, Any]) -> bool:
    """The admin's redirects of addresses without an ending, and its answer to all that do not exist."""
    return entry[0] == "admin:None"


def _filled(name: str, pattern: str, values: Values, otherwise: str, vertical: str) -> Route:
    path, sent, named = pattern, set(), set()
    for expression in (_GROUP, _PARAMETER):
        for found in list(expression.finditer(path)):
            value = values.get(found[1]) or ("1" if found[0].startswith("<int:") else otherwise)
            sent.add(value)
            named.add(found[1])
            path = path.replace(found[0], str(quote(value)) if name.startswith("admin:") else value, 1)
    path = "/" + re.sub(r"[\^$\\]", "", path)
    takes_id = bool(named & ({*values, "object_id", "pk", "parent"} - set(_WORDS)))
    return Route(name, pattern, path, takes_id, vertical, frozenset(sent))


def _vertical(model: type[models.Model] | None) -> str:
    module = model.__module__ if model is not None else ""
    return module.split(".")[2] if module.startswith("apps.verticals.") else ""


def _model_of(pattern: str) -> type[models.Model] | None:
    """The model of an admin's address such as admin/business/booking/<path:object_id>/cancel/."""
    found = re.match(r"admin/([a-z_]+)/([a-z]+)/", pattern)
    try:
        return apps.get_model(found[1], found[2]) if found else None
    except LookupError:
        return None


def _known(name: str, model: type[models.Model] | None, victim: Probe) -> Values:
    """By the parameters' names. What is not here is filled with the id of the business itself."""
    conversation = victim.rows[Conversation]
    values = {"conversation_id": conversation, "chat": conversation, "run_id": victim.run, "slug": victim.tenant.slug}
    values |= _WORDS
    if name == "widget-frame":
        values["key"] = victim.widget_key
    if model is User:
        values["object_id"] = str(victim.owner.pk)
    elif model is not None and model is not Tenant and issubclass(model, TenantModel):
        values["object_id"] = victim.rows.get(model, "")
    return values


def _of_resource(pattern: str, lists: dict[str, Any], victim: Probe) -> Values:
    """The ids of rows that the API's own queries find for their business."""
    prefix = pattern.split("/<")[0]
    above = lists[prefix]()
    with tenant_scope(victim.tenant.pk):
        if "<str:parent>" not in pattern:
            row = above.rows().order_by("pk").first()
            return {"pk": row.pk} if row is not None else {}
        below = lists["/".join(pattern.split("/")[: len(prefix.split("/")) + 2])]()
        for parent in above.rows().order_by("pk"):
            below.kwargs = {"parent": parent.pk}
            if (row := below.rows().first()) is not None:
                return {"parent": parent.pk, "pk": row.pk, "number": str(getattr(row, "number", 1))}
    return {}
