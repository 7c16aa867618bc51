"""Which network addresses a webhook may be sent to: the public internet, and what the operator has allowed."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64: Final = ip_network("64:ff9b::/96")
_COMPATIBLE: Final = ip_network("::/96")


def is_reachable(address: str, *, allowed: Sequence[str] = ()) -> bool:
    """Whether it is of the public internet, or in one of the allowed networks.

    An IPv6 address that carries an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo) is as good as that one.
    """
    found = _parsed(address)
    if found is None:
        return False
    meant = getattr(found, "ipv4_mapped", None) or found
    return is_allowed(address, allowed=allowed) or all(_is_public(one) for one in (meant, *_carried(meant)))


def is_allowed(address: str, *, allowed: Sequence[str]) -> bool:
    """Whether it is in a network that the operator named."""
    found = _parsed(address)
    if found is None:
        return False
    meant = getattr(found, "ipv4_mapped", None) or found
    return any(meant.version == network.version and meant in network for network in map(ip_network, allowed))


def _parsed(address: str) -> Address | None:
    try:
        return ip_address(address.partition("%")[0])
    except ValueError:
        return None


def _is_public(address: Address) -> bool:
    # NAT64's own prefix counts as global, and whom it reaches is for the address within to say.
    return (address.is_global and not address.is_multicast and not address.is_reserved) or address in _NAT64


def _carried(address: Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    found = [address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]
