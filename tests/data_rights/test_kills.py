"""An erasure survives SIGKILL: whoever goes on finishes it, and nothing is left."""

import asyncio
import json
import os
import sys

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.business.data_rights import requests
from apps.business.models import Contact, DataRequest
from apps.common.database import in_thread
from apps.conversations import turns
from apps.telephony.models import TextMessage
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.scope import in_tenant
from tests.conftest import make_tenant
from tests.data_rights import everywhere

KILLS = 6
PHONE = "+12128675309"


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return make_tenant("riverside", "Riverside Clinic")


def ask() -> None:
    """A contact with a lot of everything, who is to be erased."""
    now = timezone.now()
    contact = Contact.objects.create(given_name="Quirin", family_name="Vandermolen", phone=PHONE)
    TextMessage.objects.bulk_create(
        [
            TextMessage(direction="inbound", number="+12125550100", other=PHONE, body=f"Quirin Vandermolen {number}")
            for number in range(600)
        ]
    )
    for _ in range(60):
        conversation = turns.start(agent="triage", channel="chat", now=now, visitor="v")
        turns.add_visitor_turn(conversation=conversation, text="I am Quirin", message_id="m", run="r", now=now)
        turns.identify(conversation_id=conversation.pk, contact_id=contact.pk, now=now)
    requests.ask_erasure(contact=contact, typed_name="Quirin Vandermolen", actor="user:1", now=now)


async def kill_workers() -> int:
    database = {
        key: str(connection.settings_dict[key]) for key in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    }
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "callsphere.settings", "SECRET_KEY": settings.SECRET_KEY}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.data_rights.killed_worker", str(KILLS), "7"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environment,
        cwd=settings.BASE_DIR,
    )
    async with asyncio.timeout(280):
        told, _ = await process.communicate(json.dumps(database).encode())
    assert process.returncode == 0
    return int(told)


def check() -> None:
    assert DataRequest.objects.get().status == "done"
    assert not Contact.objects.exists()
    assert AuditEntry.objects.filter(action="contact.erased").count() == 1


@pytest.mark.timeout(300)
async def test_killed_workers_leave_it_to_the_next(tenant: Tenant) -> None:
    await in_tenant(tenant.pk, ask)
    assert await kill_workers() > 0, "no kill met a worker at work"
    await in_tenant(tenant.pk, check)
    words = everywhere.forms(given="Quirin", family="Vandermolen", phone=PHONE, email="q@none.example")
    assert (await in_thread(everywhere.places, words))["database"] == set()
