"""Documents of a business, read by the worker's own duty."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from apps.agents.knowledge import intake, sources
from apps.agents.knowledge.models import KnowledgeSource
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope

Add = Callable[..., KnowledgeSource]
HOUSE = """# House rules

## Parking

Guests park behind the house. The gate code changes every Monday.

## Pets

Rabbits are welcome in the courtyard. Parrots stay at home.
"""


def work(now: datetime | None = None) -> int:
    """Reads all that waits, as the worker does."""
    done = 0
    while intake.perform(now or datetime.now(UTC)):
        done += 1
    return done


@pytest.fixture
def add() -> Add:
    """Uploads a document to a tenant and has it read; the source as it is then."""

    def upload(
        tenant: Tenant, title: str, data: bytes | str = HOUSE, *, name: str = "", read: bool = True
    ) -> KnowledgeSource:
        content = data.encode() if isinstance(data, str) else data
        with tenant_scope(tenant.pk):
            source = sources.add(title=title, data=content, file_name=name, actor="user:1")
        return fresh(source) if not read or work() else source

    return upload


def fresh(source: KnowledgeSource) -> KnowledgeSource:
    """As the database has it now."""
    with tenant_scope(source.tenant_id):
        found: KnowledgeSource = KnowledgeSource.objects.get(pk=source.pk)
        return found


def texts(source: KnowledgeSource) -> list[str]:
    with tenant_scope(source.tenant_id):
        return [piece.text for piece in source.pieces.all()]
