"""Where other systems and mail services report incidents: a tenant's API key names the business."""

from typing import Any

import msgspec
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from apps.common.api import BodyTooLarge, UnsupportedMediaType, api_view, read_json
from apps.common.database import in_thread
from apps.common.errors import InvalidInput
from apps.tenants.api_keys import tenant_of
from apps.tenants.scope import in_tenant
from apps.verticals.after_hours.intake import Report, from_api, from_email
from apps.verticals.after_hours.models import Incident

MOST = 256 * 1024
"""Bytes of a report."""
MOST_MAIL = 10 * 1024 * 1024
"""Bytes of an e-mail as a form, with its attachments, which are not kept."""
_SCOPE = "incidents:write"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_SENDER, _SUBJECT, _BODY = ("from", "sender", "From"), ("subject", "Subject"), ("text", "body-plain", "TextBody")
_MESSAGE_ID = ("Message-Id", "message-id", "MessageID", "Message-ID")
"""The fields as SendGrid, Mailgun and Postmark name them."""


class _Reported(msgspec.Struct, forbid_unknown_fields=True):
    description: str
    key: str = ""
    phone: str = ""
    address: str = ""
    unit: str = ""


@api_view("POST")
async def incidents(request: HttpRequest) -> JsonResponse:
    """`POST /api/after-hours/incidents`: another system reports something, such as an alarm panel.

    Body: `{"description", "key"?, "phone"?, "address"?, "unit"?}`; the key, or the header `Idempotency-Key`, makes two
    reports the same. 201, or 200 when it was known.
    """
    tenant_id = await in_thread(tenant_of, request, scope=_SCOPE)
    _check_size(request, MOST)
    told = read_json(request, _Reported)
    key = told.key or request.headers.get("Idempotency-Key", "")
    report = Report(key=key, description=told.description, phone=told.phone, address=told.address, unit=told.unit)
    return _answer(*await in_tenant(tenant_id, from_api, report, now=timezone.now(), actor="api"))


@api_view("POST")
async def email(request: HttpRequest) -> JsonResponse:
    """`POST /api/after-hours/email`: the inbound webhook of a mail service (SendGrid, Mailgun, Postmark).

    It answers 200 for an e-mail that it has seen, so that the service does not send it for ever.
    """
    tenant_id = await in_thread(tenant_of, request, scope=_SCOPE)
    mail = _mail(request)
    found = {name: _field(mail, names) for name, names in (("sender", _SENDER), ("subject", _SUBJECT), ("body", _BODY))}
    if not (found["subject"] or found["body"]):
        raise InvalidInput("The e-mail has neither a subject nor a text.", field="text")
    message_id = _field(mail, _MESSAGE_ID) or _header(_field(mail, ("headers",)), "message-id")
    return _answer(*await in_tenant(tenant_id, from_email, **found, message_id=message_id, now=timezone.now()))


def _check_size(request: HttpRequest, most: int) -> None:
    if int(request.headers.get("Content-Length") or 0) > most:
        raise BodyTooLarge(f"The request is larger than {most // 1024} KiB.")


def _mail(request: HttpRequest) -> Any:
    if request.content_type in _FORMS:
        _check_size(request, MOST_MAIL)
        return request.POST
    if request.content_type == "application/json":
        _check_size(request, MOST)
        return read_json(request, dict)  # type: ignore[type-var]
    raise UnsupportedMediaType("Send the e-mail as a form or as application/json.")


def _field(mail: Any, names: tuple[str, ...]) -> str:
    value = next((mail[name] for name in names if name in mail), "")
    return value.replace("\0", "") if isinstance(value, str) else ""


def _header(headers: str, wanted: str) -> str:
    """Of an e-mail's headers as one text."""
    for line in headers.splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == wanted:
            return value.strip()
    return ""


def _answer(incident: Incident, is_new: bool) -> JsonResponse:
    told = {"id": incident.pk, "reference": incident.reference, "state": incident.state, "is_new": is_new}
    return JsonResponse({"incident": told}, status=201 if is_new else 200)
