"""The affiliates' own addresses, under /affiliates/; their links are /r/<code>."""

from django.urls import path

from apps.affiliates import pages

urlpatterns = [
    path("", pages.offer, name="affiliates"),
    path("join/", pages.join, name="affiliate-join"),
    path("join/sent/", pages.join_sent, name="affiliate-join-sent"),
    path("join/<str:secret>/", pages.confirm, name="affiliate-confirm"),
    path("dashboard/", pages.dashboard, name="affiliate-dashboard"),
    path("payout/", pages.payout_details, name="affiliate-payout"),
]
