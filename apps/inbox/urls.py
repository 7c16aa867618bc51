"""Addresses under /api/inbox/."""

from django.urls import path

from apps.inbox import views

urlpatterns = [
    path("conversations", views.conversations, name="inbox-conversations"),
    path("conversations/<str:conversation_id>", views.conversation, name="inbox-conversation"),
    path("conversations/<str:conversation_id>/<slug:verb>", views.act, name="inbox-act"),
    path("wishes", views.wishes, name="inbox-wishes"),
    path("stream", views.stream, name="inbox-stream"),
    path("runs/<str:run_id>/stream", views.run_stream, name="inbox-run"),
]
