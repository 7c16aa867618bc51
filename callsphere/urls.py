"""Every address of the platform."""

from importlib.util import find_spec

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from apps.affiliates.pages import link as referral_link
from apps.chat import pages
from apps.chat.callers import caller_of
from apps.dashboard import pages as dashboard
from apps.inbox import pages as inbox
from apps.operations.tenants import page as tenants
from apps.plans.payments import webhooks as payments
from apps.voice import views as voice
from apps.voice.urls import others
from callsphere import health, metrics

urlpatterns = [
    path("", pages.landing, name="landing"),
    path("demo/<slug:slug>/", pages.demo, name="demo"),
    path("demo/voice/<slug:slug>/", voice.demo, name="voice-demo"),
    path("api/voice/tickets", voice.tickets(caller_of), name="voice-tickets"),
    path("voice/twilio/", include("apps.voice.urls")),
    path("voice/", include(others)),
    path("widget/v1.js", pages.loader, name="widget-loader"),
    path("widget/frame/<str:key>", pages.frame, name="widget-frame"),
    path("api/chat/", include("apps.chat.urls")),
    path("api/dashboard/", include("apps.dashboard.urls")),
    path("api/inbox/", include("apps.inbox.urls")),
    # A vertical's own addresses, if it has any: apps/verticals/after_hours/urls.py is under /api/after-hours/.
    *(
        path(f"api/{app.rpartition('.')[2].replace('_', '-')}/", include(f"{app}.urls"))
        for app in settings.VERTICAL_APPS
        if find_spec(f"{app}.urls")
    ),
    path("", include("apps.accounts.urls")),
    path("webhooks/stripe", payments.events, name="stripe-webhook"),
    path("api/", include("apps.api.urls")),
    path("affiliates/", include("apps.affiliates.urls")),
    path("r/<slug:code>", referral_link, name="affiliate-link"),
    path("admin/tenants-use/", admin.site.admin_view(tenants.use), name="tenants-use"),
    path("admin/", admin.site.urls),
    path("dashboard/", dashboard.floor, name="dashboard"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("healthz", health.healthz, name="healthz"),
    path("healthz/", include("apps.edge.urls")),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.exposed, name="metrics"),
]

handler404 = "callsphere.errors.not_found"
handler500 = "callsphere.errors.internal_error"
