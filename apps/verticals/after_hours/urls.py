"""Under `/api/after-hours/`."""

from django.urls import path

from apps.verticals.after_hours import views

urlpatterns = [
    path("incidents", views.incidents, name="after-hours-incidents"),
    path("email", views.email, name="after-hours-email"),
]
