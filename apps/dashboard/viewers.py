"""Who watches a floor, through which connection."""

from dataclasses import dataclass
from typing import Final

from apps.tenants.models import Role

STEERING: Final = (Role.OWNER.value, Role.MANAGER.value)
"""Roles that may give every command; staff may set outcomes of their own leads."""


@dataclass(frozen=True)
class Viewer:
    """A member of a tenant at one socket. Taken from the session when the ticket was made, never from the socket."""

    tenant_id: str
    user_id: str
    """The user's primary key, in words."""
    name: str
    role: str
    """As of `tenants.Role`; a socket whose role changes is closed."""
    socket: str
    """Names the connection: unique, and told to nobody else."""

    @property
    def steers(self) -> bool:
        """Whether they may give every command."""
        return self.role in STEERING
