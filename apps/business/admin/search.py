"""Searching people as their names and numbers are stored."""

import re
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.business.core.names import fold
from apps.tenants.admin import TenantAdmin

_PHONE = re.compile(r"\+?[\d\s().-]{4,}")


def folded(term: str) -> str:
    """What to look for: a phone number's digits, else the words without case and accents."""
    return re.sub(r"\D", "", term) if _PHONE.fullmatch(term.strip()) else fold(term)


class FoldedSearch(TenantAdmin):
    """For pages whose `search_fields` are folded names, phones, e-mails and references."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, folded(search_term))
