"""The key to a chat in which a version is tried: signed, short-lived, made for who may change the agent."""

from django.core import signing

from apps.agents.models import AgentVersion

PREFIX = "try_"
LIFETIME = 12 * 3600
"""Seconds for which a key opens a chat."""
_SALT = "callsphere.trial"


def key_of(version: AgentVersion) -> str:
    """A key for the widget's frame and the chat's addresses, in the place of a widget key."""
    return PREFIX + signing.dumps([version.tenant_id, version.pk], salt=_SALT)


def version_of(key: str) -> tuple[str, str] | None:
    """(tenant, id of the version) that a key is for; None when it is forged or too old."""
    if not key.startswith(PREFIX):
        return None
    try:
        tenant_id, version_id = signing.loads(key.removeprefix(PREFIX), salt=_SALT, max_age=LIFETIME)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return tenant_id, version_id
