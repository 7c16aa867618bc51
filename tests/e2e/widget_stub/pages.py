"""The pages of the stub: the product's own templates with sample data, and a bare customer page."""

from html import escape
from typing import Any

import django
from aiohttp import web
from django.conf import settings
from django.template import engines
from django.urls import path
from django.views import View

from tests.e2e.widget_stub import ROOT

GREETING = "Hello! I am Ava, the front desk of Riverside Clinic. How can I help you today?"
ORIGINS: list[str] = []  # the product's and the customer's, known once the ports are

settings.configure(
    STATIC_URL="/static/",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [ROOT / "templates"]}],
    ROOT_URLCONF=__name__,
)
django.setup()
urlpatterns = [
    path(f"{name}/", View.as_view(), name=name) for name in ("pricing", "account_login", "signup", "affiliates")
]
"""Where the pages' links lead, in the real product."""

VERTICALS = [
    (
        "healthcare",
        "Healthcare",
        "Finds a free slot, checks insurance, books the visit.",
        "/demo/riverside-clinic/",
    ),
    ("salon", "Salon & beauty", "Matches service, stylist and time, and offers the right add-on once.", None),
    ("real_estate", "Real estate", "Answers buyers and renters, arranges viewings, takes repairs.", None),
    ("sales", "Sales", "Qualifies leads, scores them and books the meeting.", None),
    ("after_hours", "After hours", "Sorts the urgent from the rest and wakes the right person.", None),
    ("it_helpdesk", "IT helpdesk", "One step at a time, and a ticket for what stays open.", None),
]
PLANS = [
    ("Starter", "$149", "2,000", 1, "Voice, chat", "$0.075"),
    ("Growth", "$499", "10,000", 3, "Voice, chat, SMS", "$0.05"),
    ("Scale", "$1,499", "50,000", 10, "Voice, chat, SMS, WhatsApp", "$0.03"),
]
CLINIC = {
    "phone": "+1 (555) 010-0199",
    "address": "48 Riverside Drive, New York, NY 10024",
    "hours": [
        {"day": "Monday to Thursday", "text": "8:00 AM – 6:00 PM"},
        {"day": "Friday", "text": "8:00 AM – 4:00 PM"},
        {"day": "Saturday", "text": "9:00 AM – 12:00 PM"},
        {"day": "Sunday", "text": "Closed"},
    ],
    "services": [
        {"name": "Office visit, established patient", "price": "$140", "duration": "30 min"},
        {"name": "New patient consultation", "price": "$210", "duration": "45 min"},
        {"name": "Annual physical", "price": "$190", "duration": "45 min"},
        {"name": "Knee and joint assessment", "price": "$180", "duration": "30 min"},
        {"name": "Telehealth visit", "price": "$95", "duration": "20 min"},
    ],
    "staff": [
        {"name": "Dr. Maya Patel", "title": "Family medicine"},
        {"name": "Dr. Samuel Lee", "title": "Orthopedics"},
        {"name": "Dr. Elena Rossi", "title": "Dermatology"},
        {"name": "Nora Kim, NP", "title": "Primary care"},
    ],
}


def rendered(template: str, context: dict[str, Any]) -> web.Response:
    text = engines["django"].get_template(template).render(context)
    return web.Response(text=text, content_type="text/html")


def widget_src() -> str:
    return f"{ORIGINS[0]}/widget/v1.js"


async def landing(request: web.Request) -> web.Response:
    verticals = [dict(zip(("slug", "name", "tagline", "demo_url"), row, strict=True)) for row in VERTICALS]
    names = ("name", "price", "interactions", "numbers", "channels", "overage")
    plans = [dict(zip(names, row, strict=True)) for row in PLANS]
    context = {"verticals": verticals, "plans": plans, "widget_key": "wk_stub", "widget_src": widget_src()}
    return rendered("site/landing.html", context)


async def demo(request: web.Request) -> web.Response:
    tenant = {
        "name": "Riverside Clinic",
        "slug": "riverside-clinic",
        "tagline": "Primary and specialist care, close to home.",
        "accent": request.query.get("accent", "#0f766e"),
    }
    context = {"tenant": tenant, "business": CLINIC, "widget_key": "wk_stub", "widget_src": widget_src()}
    return rendered("site/demo.html", context)


async def frame(request: web.Request) -> web.Response:
    key = request.match_info["key"]
    config = {
        "key": key,
        "api": "/api/chat",
        "tenant": {"name": "Riverside Clinic", "accent": "#" + request.query.get("accent", "0f766e")},
        "agent": {"name": "Ava"},
        "greeting": GREETING,
        "sandbox": True,
        "closed": "We are closed for the holidays." if key == "wk_closed" else None,
        "locale": "en-US",
        "parentOrigins": ORIGINS,
    }
    response = rendered("widget/frame.html", {"config": config, "text_direction": request.query.get("dir", "ltr")})
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return response


async def host(request: web.Request) -> web.Response:
    """A customer's page with a strict policy of its own; the query becomes the loader's data-attributes."""
    attributes = {"key": "wk_stub"} | dict(request.query)
    data = " ".join(f'data-{escape(name)}="{escape(value)}"' for name, value in attributes.items())
    tag = f'<script async src="{widget_src()}" {data}></script>'
    text = (
        "<!doctype html><html lang=en><meta name=viewport content=width=device-width>"
        f"<title>Shop</title><h1>A shop</h1><button>Buy</button>{tag}{tag}"
    )
    csp = f"default-src 'none'; script-src {ORIGINS[0]}; frame-src {ORIGINS[0]}; style-src 'none'"
    return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": csp})


async def stranger(request: web.Request) -> web.Response:
    """A page that embeds the frame and is not among the allowed origins (when opened as http://localhost…)."""
    text = f'<!doctype html><title>Stranger</title><iframe src="{ORIGINS[0]}/widget/frame/wk_stub"></iframe>'
    return web.Response(text=text, content_type="text/html")


async def page(request: web.Request) -> web.Response:
    return rendered(f"{request.match_info['name']}.html", {})


async def loader(request: web.Request) -> web.FileResponse:
    return web.FileResponse(ROOT / "static/widget/v1.js", headers={"Cross-Origin-Resource-Policy": "cross-origin"})


ROUTES = [
    web.get("/", landing),
    web.get("/demo/riverside-clinic/", demo),
    web.get("/host", host),
    web.get("/stranger", stranger),
    web.get("/page/{name:404|403|500}", page),
    web.get("/widget/v1.js", loader),
    web.get("/widget/frame/{key}", frame),
    web.static("/static", ROOT / "static"),
]
