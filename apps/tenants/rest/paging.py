"""Lists in pages: `?limit=` rows from `?cursor=` on, by a column that never changes: none is missed or told twice."""

import base64
import binascii
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.errors import InvalidInput
from apps.common.ids import is_id

DEFAULT = 50
MOST = 200


class Pages(BasePagination):
    """`{"data": [rows], "next": cursor or null}`; a `Link` to the next page for clients that follow such.

    The view's `order` is a column that is unique in its list, with a minus for the highest first. One query a page.
    """

    next: str | None = None

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: Any = None) -> list[Any]:
        limit = _limit(request.query_params.get("limit"))
        column = view.order.lstrip("-")
        falling = view.order.startswith("-")
        rows = queryset.order_by(view.order)
        if (cursor := request.query_params.get("cursor")) is not None:
            rows = rows.filter(**{f"{column}__{'lt' if falling else 'gt'}": _position(cursor, column)})
        found = list(rows[: limit + 1])
        if len(found) > limit:
            self.next = _cursor(getattr(found[limit - 1], column))
        self.request = request
        return found[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        response = Response({"data": data, "next": self.next})
        if self.next is not None:
            plain = self.request._request
            query = plain.GET.copy()
            query["cursor"] = self.next
            response["Link"] = f'<{plain.build_absolute_uri(plain.path)}?{urlencode(query)}>; rel="next"'
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        cursor = {"type": "string", "nullable": True, "description": "Cursor of the next page; null on the last."}
        return {"type": "object", "required": ["data", "next"], "properties": {"data": schema, "next": cursor}}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}
        return [
            {"name": "limit", "in": "query", "required": False, "description": "Rows of a page.", "schema": limit},
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "Where to go on: `next` of the page before.",
                "schema": {"type": "string"},
            },
        ]


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= MOST):
        raise InvalidInput(f"A page has 1 to {MOST} rows.", field="limit")
    return int(text)


def _cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(str(value).encode()).decode().rstrip("=")


def _position(cursor: str, column: str) -> Any:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        text = ""
    if column == "id" and is_id(text):
        return text
    if column != "id" and text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    raise InvalidInput("This cursor is not one of ours. Take `next` of the page before, as it is.", field="cursor")
