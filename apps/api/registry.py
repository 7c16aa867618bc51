"""Every resource of the API: of every business here, and an industry's own in `<its folder>/api.py`, as RESOURCES."""

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import URLPattern, path
from rest_framework.routers import SimpleRouter

from apps.api.resources import agents, bookings, contacts, conversations, usage, webhooks
from apps.api.webhooks import catalogue, outbox
from apps.tenants import key_scopes
from apps.tenants.key_scopes import Scoped
from apps.tenants.rest.resources import Resource


class Place(NamedTuple):
    """Where a resource is; `prefix` is its address under /api/, `parent` the id of what it belongs to."""

    prefix: str
    resource: type[Resource]


OWN = (
    Place("agents", agents.AgentResource),
    Place("bookings", bookings.BookingResource),
    Place("calls", conversations.CallResource),
    Place("contacts", contacts.ContactResource),
    Place("conversations", conversations.ConversationResource),
    Place("conversations/<str:parent>/turns", conversations.TurnResource),
    Place("services", bookings.ServiceResource),
    Place("staff", bookings.StaffResource),
    Place("webhooks", webhooks.WebhookResource),
    Place("webhooks/<str:parent>/deliveries", webhooks.DeliveryResource),
)
SCOPED = (
    Scoped("agents", "Agents", "See agents and their versions.", "Draft and publish versions of agents."),
    Scoped("bookings", "Bookings", "See bookings, staff, services and free times.", "Book, move and cancel."),
    Scoped("calls", "Calls", "See calls."),
    Scoped("contacts", "Contacts", "See contacts.", "Add, change and delete contacts."),
    Scoped("conversations", "Conversations", "Read conversations."),
    Scoped("usage", "Usage", "See what the business has used."),
    Scoped("webhooks", "Webhooks", "See webhooks and what they were told.", "Add, change and try webhooks."),
)
_CONVERSATIONS = ("conversation.started", "conversation.handed_over", "conversation.ended")
_CALLS = ("call.started", "call.ended")


@cache
def places() -> tuple[Place, ...]:
    """All resources that the router places; no two at one address.

    Raises:
        ImproperlyConfigured: two industries want the same one.
    """
    found = [*OWN, *(Place(resource.resource, resource) for resource in _of_verticals())]
    names = [place.prefix for place in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ImproperlyConfigured(f"Two resources are at /api/{sorted(twice)[0]}.")
    return tuple(found)


def _modules() -> list[object]:
    return [import_module(f"{app}.api") for app in settings.VERTICAL_APPS if find_spec(f"{app}.api")]


def _of_verticals() -> Iterable[type[Resource]]:
    return [resource for module in _modules() for resource in module.RESOURCES]  # type: ignore[attr-defined]


def register() -> None:
    """Once, from AppConfig.ready(): the scopes of keys, the events of webhooks, and who is told of what happens."""
    for scoped in (*SCOPED, *(one for module in _modules() for one in module.SCOPED)):  # type: ignore[attr-defined]
        key_scopes.register(scoped)
    names: dict[str, str] = {}
    for _, resource in places():
        names |= resource.events
        for event in resource.events.values():
            catalogue.register(event, resource)
    for event in _CONVERSATIONS:
        catalogue.register(event, conversations.ConversationResource)
    for event in _CALLS:
        catalogue.register(event, conversations.CallResource)
    outbox.listen_to_audit(names)
    outbox.listen_to_conversations()


def addresses() -> list[URLPattern]:
    """Every address of every resource."""
    router = SimpleRouter(trailing_slash=False, use_regex_path=False)
    for prefix, resource in places():
        router.register(prefix, resource, basename=resource.resource)
    versions, number = "agents/<str:parent>/versions", agents.VersionResource
    return [
        *router.urls,
        path(versions, number.as_view({"get": "list", "post": "create"}), name="versions-list"),
        path(
            f"{versions}/<int:number>",
            number.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}, detail=True),
            name="versions-detail",
        ),
        path(f"{versions}/<int:number>/publish", number.as_view({"post": "publish"}), name="versions-publish"),
        path("availability", bookings.AvailabilityResource.as_view({"get": "free"}), name="availability"),
        path("events", webhooks.EventResource.as_view({"get": "known"}), name="events"),
        path("usage", usage.UsageResource.as_view({"get": "current"}), name="usage"),
    ]
