"""What is sent: the body of an event, its headers, and the letter to the owners when an endpoint is given up."""

import json
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from rest_framework.utils.encoders import JSONEncoder

from apps.api.core.signature import HEADER, sign
from apps.api.models import WebhookDelivery, WebhookEndpoint
from apps.api.webhooks import catalogue
from apps.tenants.models import Membership, Role


def body_of(delivery: WebhookDelivery) -> bytes:
    """`{"id", "type", "created_at", "data": the object as it is now}`, for the tenant in scope.

    Of an object that is gone `data` holds its id and `deleted`.
    """
    data = catalogue.object_of(delivery.event, delivery.object_id)
    if data is None:
        data = {"id": delivery.object_id, "deleted": True} if delivery.object_id else {}
    told = {
        "id": delivery.event_id,
        "type": delivery.event,
        "created_at": delivery.happened_at,
        "data": data,
    }
    return json.dumps(told, cls=JSONEncoder, ensure_ascii=False).encode()


def headers_of(delivery: WebhookDelivery, body: bytes, *, now: datetime) -> dict[str, str]:
    """With the signature of the endpoint's secrets at that moment."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "CallSphere-Webhooks/1",
        "X-CallSphere-Event": delivery.event,
        "X-CallSphere-Delivery": delivery.pk,
        HEADER: sign(body=body, secrets=delivery.endpoint.secrets(at=now), at=int(now.timestamp())),
    }


def letter(endpoint: WebhookEndpoint) -> EmailMessage:
    """To every owner of the tenant in scope; `to` is empty when nobody owns it."""
    owners = Membership.objects.filter(role=Role.OWNER, user__is_active=True)
    reason = endpoint.disabled_reason
    return EmailMessage(
        subject="A webhook of yours was switched off",
        body=(
            f"We could not deliver events of {endpoint.tenant.name} to\n\n    {endpoint.url}\n\n{reason} "
            "So we have switched this webhook off. What it missed is in its log.\n\n"
            "Once the address answers again, switch the webhook on in the admin under Webhooks and choose "
            "“Send the failed ones again”.\n"
        ),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=list(owners.order_by("user__email").values_list("user__email", flat=True)),
    )
