"""/api/schema/ and /api/docs/: the API described, for programs and for people."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import include, path
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

from apps.api.description import groups_of
from apps.api.webhooks import catalogue
from apps.tenants import key_scopes
from apps.tenants.scope import all_tenants


@cache
def description() -> dict[str, Any]:
    """The OpenAPI 3 document; the same for everybody, so it is made once a process."""
    from apps.api import urls  # they import this module

    with all_tenants(reason="querysets are built for their models, and none is run"):
        made: dict[str, Any] = SchemaGenerator(patterns=[path("api/", include(urls))]).get_schema(
            request=None, public=True
        )
    return made


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document as JSON; its server is where it was asked for."""
    document = {**description(), "servers": [{"url": request.build_absolute_uri("/").rstrip("/")}]}
    return JsonResponse(document, json_dumps_params={"ensure_ascii": False})


@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """The same to be read, with an example for each address; one page, nothing from elsewhere."""
    host = request.build_absolute_uri("/").rstrip("/")
    scopes = [
        (resource, key_scopes.scope(resource.name, "read"), key_scopes.scope(resource.name, "write"))
        for resource in key_scopes.resources()
    ]
    context = {
        "groups": groups_of(description(), host=host),
        "scopes": scopes,
        "events": catalogue.every_kind(),
        "host": host,
    }
    return render(request, "site/api.html", context)
