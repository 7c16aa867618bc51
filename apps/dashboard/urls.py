"""The addresses of the floor's interface, under /api/dashboard/."""

from django.urls import path

from apps.dashboard import views

urlpatterns = [
    path("tickets", views.tickets, name="dashboard-tickets"),
    path("leads", views.leads, name="dashboard-leads"),
]
