"""Which network address a request comes from, as far as it can be known."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's IPv4 address, or the /64 of its IPv6 address, which is one household's; "" when nobody can tell.

    See `address_of`; the number of proxies is TRUSTED_PROXIES.
    """
    return address_of(
        peer=request.META.get("REMOTE_ADDR") or "",
        forwarded=request.META.get("HTTP_X_FORWARDED_FOR", ""),
        proxies=settings.TRUSTED_PROXIES,
    )


def address_of(*, peer: str, forwarded: str, proxies: int) -> str:
    """The address that the outermost trusted proxy saw.

    Each proxy appends whom it heard from to `X-Forwarded-For`, so with n of them the n-th from the right was written
    by the first of ours; everything left of it is the client's own claim and is never looked at. Without proxies, or
    where that place holds no address, the peer counts. A peer that is not of the public internet (loopback, a
    container's network, a unix socket) may well be a proxy nobody told us about, and stand for every visitor there
    is: that is nobody's address.
    """
    named = forwarded.split(",")
    if 0 < proxies <= len(named) and (address := _parsed(named[-proxies])) is not None:
        return _shown(address)
    address = _parsed(peer)
    return _shown(address) if address is not None and address.is_global else ""


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it: also with a port, as `192.0.2.1:80` or `[2001:db8::1]:80`."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _shown(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((int(address), 64), strict=False))
