"""Ports of this machine for servers that are about to start."""

import secrets
import socket
from pathlib import Path

EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
"""From which the system takes the other end of outgoing connections (ip(7))."""
LOWEST = 10_000
SPAN = 10_000
TRIES = 1_000


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on."""
    return free_ports(1, host)[0]


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Different ports that nobody listens on.

    They lie below those of outgoing connections: until the server listens, no connection of anybody's can take one, and
    who asks whether it listens already cannot meet itself (TCP lets a socket connect to its own port). A Redis
    Cluster's bus, 10,000 higher, is below them as well on a system that was left as it came.
    """
    held: list[socket.socket] = []
    try:
        for _ in range(TRIES):
            probe = socket.socket()
            held.append(probe)
            try:
                probe.bind((host, LOWEST + secrets.randbelow(SPAN) if _is_apart() else 0))
            except OSError:  # somebody's
                held.pop().close()
            if len(held) == count:
                return [int(probe.getsockname()[1]) for probe in held]
    finally:
        for probe in held:
            probe.close()
    raise OSError(f"no free port on {host} in {TRIES} tries")


def _is_apart() -> bool:
    """Whether our ports are none of those for outgoing connections; everywhere but on Linux they start at 49,152."""
    return not EPHEMERAL.exists() or int(EPHEMERAL.read_text().split()[0]) >= LOWEST + SPAN
