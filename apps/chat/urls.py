"""Addresses under /api/chat/."""

from django.urls import path

from apps.chat import views
from apps.chat.ui import views as ui

urlpatterns = [
    path("sessions", views.sessions, name="chat-sessions"),
    path("stream", views.stream, name="chat-stream"),
    path("runs/<str:run_id>/stream", views.resume, name="chat-resume"),
    path("runs/<str:run_id>/stop", views.stop, name="chat-stop"),
    path("conversations/<str:conversation_id>", views.conversation, name="chat-conversation"),
    path("conversations/<str:conversation_id>/stream", views.beside_runs, name="chat-conversation-stream"),
    path("conversations/<str:conversation_id>/callback", views.callback, name="chat-callback"),
    path("ui", ui.ask, name="chat-ui"),
    path("ui/<str:chat>", ui.messages, name="chat-ui-messages"),
    path("ui/<str:chat>/stream", ui.resume, name="chat-ui-resume"),
    path("ui/<str:chat>/stop", ui.stop, name="chat-ui-stop"),
]
