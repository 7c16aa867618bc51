"""Pages around the chat: the widget's loader and frame, the landing page, the demo tenants' sites."""

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from apps.agents.live import NoAgent, live_agent
from apps.agents.registry import verticals
from apps.business.calendar import office_hours
from apps.business.contacts import readable_phone
from apps.business.models import Service, Staff
from apps.chat import access, conversations, embeds, tokens
from apps.chat.access import UnknownWidget, Widget
from apps.chat.callers import can_be_called
from apps.common import headers
from apps.desk import demos
from apps.plans.core.catalogue import catalogue
from apps.tenants.models import Tenant, WidgetKey
from apps.tenants.scope import tenant_scope

_LOADER_AGE = 3_600
"""Seconds for which a customer's page may keep the loader; a fix reaches everybody within the hour."""


@cache
def _loader_source() -> bytes:
    path = finders.find("widget/v1.js")
    if path is None:
        raise Http404
    with open(path, "rb") as file:
        return file.read()


@require_safe
def loader(request: HttpRequest) -> HttpResponse:
    """The script that customers put on their pages."""
    response = HttpResponse(_loader_source(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "no-cache" if settings.DEBUG else f"public, max-age={_LOADER_AGE}"
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
@xframe_options_exempt
def frame(request: HttpRequest, key: str) -> HttpResponse:
    """The chat itself, in an iframe that only the tenant's allowed domains may show."""
    try:
        widget = access.find_widget(key)
        with tenant_scope(widget.tenant_id):
            # The session is minted by the frame's script: a page view is no visitor yet.
            nobody = tokens.new_visitor(tenant_id=widget.tenant_id, widget_key=widget.id)
            look = conversations.session(visitor=nobody, widget=widget, now=timezone.now())
            speaks = not widget.tries and can_be_called(live_agent(slug=widget.agent))
            embeds.note(request)
    except (UnknownWidget, NoAgent):
        raise Http404 from None
    config = {
        name: look[name] for name in ("tenant", "agent", "greeting", "suggestions", "sandbox", "closed", "locale")
    }
    config |= {"key": widget.key, "api": "/api/chat", "parentOrigins": _parent_origins(request, widget)}
    config["beside"] = True  # a person of the business may step in: the page listens for them
    config["call"] = {"tickets": "/api/voice/tickets", "socket": "/ws/voice/browser/"} if speaks else None
    response = render(request, "widget/frame.html", {"config": config})
    response["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; font-src 'self'; "
        f"base-uri 'none'; form-action 'none'{_frame_ancestors(widget)}"
    )
    response["Cache-Control"] = "no-cache"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # pages that isolate themselves may show it, too
    return response


def _parent_origins(request: HttpRequest, widget: Widget) -> list[str]:
    """For the frame's script, which checks who sends it messages."""
    if widget.tries:
        return [f"{request.scheme}://{request.get_host()}"]
    if not widget.allowed_domains or widget.in_apps:
        return ["*"]
    origins = [f"{request.scheme}://{request.get_host()}"]
    for domain in widget.allowed_domains:
        origins += [domain] if "://" in domain else [f"https://{domain}", f"http://{domain}"]
    return origins


def _frame_ancestors(widget: Widget) -> str:
    """The directive that says who may show the frame.

    None for mobile apps: even `*` matches network schemes only (CSP Level 3, §6.7.2.8), so any directive at all would
    refuse a web view, whose page has an opaque origin or a scheme of the app's own.
    """
    if widget.in_apps:
        return ""
    if widget.tries:
        return "; frame-ancestors 'self'"
    ancestors = ["'self'", *widget.allowed_domains] if widget.allowed_domains else ["*"]
    return f"; frame-ancestors {' '.join(ancestors)}"


def _demo_tenant(slug: str) -> tuple[Tenant, WidgetKey] | None:
    tenant, widget = demos.find(slug) or (None, None)
    return (tenant, widget) if tenant is not None and widget is not None else None


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What the product is, with an agent to talk to at once."""
    packs = {slug: vertical.demo for slug, vertical in verticals().items()}
    live = {slug: found for slug, demo in packs.items() if demo and (found := _demo_tenant(demo.slug))}
    first = next(iter(live.values()), None)
    context: dict[str, Any] = {
        "verticals": [
            {
                "slug": slug,
                "name": vertical.name,
                "tagline": vertical.tagline,
                "demo_url": f"/demo/{live[slug][0].slug}/" if slug in live else None,
                "call_url": f"/demo/voice/{live[slug][0].slug}/" if slug in live else None,
            }
            for slug, vertical in verticals().items()
        ],
        "plans": [
            {
                "name": plan.name,
                "price": plan.monthly_price,
                "interactions": f"{plan.interactions:,}",
                "numbers": plan.numbers,
                "channels": plan.channel_names,
                "overage": plan.overage_price,
            }
            for plan in catalogue()
        ],
        "widget_key": first[1].key if first else "",
        "widget_src": request.build_absolute_uri("/widget/v1.js"),
        "stream_url": request.build_absolute_uri("/api/chat/stream"),
    }
    return render(request, "site/landing.html", context)


@require_safe
def demo(request: HttpRequest, slug: str) -> HttpResponse:
    """A demo tenant's own site, with the widget embedded as a customer would: from another origin."""
    found = _demo_tenant(slug)
    if found is None:
        raise Http404
    tenant, widget = found
    with tenant_scope(tenant.pk):
        business = _business(tenant)
    elsewhere = _other_origin(request)
    context = {
        "tenant": {
            "name": tenant.name,
            "slug": tenant.slug,
            "tagline": tenant.tagline,
            "accent": widget.accent,
        },
        "business": business,
        "widget_key": widget.key,
        "widget_src": f"{elsewhere}/widget/v1.js",
    }
    response = render(request, "site/demo.html", context)
    headers.widen(response, "frame-src", elsewhere)
    response["Permissions-Policy"] = f'microphone=(self "{elsewhere}"), screen-wake-lock=(self "{elsewhere}")'
    return response


def _business(tenant: Tenant) -> dict[str, Any]:
    """What a business shows on its own site; in its scope."""
    hours = [
        {
            "day": day.name,
            "text": ", ".join(f"{o.opens:%-I:%M %p} – {o.closes:%-I:%M %p}" for o in day.openings) or "Closed",
        }
        for day in office_hours()
    ]
    services = [
        {
            "name": service.name,
            "price": f"${service.price_cents / 100:,.2f}".removesuffix(".00") if service.price_cents else "",
            "duration": f"{int(service.duration.total_seconds()) // 60} min" if service.duration else "",
        }
        for service in Service.objects.filter(is_active=True).order_by("category", "name")[:8]
    ]
    staff = [
        {"name": member.name, "title": member.title}
        for member in Staff.objects.filter(is_active=True).order_by("name")[:8]
    ]
    return {
        "phone": readable_phone(tenant.phone, tenant.region),
        "address": tenant.address,
        "hours": hours,
        "services": services,
        "staff": staff,
    }


def _other_origin(request: HttpRequest) -> str:
    """This server under another name, when it has one: `localhost` and `127.0.0.1` are two origins to a browser."""
    host = request.get_host()
    name, _, port = host.partition(":")
    other = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}.get(name, name)
    return f"{request.scheme}://{other}{':' + port if port else ''}"
