"""The OpenAPI document: complete, valid, the same for everybody; and the page that shows it."""

import json
import re
from typing import Any

import jsonschema
import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from apps.api.description import example, resolved
from apps.api.pages import description
from tests.isolation.test_api_routes import api_routes

pytestmark = pytest.mark.django_db


def test_the_document_is_valid_and_was_made_without_a_warning() -> None:
    document = description()
    validate_schema(document)
    GENERATOR_STATS.reset()
    description.cache_clear()
    assert json.dumps(description()) == json.dumps(document)
    assert not GENERATOR_STATS, GENERATOR_STATS.emit_summary()


def test_every_address_and_method_is_in_it() -> None:
    described = {
        (re.sub(r"\{\w+\}", "{}", path), method.upper())
        for path, operations in description()["paths"].items()
        for method in operations
    }
    routed = {
        ("/api/" + re.sub(r"<\w+:\w+>", "{}", pattern), method.upper())
        for _, pattern, resource in api_routes()
        for method in _methods(pattern)
    }
    assert described == routed
    assert len(routed) > 50


def _methods(pattern: str) -> set[str]:
    from apps.api.registry import addresses

    views: list[Any] = [route.callback for route in addresses() if str(route.pattern) == pattern]
    return {method for view in views for method in view.actions if method != "head"}


def test_every_operation_says_what_it_does_and_which_scope_it_needs() -> None:
    names = []
    for path, operations in description()["paths"].items():
        for method, operation in operations.items():
            names.append(operation["operationId"])
            assert operation["summary"].strip(), path
            assert re.search(r"Scope: `[a-z]+:(read|write)`", operation["description"]), (path, method)
            assert {"401", "403", "404", "429"} <= set(operation["responses"])
    assert len(names) == len(set(names))


def test_anybody_reads_it(client: Client) -> None:
    answer = client.get("/api/schema/")
    assert answer.status_code == 200
    document = answer.json()
    assert document["servers"] == [{"url": "http://testserver"}]
    assert document["paths"] == description()["paths"]
    assert client.post("/api/schema/").status_code == 405


def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/docs/").content.decode()
    for path, operations in description()["paths"].items():
        for method, operation in operations.items():
            assert f'id="{operation["operationId"].replace("_", "-")}"' in page, path
            assert f"is-{method}" in page
    assert "`" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)
    assert [
        address for address in re.findall(r'(?:src|href)="(https?:[^"]*)"', page) if "testserver" not in address
    ] == []


def test_the_examples_of_the_page_are_valid() -> None:
    """Each body that the page shows is one that its schema allows."""

    document = description()
    tried = 0
    for operations in document["paths"].values():
        for operation in operations.values():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if body is None:
                continue
            shown = example(document, resolved(document, body))
            jsonschema.validate(shown, {**body, "components": document["components"]})
            tried += 1
    assert tried > 12
