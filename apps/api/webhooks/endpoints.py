"""Endpoints: making, changing, rotating their secrets, trying them out, and sending again what did not arrive."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from apps.api.core.addresses import is_allowed, is_reachable
from apps.api.models import WebhookDelivery, WebhookEndpoint
from apps.api.webhooks import catalogue
from apps.common.errors import AppError, InvalidInput
from apps.tenants import audit
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id

OVERLAP = timedelta(hours=24)
"""For so long after a rotation what is sent is signed with both secrets."""
MOST = 20
MAX_URL = 500
Status = WebhookDelivery.Status


class BadAddress(InvalidInput):
    """Webhooks are not sent to such an address."""

    code = "bad_address"


class TooManyWebhooks(AppError):
    code = "too_many_webhooks"
    status = 409


class WebhookDisabled(AppError):
    """Nothing is sent to it until it is switched on again."""

    code = "webhook_disabled"
    status = 409


class NothingToReplay(AppError):
    """It is on its way already."""

    code = "nothing_to_replay"
    status = 409


@transaction.atomic
def create(*, url: str, events: Sequence[str], description: str = "", actor: str) -> tuple[WebhookEndpoint, str]:
    """An endpoint, and its secret (`whsec_…`), which is shown this once.

    Raises:
        BadAddress, InvalidInput: the address, or an event, is none.
        TooManyWebhooks: the business has MOST already.
    """
    Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
    if WebhookEndpoint.objects.count() >= MOST:
        raise TooManyWebhooks(f"A business has {MOST} webhooks at most.")
    endpoint = WebhookEndpoint(url=check_url(url), events=check_events(events), description=description.strip())
    secret = _new_secret()
    endpoint.take_secret(secret)
    endpoint.save()
    audit.record(actor=actor, action="webhook.created", target=endpoint.pk)
    return endpoint, secret


@transaction.atomic
def change(*, endpoint: WebhookEndpoint, changes: Mapping[str, Any], actor: str) -> WebhookEndpoint:
    """Writes url, events, description, is_active: what is given. Switched on again, it starts with a clean slate.

    Raises:
        BadAddress, InvalidInput: as `create`.
    """
    checks = {"url": check_url, "events": check_events}
    values = {name: checks[name](value) if name in checks else value for name, value in changes.items()}
    changed = sorted(name for name, value in values.items() if getattr(endpoint, name) != value)
    if not changed:
        return endpoint
    for name in changed:
        setattr(endpoint, name, values[name])
    if "is_active" in changed and endpoint.is_active:
        endpoint.disabled_at, endpoint.disabled_reason, endpoint.failing_since = None, "", None
    endpoint.save()
    audit.record(actor=actor, action="webhook.changed", target=endpoint.pk, details={"fields": changed})
    return endpoint


@transaction.atomic
def delete(*, endpoint: WebhookEndpoint, actor: str) -> None:
    """Deletes it, with its log."""
    key = endpoint.pk
    endpoint.delete()
    audit.record(actor=actor, action="webhook.deleted", target=key)


@transaction.atomic
def rotate(*, endpoint: WebhookEndpoint, now: datetime, actor: str) -> str:
    """A new secret, shown this once. The one before still signs, too, for OVERLAP."""
    current = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    secret = _new_secret()
    current.sealed_previous, current.previous_until = current.sealed_secret, now + OVERLAP
    current.take_secret(secret)
    current.save()
    audit.record(actor=actor, action="webhook.rotated", target=current.pk)
    return secret


@transaction.atomic
def try_out(*, endpoint: WebhookEndpoint, now: datetime, actor: str) -> WebhookDelivery:
    """Sends it an event that means nothing.

    Raises:
        WebhookDisabled: see there.
    """
    _check_active(endpoint)
    delivery = WebhookDelivery(endpoint=endpoint, event=catalogue.PING, happened_at=now, next_at=now)
    delivery.save()
    audit.record(actor=actor, action="webhook.tried_out", target=endpoint.pk)
    return delivery


@transaction.atomic
def replay(*, delivery: WebhookDelivery, now: datetime, actor: str) -> WebhookDelivery:
    """Sends an event once more, under its own id, with all attempts before it again.

    Raises:
        NothingToReplay, WebhookDisabled: see there.
    """
    _check_active(delivery.endpoint)
    if not _again(WebhookDelivery.objects.filter(pk=delivery.pk).exclude(status=Status.PENDING), now):
        raise NothingToReplay("This is on its way already.")
    audit.record(actor=actor, action="webhook.replayed", target=delivery.endpoint_id, details={"delivery": delivery.pk})
    delivery.refresh_from_db()
    return delivery


@transaction.atomic
def replay_failed(*, endpoint: WebhookEndpoint, now: datetime, actor: str) -> int:
    """Sends everything again that was given up; how many that were.

    Raises:
        WebhookDisabled: see there.
    """
    _check_active(endpoint)
    count = _again(WebhookDelivery.objects.filter(endpoint=endpoint, status=Status.FAILED), now)
    if count:
        audit.record(actor=actor, action="webhook.replayed", target=endpoint.pk, details={"deliveries": count})
    return count


def _again(deliveries: Any, now: datetime) -> int:
    return int(deliveries.update(status=Status.PENDING, attempts=0, next_at=now, first_tried_at=None))


def _check_active(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_active:
        raise WebhookDisabled("This webhook is switched off. Switch it on first.")


def check_url(url: str) -> str:
    """The address, if a webhook may be sent there as far as can be seen without asking for its host.

    Raises:
        BadAddress: the message says why.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise BadAddress("That is not an address such as https://example.com/hook.", field="url") from None
    if len(url) > MAX_URL or not host or not url.isascii() or not url.isprintable() or " " in url:
        raise BadAddress("That is not an address such as https://example.com/hook.", field="url")
    if parts.username or parts.password:
        raise BadAddress("An address must not hold a password: check our signature instead.", field="url")
    literal = _is_literal(host)
    if parts.scheme != "https" and not (parts.scheme == "http" and settings.WEBHOOK_NETWORKS):
        raise BadAddress("The address must begin with https://.", field="url")
    if parts.scheme == "http" and literal and not is_allowed(host, allowed=settings.WEBHOOK_NETWORKS):
        raise BadAddress("The address must begin with https://.", field="url")
    if literal and not is_reachable(host, allowed=settings.WEBHOOK_NETWORKS):
        raise BadAddress("That address is not of the public internet.", field="url")
    return url


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def check_events(events: Sequence[str]) -> list[str]:
    """The events, each once, if the business has them.

    Raises:
        InvalidInput: there is none, or one that is not known.
    """
    known = {kind.name for kind in catalogue.kinds(vertical=Tenant.objects.get(pk=current_tenant_id()).vertical)}
    if not events:
        raise InvalidInput("Choose one event at least.", field="events")
    if unknown := [name for name in events if name not in known]:
        raise InvalidInput(f"There is no event “{unknown[0][:60]}” here.", field="events")
    return list(dict.fromkeys(events))


def _new_secret() -> str:
    return f"whsec_{secrets.token_urlsafe(32)}"
