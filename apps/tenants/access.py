"""What each role may do with a tenant's rows in the admin."""

from typing import Final, Literal

from django.http import HttpRequest

from apps.tenants.models import Role
from apps.tenants.scope import EVERY_TENANT, current_scope

Action = Literal["view", "add", "change", "delete"]
Rights = dict[str, frozenset[Action]]

EVERYTHING: Final[frozenset[Action]] = frozenset({"view", "add", "change", "delete"})
VIEW: Final[frozenset[Action]] = frozenset({"view"})
EDIT: Final[frozenset[Action]] = frozenset({"view", "change"})
NOTHING: Final[frozenset[Action]] = frozenset()

DAILY_WORK: Final[Rights] = {Role.OWNER: EVERYTHING, Role.MANAGER: EVERYTHING, Role.STAFF: EDIT | {"add"}}
"""Contacts, bookings: what the whole team works with."""
SET_UP: Final[Rights] = {Role.OWNER: EVERYTHING, Role.MANAGER: EVERYTHING, Role.STAFF: VIEW}
"""Services, hours, agents: managers and owners."""
OWNERS_ONLY: Final[Rights] = {Role.OWNER: EVERYTHING, Role.MANAGER: VIEW, Role.STAFF: NOTHING}
"""Keys, members."""
RECORD: Final[Rights] = {Role.OWNER: VIEW, Role.MANAGER: VIEW, Role.STAFF: VIEW}
"""Transcripts and trails: nobody edits them."""


def may(request: HttpRequest, action: Action, rights: Rights) -> bool:
    """Whether the person may do `action`. Platform administrators may look at all, and act in one opened tenant."""
    membership = getattr(request, "membership", None)
    if membership is not None:
        return action in rights.get(membership.role, NOTHING)
    if not (request.user.is_active and getattr(request.user, "is_superuser", False)):
        return False
    return action == "view" or (current_scope() != EVERY_TENANT and action in rights[Role.OWNER])
