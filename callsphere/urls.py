"""Every address of the platform."""

from django.contrib import admin
from django.urls import include, path

from apps.chat import pages
from apps.voice import views as voice
from apps.voice import webhooks
from callsphere import health

urlpatterns = [
    path("", pages.landing, name="landing"),
    path("demo/<slug:slug>/", pages.demo, name="demo"),
    path("demo/voice/<slug:slug>/", voice.demo, name="voice-demo"),
    path("api/voice/tickets", voice.tickets, name="voice-tickets"),
    path("voice/twilio/incoming", webhooks.incoming, name="twilio-incoming"),
    path("voice/twilio/status", webhooks.status, name="twilio-status"),
    path("widget/v1.js", pages.loader, name="widget-loader"),
    path("widget/frame/<str:key>", pages.frame, name="widget-frame"),
    path("api/chat/", include("apps.chat.urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz, name="healthz"),
    path("healthz/", include("apps.edge.urls")),
    path("readyz", health.readyz, name="readyz"),
]

handler404 = "callsphere.errors.not_found"
handler500 = "callsphere.errors.internal_error"
