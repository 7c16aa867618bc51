"""Addresses under /api/chat/."""

from django.urls import path

from apps.chat import views

urlpatterns = [
    path("sessions", views.sessions, name="chat-sessions"),
    path("stream", views.stream, name="chat-stream"),
    path("runs/<str:run_id>/stream", views.resume, name="chat-resume"),
    path("runs/<str:run_id>/stop", views.stop, name="chat-stop"),
    path("conversations/<str:conversation_id>", views.conversation, name="chat-conversation"),
]
