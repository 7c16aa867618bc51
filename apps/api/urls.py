"""Under `/api/`."""

from django.urls import path

from apps.api import pages
from apps.api.registry import addresses

app_name = "api"
urlpatterns = [
    path("schema/", pages.schema, name="schema"),
    path("docs/", pages.documentation, name="docs"),
    *addresses(),
]
