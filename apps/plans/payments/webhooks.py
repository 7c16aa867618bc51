"""`POST /webhooks/stripe`: the provider tells that something happened. Signed, or refused."""

from logging import getLogger

import stripe
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.common.database import in_thread
from apps.common.errors import AppError
from apps.plans.payments import notices
from apps.plans.payments.account import PaymentsNotConfigured, configured

logger = getLogger(__name__)

TOLERANCE = 300
"""Seconds by which a signature may be old: a recorded request cannot be sent again later."""
MOST = 1_048_576


@csrf_exempt
@require_POST
async def events(request: HttpRequest) -> HttpResponse:
    """200 once it is stored and followed; 503 when it is to be sent again; 400 when it is not the provider's."""
    try:
        secret = configured().secret
    except PaymentsNotConfigured:
        return HttpResponse(status=404)
    if len(request.body) > MOST:
        return HttpResponse(status=413)
    event = _event(request, secret)
    if event is None:
        return HttpResponse("The signature is missing, old or wrong.", status=400, content_type="text/plain")
    try:
        await in_thread(_handle, event)
    except AppError as error:
        logger.warning("A payment notice could not be followed", extra={"error_code": error.code})
        return HttpResponse(status=503)
    return HttpResponse(status=200)


def _event(request: HttpRequest, secrets: str) -> stripe.Event | None:
    """What was sent, if one of the secrets signed it; two, comma-separated, while it is being replaced."""
    header = request.headers.get("Stripe-Signature", "")
    for secret in filter(None, map(str.strip, secrets.split(","))):
        try:
            return stripe.Webhook.construct_event(request.body, header, secret, TOLERANCE)
        except (ValueError, KeyError, stripe.SignatureVerificationError):
            continue
    return None


def _handle(event: stripe.Event) -> None:
    notices.handle(notices.take(event=event), now=timezone.now())
