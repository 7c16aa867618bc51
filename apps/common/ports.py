"""Ports of this machine for servers that are about to start."""

import secrets
import socket
from contextlib import suppress
from pathlib import Path

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""From which the system takes the other end of outgoing connections (ip(7))."""
LOWEST = 10_000
SPAN = 10_000
TRIES = 1_000
_given: set[int] = set()
"""By this process, whose servers may not listen yet."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on, and that this process was not given before."""
    return free_ports(1, host)[0]


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Different ports as of `free_port`.

    They lie below those of outgoing connections: until the server listens, no connection of anybody's can take one, and
    who asks whether it listens already cannot meet itself (TCP lets a socket connect to its own port). A Redis
    Cluster's bus, 10,000 higher, is below them as well on a system that was left as it came.
    """
    is_apart = _is_apart()
    found: list[int] = []
    for _ in range(TRIES):
        with socket.socket() as probe, suppress(OSError):  # somebody's
            probe.bind((host, LOWEST + secrets.randbelow(SPAN) if is_apart else 0))
            if (port := int(probe.getsockname()[1])) not in _given:
                _given.add(port)
                found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"no free port on {host} in {TRIES} tries")


def _is_apart() -> bool:
    """Whether our ports are none of those for outgoing connections; everywhere but on Linux they start at 49,152."""
    return not EPHEMERAL.exists() or int(EPHEMERAL.read_text().split()[0]) >= LOWEST + SPAN
