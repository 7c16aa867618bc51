"""A conversation's receipt on its page in the admin."""

from django.http import HttpRequest

from apps.conversations.models import Conversation
from apps.conversations.panels import Panel
from apps.plans.plan_page import money
from apps.plans.receipts import Receipt, receipt
from apps.tenants.access import OWNERS_ONLY, may
from apps.tenants.scope import EVERY_TENANT, current_scope


def show(request: HttpRequest, conversation: Conversation) -> Panel | None:
    """For those who may see the plan; a platform administrator opens the business first."""
    if current_scope() == EVERY_TENANT or not may(request, "view", OWNERS_ONLY):
        return None
    slip = receipt(conversation_id=conversation.pk)
    return Panel("admin/plans/receipt.html", {"slip": slip, "cost": _cost(slip)})


def _cost(slip: Receipt) -> str:
    if not slip.number:
        return "Nothing: not counted as an interaction"
    if slip.cents:
        return money(slip.cents)
    return "Nothing: beyond the plan, not charged" if slip.beyond else "Included in the plan"
