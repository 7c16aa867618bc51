"""The part of Stripe's REST interface that a business with subscriptions uses. https://docs.stripe.com/api

Requests are forms, answers JSON objects. A key that repeats gets the first answer again.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from apps.plans.simulated import forms
from apps.plans.simulated.book import ApiError, Book, Document, listed, shown
from apps.plans.simulated.resources import Resources

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MOST = 100


def application(book: Book, *, key: str, resources: Resources, changed: Callable[[], None]) -> web.Application:
    """The API; `changed` is called after each request that may have changed the book."""
    answers: dict[str, tuple[str, int, Document]] = {}
    app = web.Application()

    def add(method: str, path: str, act: Callable[[dict[str, Any], dict[str, str]], Document]) -> None:
        async def handle(request: web.Request) -> web.Response:
            text = request.query_string if method != "POST" else await request.text()
            again = request.headers.get("Idempotency-Key", "")
            digest = hashlib.sha256(f"{request.path}?{text}".encode()).hexdigest()
            try:
                if request.headers.get("Authorization") != f"Bearer {key}":
                    raise ApiError(401, "Invalid API Key provided.")
                if again in answers:
                    known, status, body = answers[again]
                    if known != digest:
                        message = "Keys for idempotent requests can only be used with the same parameters."
                        raise ApiError(400, message, kind="idempotency_error")
                    return _answer(status, body, replayed=True)
                fields = forms.decode(parse_qsl(text, keep_blank_values=True))
                status, body = 200, shown(act(fields, dict(request.match_info)))
            except ApiError as error:
                status, body = error.status, error.envelope
            if again and status < 500 and status != 401:
                answers[again] = digest, status, body
            if method != "GET":
                changed()
            return _answer(status, body)

        app.router.add_route(method, f"/v1/{path}", handle)

    for method, path, act in resources.routes():
        add(method, path, act)
    for path, kind in resources.listings.items():
        add("GET", path, _lister(book, path, kind))
        add("GET", f"{path}/{{id}}", _shower(book, kind))
    return app


def _answer(status: int, body: Document, *, replayed: bool = False) -> web.Response:
    headers = {"Request-Id": f"req_{secrets.token_hex(7)}"}
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return web.json_response(body, status=status, headers=headers)


def _shower(book: Book, kind: str) -> Callable[[dict[str, Any], dict[str, str]], Document]:
    return lambda fields, match: expanded(book, book.get(match["id"], kind), fields.get("expand", []))


def _lister(book: Book, path: str, kind: str) -> Callable[[dict[str, Any], dict[str, str]], Document]:
    def act(fields: dict[str, Any], match: dict[str, str]) -> Document:
        found = [row for row in book.all(kind) if _fits(row, fields)][::-1]  # the newest first
        limit = int(fields.get("limit", 10))
        if not 1 <= limit <= MOST:
            raise ApiError(400, f"This value must be between 1 and {MOST}.", param="limit")
        ids = [row["id"] for row in found]
        if after := fields.get("starting_after"):
            if after not in ids:
                raise ApiError(400, f"No such {kind}: '{after}'", code="resource_missing", param="starting_after")
            found = found[ids.index(after) + 1 :]
        page = found[:limit]
        inner = [name.removeprefix("data.") for name in fields.get("expand", [])]
        return listed([expanded(book, row, inner) for row in page], f"/v1/{path}") | {"has_more": len(found) > limit}

    return act


def _fits(row: Document, fields: dict[str, Any]) -> bool:
    keys = fields.get("lookup_keys")
    if keys and row.get("lookup_key") not in keys:
        return False
    status = fields.get("status")
    if row["object"] == "subscription" and not status and row["status"] == "canceled":
        return False  # left out unless they are asked for
    if status not in (None, "all") and row.get("status") != status:
        return False
    return all(
        not fields.get(name) or row.get(name) == fields[name] for name in ("customer", "payment_intent", "charge")
    )


def expanded(book: Book, document: Document, names: list[str]) -> Document:
    """The object with what was asked for in place of its id."""
    row = dict(document)
    for name in names:
        if name == "payments":
            row["payments"] = listed(row["_payments"], f"/v1/invoice_payments?invoice={row['id']}")
        elif row.get(name) in book.objects:
            row[name] = book.objects[row[name]]
    return row
