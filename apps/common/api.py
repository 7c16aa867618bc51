"""JSON views: methods, bodies and errors, the same for every API route."""

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from apps.common import cors
from apps.common.errors import AppError, InvalidInput, MalformedRequest
from apps.common.logs import known_by
from apps.common.outage import AWAY, unavailable

logger = logging.getLogger(__name__)

AsyncView = Callable[..., Awaitable[HttpResponseBase]]
Body = TypeVar("Body", bound=msgspec.Struct)


class MethodNotAllowed(AppError):
    code = "method_not_allowed"
    status = 405


class UnsupportedMediaType(AppError):
    code = "unsupported_media_type"
    status = 415


class BodyTooLarge(AppError):
    code = "body_too_large"
    status = 413


class InternalError(AppError):
    code = "internal_error"
    status = 500
    retryable = True


def api_view(*methods: str) -> Callable[[AsyncView], Any]:
    """Decorates an async view: only `methods`, pages of other origins served, every error in the JSON envelope."""

    def decorate(view: AsyncView) -> Any:
        @wraps(view)
        async def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "OPTIONS":
                return cors.preflight(request, methods)
            try:
                if request.method not in methods:
                    raise MethodNotAllowed(f"Use {' or '.join(methods)} here.")
                if most := getattr(request, "oversized", 0):
                    raise BodyTooLarge(f"The request is larger than {most // 1024} KiB.")
                response = await view(request, *args, **kwargs)
            except AppError as error:
                response = error_response(error)
            except AWAY as error:
                logger.warning("A part is away", extra={"view": view.__name__, "error": type(error).__name__})
                response = error_response(unavailable())
            except Exception:
                logger.exception("Unhandled error in an API view", extra={"view": view.__name__})
                response = error_response(InternalError("Something went wrong on our side. Please try again."))
            return cors.readable(request, response)

        guarded.csrf_exempt = True  # type: ignore[attr-defined]  # authenticated by token, never by cookie
        return guarded

    return decorate


def error_response(error: AppError) -> JsonResponse:
    """The error's envelope, with the ids by which a report is matched to logs and traces."""
    envelope = error.envelope()
    envelope["error"] |= known_by()
    return JsonResponse(envelope, status=error.status, headers=error.headers())


def read_json(request: HttpRequest, shape: type[Body]) -> Body:
    """The body as `shape`.

    Raises:
        UnsupportedMediaType: the body is not declared as JSON.
        MalformedRequest: it is empty or not JSON.
        InvalidInput: it is JSON of another shape; the message names the place and what was expected.
    """
    if request.content_type != "application/json":
        raise UnsupportedMediaType("Send the body as application/json.")
    try:
        return msgspec.json.decode(request.body, type=shape)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise InvalidInput(message, field=path.strip(".`") or None) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # so deep that nobody means it
        raise MalformedRequest("The body is not valid JSON.") from None
