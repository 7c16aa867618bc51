"""Every refusal of the API as the house's one envelope, with the request's id."""

import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from apps.common.api import BodyTooLarge, MethodNotAllowed, UnsupportedMediaType
from apps.common.errors import AppError, InvalidInput, MalformedRequest, NotFound
from apps.common.logs import known_by
from apps.common.outage import AWAY, unavailable

logger = logging.getLogger(__name__)


class NotAcceptable(AppError):
    code = "not_acceptable"
    status = 406


class Forbidden(AppError):
    code = "forbidden"
    status = 403


class PreconditionFailed(AppError):
    """`If-Match` names another state than the one that is stored: somebody has changed it since it was read."""

    code = "outdated"
    status = 412


def respond(error: Exception, context: Any = None) -> Response | None:
    """The error's answer; None for what nobody foresaw, which Django logs and answers with 500."""
    refusal = error if isinstance(error, AppError) else _translated(error)
    if refusal is None:
        return None
    envelope = refusal.envelope()
    envelope["error"] |= known_by()
    headers = refusal.headers()
    if isinstance(error, exceptions.MethodNotAllowed) and context is not None:
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    return Response(envelope, status=refusal.status, headers=headers)


def _translated(error: Exception) -> AppError | None:
    match error:
        case exceptions.ValidationError():
            return _invalid(error)
        case exceptions.ParseError():
            return MalformedRequest("The body is not valid JSON.")
        case exceptions.UnsupportedMediaType():
            return UnsupportedMediaType("Send the body as application/json.")
        case exceptions.NotAcceptable():
            return NotAcceptable("Answers are application/json: accept that.")
        case exceptions.MethodNotAllowed():
            return MethodNotAllowed(str(error.detail))
        case Http404() | exceptions.NotFound():
            return NotFound("There is no such thing.")
        case exceptions.PermissionDenied() | PermissionDenied():
            return Forbidden(str(error) or "This is not allowed.")
        case RequestDataTooBig():
            return BodyTooLarge("The request is too large.")
    if isinstance(error, AWAY):
        logger.warning("A part is away", extra={"error": type(error).__name__})
        return unavailable()
    return None


def _invalid(error: exceptions.ValidationError) -> InvalidInput:
    """The first thing that is wrong, and all of them under `problems` when there are several."""
    found = list(_flat(error.detail, ""))
    field, message = found[0] if found else ("", "The body is not what is expected here.")
    several = {"problems": [{"field": f, "message": m} for f, m in found]} if len(found) > 1 else {}
    return InvalidInput(message, field=field or None, **several)


def _flat(detail: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = path if name == "non_field_errors" else f"{path}.{name}".lstrip(".")
            yield from _flat(inner, own)
    elif isinstance(detail, list | tuple):
        for number, inner in enumerate(detail):
            yield from _flat(inner, path if isinstance(inner, str) else f"{path}.{number}".lstrip("."))
    else:
        yield path, str(detail)
