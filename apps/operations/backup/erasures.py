"""Who asked to be forgotten: kept beside the backups, so that a restore brings nobody back.

It names contacts by id only, which leads nowhere without the backup.
"""

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.utils import timezone

from apps.business.data_rights import erasures, requests
from apps.business.models import Contact, DataRequest
from apps.operations.backup.archive import BadBackup
from apps.tenants.scope import all_tenants, tenant_scope


class Erasure(NamedTuple):
    tenant: str
    contact: str

    def line(self) -> str:
        return json.dumps(self._asdict())


def recorded() -> list[Erasure]:
    """Every erasure that was asked for and is on record, done or not."""
    with all_tenants(reason="what was erased at any business stays erased"):
        asked = DataRequest.objects.filter(kind=DataRequest.Kind.ERASURE).order_by("asked_at")
        return [Erasure(*row) for row in asked.values_list("tenant_id", "contact_id")]


def parse(lines: Iterable[str]) -> Iterator[Erasure]:
    """From lines as `Erasure.line` writes them.

    Raises:
        BadBackup: one is none; nothing is skipped in silence.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield Erasure(**json.loads(line))
            except (ValueError, TypeError):
                raise BadBackup(f"Line {number} of the erasures is not one.") from None


def repeat(wanted: Iterable[Erasure]) -> tuple[int, int]:
    """Erases those who are there again. Nothing else may run: the two passes come without a pause.

    Returns:
        (asked for anew, of these left to the worker because something failed)
    """
    asked = []
    for erasure in dict.fromkeys(wanted):
        with tenant_scope(erasure.tenant):
            contact = Contact.objects.filter(pk=erasure.contact).first()
            if contact is not None:
                request = requests.ask_erasure(
                    contact=contact, typed_name=contact.name, actor="system", now=timezone.now()
                )
                asked.append(request.pk)
    while asked and requests.perform(timezone.now() + dt.timedelta(seconds=2 * erasures.SETTLES)):
        pass
    with all_tenants(reason="those that were asked for a moment ago"):
        left = DataRequest.objects.filter(pk__in=asked, status__in=requests.OPEN).count()
    return len(asked), left
