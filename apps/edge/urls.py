"""Addresses under /healthz/."""

from django.urls import path

from apps.edge import views

urlpatterns = [
    path("stream", views.stream, name="edge-stream"),
    path("stream/state", views.state, name="edge-state"),
]
