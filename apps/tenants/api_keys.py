"""Whose API key a request brings, and what it may do."""

import base64
import binascii
from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from apps.common.errors import AppError
from apps.tenants import key_scopes
from apps.tenants.models import ApiKey, hash_secret
from apps.tenants.scope import all_tenants

_NOTED_EVERY = timedelta(minutes=1)


class BadApiKey(AppError):
    """No key, an unknown or a revoked one: the three are told apart by nobody."""

    code = "bad_api_key"
    status = 401

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="CallSphere"'}


class ScopeMissing(AppError):
    """The key is valid, and may not do this. `details["scope"]` is what it lacks."""

    code = "scope_missing"
    status = 403


def key_of(request: HttpRequest) -> ApiKey:
    """The key that comes as `Authorization: Bearer sk_…`, or as the password of Basic.

    Basic is for services that only take an address (`https://key:sk_…@host/…`). Runs in a thread.

    Raises:
        BadApiKey: see there.
    """
    secret = _secret(request.headers.get("Authorization", ""))
    now = timezone.now()
    with all_tenants(reason="the key names the tenant"):
        found = ApiKey.objects.filter(secret_hash=hash_secret(secret), revoked_at=None) if secret else None
        key = found.select_related("tenant").first() if found is not None else None
        if key is None:
            raise BadApiKey("Send a valid API key of your business as Authorization: Bearer sk_….")
        if key.last_used_at is None or now - key.last_used_at > _NOTED_EVERY:
            ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
    return key


def check_scope(key: ApiKey, needed: str) -> None:
    """Raises ScopeMissing unless the key has the scope."""
    if not key_scopes.allows(key.scopes, needed):
        raise ScopeMissing(f"This key lacks the scope {needed}. An owner can give it one that has it.", scope=needed)


def tenant_of(request: HttpRequest, *, scope: str) -> str:
    """The id of the tenant whose key comes with the request.

    Raises:
        BadApiKey, ScopeMissing: see there.
    """
    key = key_of(request)
    check_scope(key, scope)
    return str(key.tenant_id)


def _secret(header: str) -> str:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
