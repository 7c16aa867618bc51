"""What OpenAPI says of a resource beyond its fields: filters, headers, scopes, and every refusal there is."""

import inspect
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from apps.tenants import key_scopes
from apps.tenants.rest.fields import Strict
from apps.tenants.rest.idempotency import MAX_KEY
from apps.tenants.rest.resources import Resource

_ALWAYS = {
    "401": "No key, or one that is not valid.",
    "403": "The key lacks the scope, or the role the right.",
    "404": "There is no such thing for you.",
    "406": "Answers are application/json.",
    "422": "A value is not what it should be; `field` names it.",
    "429": "Too many requests; `Retry-After` says when to go on.",
}
_WITH_BODY = {
    "400": "The body is not JSON.",
    "409": "It cannot be done as things are.",
    "413": "The body is too large.",
    "415": "The body is not application/json.",
}
_IF_MATCH = "The `ETag` of what you read: refused with 412 when somebody has changed it since."
_KEY = "Sent again with the same key within 24 hours, the request is done once and answered the same."


class ProblemSerializer(serializers.Serializer):
    code = serializers.CharField(help_text="Stable; for programs.")
    message = serializers.CharField(help_text="For people.")
    field = serializers.CharField(required=False, help_text="The bad input.")
    request_id = serializers.CharField(allow_null=True, help_text="Name it when you report a problem.")
    trace_id = serializers.CharField(required=False, help_text="The same in the operator's traces.")


class ErrorSerializer(serializers.Serializer):
    """The one envelope of every refusal."""

    error = ProblemSerializer()


class ResourceSchema(AutoSchema):
    """For views that are a `Resource`; no other is described."""

    view: Any

    def is_excluded(self) -> bool:
        return not isinstance(self.view, Resource)

    def get_tags(self) -> list[str]:
        return [self.view.resource]

    def get_operation_id(self) -> str:
        places = [part for part in self.path.split("/") if part and not part.startswith("{") and part != "api"]
        if places[-1] != self.view.action:
            places.append(self.view.action)
        return "_".join(places).replace("-", "_")

    def get_summary(self) -> str:
        return self._words()[0]

    def get_description(self) -> str:
        scope = key_scopes.scope(self.view.scoped or self.view.resource, "read" if self.method == "GET" else "write")
        texts = [*self._words()[1:], f"Scope: `{scope}`."]
        if self.view.vertical:
            texts.append(f"Only for businesses of the industry `{self.view.vertical}`; for others it does not exist.")
        return "\n\n".join(texts)

    def _words(self) -> list[str]:
        """The first paragraph of what the handler says, and the others; of the resource where it says nothing."""
        handler = getattr(type(self.view), self.view.action)
        plain = {"list": f"List {self.view.resource}.", "retrieve": "Read one."}
        own = inspect.getdoc(handler) if handler.__module__ == type(self.view).__module__ else None
        paragraphs = (own or plain.get(self.view.action, "")).split("\n\n")
        if own is None:
            paragraphs += (type(self.view).__dict__.get("__doc__") or "").split("\n\n")
        return [" ".join(paragraph.split()) for paragraph in paragraphs if paragraph]

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        name: str = super().get_serializer_name(serializer, direction)
        return name.removesuffix("Shown")

    def _postprocess_serializer_schema(self, schema: Any, serializer: Any, direction: Any) -> Any:
        if isinstance(serializer, Strict) and direction == "request":
            schema["additionalProperties"] = False
        return super()._postprocess_serializer_schema(schema, serializer, direction)

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name.removesuffix('Shown')}Page"

    def get_override_parameters(self) -> list[Any]:
        parameters: list[Any] = list(super().get_override_parameters())
        if self.view.action == "list" or getattr(self.view, "is_list", False):
            filters = self.view.filters
            parameters += [filters] if filters().fields else []
        if self.method == "POST":
            kind = {"type": "string", "minLength": 1, "maxLength": MAX_KEY, "pattern": "^[!-~]+$"}
            parameters.append(OpenApiParameter("Idempotency-Key", kind, OpenApiParameter.HEADER, description=_KEY))
        if self.method in ("PATCH", "DELETE"):
            parameters.append(OpenApiParameter("If-Match", str, OpenApiParameter.HEADER, description=_IF_MATCH))
        return parameters

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        bodies = super()._get_response_bodies(direction)
        refusals = dict(_ALWAYS)
        if self.method != "GET":
            refusals |= _WITH_BODY
        if self.method in ("PATCH", "DELETE"):
            refusals["412"] = "Somebody has changed it since you read it."
        error = self.resolve_serializer(ErrorSerializer, "response").ref
        for code, words in refusals.items():
            bodies.setdefault(code, {"description": words, "content": {"application/json": {"schema": error}}})
        return bodies
