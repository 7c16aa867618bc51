"""The one error family, and the one JSON envelope in which errors leave the house."""

from typing import Any, ClassVar


class AppError(Exception):
    """A condition that a caller can act on.

    Subclasses sit beside the code that raises them and set `code` (stable, snake_case), `status` (HTTP) and
    `retryable` (the same request may succeed later). The message is for people; `field` names the bad input.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, field: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.details = details

    def envelope(self) -> dict[str, Any]:
        """`{"error": {"code", "message", "field"?, …details}}`."""
        error: dict[str, Any] = {"code": self.code, "message": self.message, **self.details}
        if self.field is not None:
            error["field"] = self.field
        return {"error": error}

    def headers(self) -> dict[str, str]:
        """Extra response headers; `Retry-After` when the error knows when."""
        seconds = self.details.get("retry_after")
        return {"Retry-After": str(seconds)} if seconds is not None else {}


class InvalidInput(AppError):
    """The request's shape or a value is wrong; `field` says where."""

    code = "invalid_input"
    status = 422


class MalformedRequest(AppError):
    """The request cannot be read at all."""

    code = "malformed_request"
    status = 400


class NotFound(AppError):
    """No such thing, or not for this caller: the two are told apart by nobody."""

    code = "not_found"
    status = 404


class Unavailable(AppError):
    """A part the request needs is down at the moment."""

    code = "unavailable"
    status = 503
    retryable = True
