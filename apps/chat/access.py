"""Who may chat: widget keys, visitor tokens, origins. Everything here is decided before a stream starts."""

import re
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from django.http import HttpRequest

from apps.agents import trials
from apps.agents.models import AgentVersion
from apps.chat import tokens
from apps.chat.tokens import BadToken, Visitor
from apps.common import cors
from apps.common.errors import AppError, InvalidInput
from apps.plans.allowance import plan_in_force
from apps.plans.core.budget import Limits, limits_of
from apps.plans.models import Subscription
from apps.tenants.memory import Memory
from apps.tenants.models import WidgetKey
from apps.tenants.scope import all_tenants, tenant_scope

_KEY = re.compile(r"wk_[A-Za-z0-9_-]{1,61}")
_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")


class UnknownWidget(AppError):
    """No such widget key, or it is switched off."""

    code = "unknown_widget"
    status = 401


class OriginNotAllowed(AppError):
    """The page is not among the widget's allowed domains."""

    code = "origin_not_allowed"
    status = 403


@dataclass(frozen=True, slots=True)
class Widget:
    """What a widget key stands for."""

    id: str
    key: str
    tenant_id: str
    agent: str
    allowed_domains: tuple[str, ...]
    in_apps: bool
    limits: Limits
    tries: str = ""
    """Id of the version that this is the test chat of, which is its `id`, too; "" = a website chat."""


def find_widget(key: str) -> Widget:
    """The widget of a public key. Sync; needs no scope: the key is what names the tenant.

    Raises:
        UnknownWidget: there is none, or it is inactive.
    """
    if trial := trials.version_of(key):
        return _trial(*trial, key=key)
    if not key:
        raise UnknownWidget("Send the widget's key: the X-Widget-Key header, or “widget” in the body.", field="widget")
    row = None
    if _KEY.fullmatch(key):
        with all_tenants(reason="a widget key names its tenant"):
            row = WidgetKey.objects.filter(key=key, is_active=True).first()
    if row is None:
        raise UnknownWidget("There is no widget with this key.", field="widget")
    with tenant_scope(row.tenant_id):
        return _widget(row)


_widgets: Memory[Widget] = Memory(WidgetKey, Subscription)


async def known_widget(key: str) -> Widget:
    """Like `find_widget`; most of the time without a look into the database."""
    return await _widgets.find(key, partial(find_widget, key))


async def widget_of(visitor: Visitor) -> Widget:
    """The widget that a visitor's token was made for.

    Raises:
        UnknownWidget: it is gone, or was switched off since.
    """
    return await _widgets.find((visitor.tenant_id, visitor.widget_key), partial(_find_of, visitor))


def _trial(tenant_id: str, version_id: str, *, key: str = "") -> Widget:
    """The test chat of a version."""
    with tenant_scope(tenant_id):
        version = AgentVersion.objects.filter(pk=version_id).select_related("agent").first()
        if version is None:
            raise UnknownWidget("The draft that this chat tried is gone. Load the page again.", field="widget")
        limits = limits_of(plan_in_force())
        return Widget(version.pk, key, tenant_id, version.agent.slug, (), False, limits, tries=version.pk)


def _find_of(visitor: Visitor) -> Widget:
    if visitor.widget_key.startswith(f"{AgentVersion.id_prefix}_"):
        return _trial(visitor.tenant_id, visitor.widget_key)
    with tenant_scope(visitor.tenant_id):
        row = WidgetKey.objects.filter(pk=visitor.widget_key, is_active=True).first()
        if row is None:
            raise UnknownWidget("This chat was switched off.", field="widget")
        return _widget(row)


def _widget(row: WidgetKey) -> Widget:
    limits = limits_of(
        plan_in_force(),
        visitor_messages=row.visitor_messages,
        address_messages=row.address_messages,
        widget_messages=row.widget_messages,
        widget_tokens=row.widget_tokens,
    )
    return Widget(row.pk, row.key, row.tenant_id, row.agent, tuple(row.allowed_domains), row.in_apps, limits)


def visitor_of(request: HttpRequest) -> Visitor | None:
    """The visitor whose token the request carries; None when it carries none.

    Raises:
        BadToken: there is one, and it is not valid.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return tokens.read(token.strip())
    if token := request.GET.get("token", ""):  # an EventSource cannot set headers
        return tokens.read(token)
    return None


def required_visitor(request: HttpRequest) -> Visitor:
    """Like `visitor_of`, and raises BadToken when there is none."""
    visitor = visitor_of(request)
    if visitor is None:
        raise BadToken("Send the visitor token: Authorization: Bearer …")
    return visitor


def check_visitor(visitor: Visitor | None, widget: Widget) -> None:
    """Raises BadToken unless the visitor, if there is one, is of the widget's tenant."""
    if visitor is not None and visitor.tenant_id != widget.tenant_id:
        raise BadToken("The visitor token is for another widget.")


def check_origin(request: HttpRequest, widget: Widget) -> None:
    """A browser page may call for this widget only from our own origin (the frame) or an allowed domain.

    Requests without an Origin come from no page, so there is no page to protect. The page of a refused origin may not
    read the answer either (`common.cors`).

    Raises:
        OriginNotAllowed: it is another page's.
    """
    origin = request.headers.get("Origin")
    if origin is None or not widget.allowed_domains or origin == f"{request.scheme}://{request.get_host()}":
        return
    # A web view's page comes from the app itself: “null”, or a scheme such as capacitor://localhost.
    if widget.in_apps and not origin.startswith(("http://", "https://")):
        return
    if not any(domain_matches(domain, origin) for domain in widget.allowed_domains):
        cors.refuse_origin(request)
        raise OriginNotAllowed("This page is not among the widget's allowed domains.")
    cors.list_origin(request)


def domain_matches(domain: str, origin: str) -> bool:
    """Whether an allowed domain (`shop.example`, `*.shop.example`, `https://shop.example:8443`) covers an origin."""
    scheme, _, host = domain.rpartition("://")
    parts = urlsplit(origin)
    if scheme and scheme != parts.scheme:
        return False
    actual = parts.netloc if ":" in host else parts.hostname or ""
    if host.startswith("*."):
        return actual.endswith(host[1:]) and actual != host[2:]
    return actual == host


def check_message_id(message_id: str) -> str:
    """A client's message id: a UUID, so that nobody can guess their way into another visitor's run."""
    if not _UUID.fullmatch(message_id):
        raise InvalidInput("Expected a UUID, such as crypto.randomUUID() makes.", field="message_id")
    return message_id.replace("-", "").lower()
