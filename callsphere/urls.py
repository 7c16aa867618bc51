"""Every address of the platform."""

from django.contrib import admin
from django.urls import include, path

from apps.chat import pages
from apps.chat.callers import caller_of
from apps.voice import views as voice
from callsphere import health, metrics

urlpatterns = [
    path("", pages.landing, name="landing"),
    path("demo/<slug:slug>/", pages.demo, name="demo"),
    path("demo/voice/<slug:slug>/", voice.demo, name="voice-demo"),
    path("api/voice/tickets", voice.tickets(caller_of), name="voice-tickets"),
    path("voice/twilio/", include("apps.voice.urls")),
    path("widget/v1.js", pages.loader, name="widget-loader"),
    path("widget/frame/<str:key>", pages.frame, name="widget-frame"),
    path("api/chat/", include("apps.chat.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("healthz/", include("apps.edge.urls")),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.exposition, name="metrics"),
]

handler404 = "callsphere.errors.not_found"
handler500 = "callsphere.errors.internal_error"
