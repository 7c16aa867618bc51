"""Phone numbers: as E.164, and where they may be."""

from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone

from apps.business.contacts import InvalidPhone, normalize_phone
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id


def region() -> str:
    """Two-letter country of the tenant in scope."""
    return Tenant.objects.get(pk=current_tenant_id()).region


def e164(text: str, region: str) -> str | None:
    """A number as people write it, as E.164; None when it is none."""
    try:
        return normalize_phone(text, region)
    except InvalidPhone:
        return None


@lru_cache(maxsize=4_096)
def zones_of(number: str) -> tuple[ZoneInfo, ...]:
    """Every time zone in which an E.164 number may be; empty when nobody can say."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ()
    names = timezone.time_zones_for_number(parsed)
    known = [name for name in names if name != timezone.UNKNOWN_TIMEZONE]
    try:
        return tuple(ZoneInfo(name) for name in known)
    except (KeyError, ValueError):  # a zone that this machine does not know tells no time
        return ()
