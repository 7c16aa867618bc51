"""Tickets: whoever holds the deployment's SECRET_KEY may have a few events sent, nobody else."""

from django.core import signing

from apps.common.errors import NotFound
from apps.edge.core.probe import Probe

_SALT = "callsphere.edge"
LIFETIME = 300
"""Seconds for which a ticket opens its probe; also how far the doctor's clock may be behind the server's."""


def mint(probe: Probe) -> str:
    """The probe, signed; safe in a URL."""
    return signing.dumps([probe.id, probe.events, probe.interval], salt=_SALT)


def read(ticket: str) -> Probe:
    """The probe of a ticket.

    Raises:
        NotFound: forged, of another deployment, or too old.
    """
    try:
        return Probe(*signing.loads(ticket, salt=_SALT, max_age=LIFETIME))
    except (signing.BadSignature, ValueError, TypeError):
        raise NotFound("There is nothing here.") from None
