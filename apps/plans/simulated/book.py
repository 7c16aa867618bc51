"""What the simulated provider keeps: objects, each a JSON document as the API shows it, and what happened to them."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Document = dict[str, Any]
"""An object of the API. Keys that begin with an underscore are the provider's own and are shown to nobody."""

API_VERSION = "2026-10-28.endive"


class ApiError(Exception):
    """An answer in the API's error envelope. https://docs.stripe.com/api/errors"""

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error", code: str = "", param: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        details = {"code": code, "param": param}
        self.envelope = {"error": {"type": kind, "message": message, **{k: v for k, v in details.items() if v}}}


class Declined(ApiError):
    """The card was."""

    def __init__(self, reason: str = "generic_decline") -> None:
        super().__init__(402, "Your card was declined.", kind="card_error", code="card_declined")
        self.envelope["error"]["decline_code"] = reason


class Book:
    """Objects by id, in the order in which they were made.

    Args:
        clock: unix time in seconds; `ahead` is added to it, so that months can pass at once.
        path: where the book is kept from run to run; None = nowhere.
    """

    def __init__(self, clock: Callable[[], float], path: Path | None = None) -> None:
        self.objects: dict[str, Document] = {}
        self.on_event: Callable[[Document], None] = lambda event: None
        self.ahead = 0
        self.tax_percent = 0
        self._clock = clock
        self._path = path
        if path is not None and path.exists():
            kept = json.loads(path.read_text())
            self.objects, self.ahead = kept["objects"], kept["ahead"]

    @property
    def now(self) -> int:
        return int(self._clock()) + self.ahead

    def save(self) -> None:
        """Keeps the book, if it is to be kept."""
        if self._path is not None:
            part = self._path.with_suffix(".part")
            part.write_text(json.dumps({"objects": self.objects, "ahead": self.ahead}))
            part.replace(self._path)

    def new(self, prefix: str, kind: str, **fields: Any) -> Document:
        """A new object."""
        key = f"{prefix}_{secrets.token_hex(12)}"
        document = {"id": key, "object": kind, "created": self.now, "livemode": False, "metadata": {}, **fields}
        self.objects[key] = document
        return document

    def get(self, key: Any, kind: str, *, param: str = "id") -> Document:
        """Raises ApiError unless there is such an object."""
        document = self.objects.get(key) if isinstance(key, str) else None
        if document is None or document["object"] != kind:
            raise ApiError(404, f"No such {kind}: '{key}'", code="resource_missing", param=param)
        return document

    def all(self, kind: str, **wanted: Any) -> Iterator[Document]:
        """Those of a kind, the oldest first; a wanted value of None or "" is no condition."""
        conditions = {name: value for name, value in wanted.items() if value}
        for document in list(self.objects.values()):
            if document["object"] == kind and all(document.get(name) == value for name, value in conditions.items()):
                yield document

    def emit(self, kind: str, document: Document) -> None:
        """Something happened to an object; the event holds it as it is now."""
        event = self.new(
            "evt",
            "event",
            type=kind,
            api_version=API_VERSION,
            data={"object": shown(document)},
            pending_webhooks=1,
            request={"id": None, "idempotency_key": None},
        )
        del event["metadata"]
        self.on_event(shown(event))


def shown(document: Any) -> Any:
    """The object as others see it, a copy."""
    if isinstance(document, dict):
        return {key: shown(value) for key, value in document.items() if not key.startswith("_")}
    return [shown(value) for value in document] if isinstance(document, list) else document


def listed(documents: list[Any], url: str) -> Document:
    """A list object that holds all of its items."""
    return {"object": "list", "data": documents, "has_more": False, "url": url}
