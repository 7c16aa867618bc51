"""Which lead an agent shall call: what the picker of the floor's page finds."""

import re
from typing import Any

from django.db.models import Q

from apps.business.core.names import fold
from apps.verticals.sales.models import Lead
from apps.verticals.sales.models.leads import CLOSED_STATUSES

MOST = 12
_PHONE = re.compile(r"\+?[\d\s().-]{3,}")


def find_leads(*, text: str) -> list[dict[str, Any]]:
    """Leads of the tenant in scope that may still buy, the most promising first; at most `MOST`.

    Args:
        text: digits of the phone, else words of which each is in the name or the company; "" finds the best of all.
    """
    wanted = Lead.objects.exclude(status__in=CLOSED_STATUSES).select_related("contact")
    if _PHONE.fullmatch(text.strip()):
        wanted = wanted.filter(phone__contains=re.sub(r"\D", "", text))
    else:
        for word in fold(text).split():
            wanted = wanted.filter(
                Q(contact__given_key__contains=word)
                | Q(contact__family_key__contains=word)
                | Q(company_key__contains=word)
            )
    return [_told(lead) for lead in wanted.order_by("-score", "contact__family_key", "id")[:MOST]]


def _told(lead: Lead) -> dict[str, Any]:
    return {
        "id": lead.pk,
        "name": lead.contact.name,
        "company": lead.company,
        "phone": lead.phone,
        "status": lead.get_status_display(),
        "score": lead.score,
        "temperature": lead.temperature,
    }
