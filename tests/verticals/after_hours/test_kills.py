"""Real kills: workers die at random moments, and the carrier tells whom it was asked to call."""

import asyncio
import datetime as dt
import json
import os
import sys
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.telephony import numbers
from apps.telephony.account import configured
from apps.telephony.models import PlacedCall
from apps.telephony.simulated.exchange import Exchange
from apps.tenants.models import Tenant
from apps.tenants.scope import in_tenant
from apps.verticals.after_hours import incidents
from apps.verticals.after_hours.core.ladder import next_due
from apps.verticals.after_hours.models import Incident, LineRules, Rung
from tests.conftest import make_tenant
from tests.verticals.after_hours.conftest import make_responder, make_rotation

KILLS = 40
WINDOW = dt.timedelta(seconds=1)
REPORTS = {
    "plumbing": "A pipe burst",
    "hvac": "We have no heat",
    "electrical": "Sparks came out of the outlet",
    "lockout": "I am locked out",
}
PEOPLE = 6


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return make_tenant("riverside", "Riverside Clinic")


def report() -> None:
    """Four emergencies at once; everybody is on one ladder only, so that a number tells whose call it was."""
    numbers.assign(number="+12125550111")
    LineRules.objects.create(rung_seconds=WINDOW.seconds)
    now = timezone.now()
    for row, (trade, said) in enumerate(REPORTS.items()):
        people = [make_responder(f"{trade} {place}", 10 * row + place, trade) for place in range(PEOPLE)]
        make_rotation(trade, trade, *people)
        incidents.open_incident(channel="phone", description=said, now=now, actor="test")


async def kill_workers(exchange: Exchange) -> None:
    database = {
        key: str(connection.settings_dict[key]) for key in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    }
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "callsphere.settings",
        "SECRET_KEY": settings.SECRET_KEY,
        "TWILIO_API_BASE": exchange.url,
        "PUBLIC_URL": "http://127.0.0.1:9",  # nobody answers there: of each call we know what the order said
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.verticals.after_hours.killed_worker", str(KILLS), "7"),
        stdin=asyncio.subprocess.PIPE,
        env=environment,
        cwd=settings.BASE_DIR,
    )
    async with asyncio.timeout(150):
        await process.communicate(json.dumps(database).encode())
    assert process.returncode == 0


def check(called: Counter[str], texted: Counter[str]) -> None:
    assert set(Incident.objects.values_list("state", flat=True)) == {"missed"}
    placed = {call.to: call for call in PlacedCall.objects.all()}
    assert PlacedCall.objects.count() == len(placed) == len(REPORTS) * PEOPLE
    for incident in Incident.objects.all():
        rungs = list(incident.rungs.select_related("responder").order_by("position"))
        assert incident.log.filter(kind="called").count() == len(rungs) == PEOPLE
        expected = incident.reported_at
        for rung in rungs:
            _to_the_second(rung, expected)
            expected = next_due(rung.due_at, now=rung.begun_at, window=WINDOW)
            assert sorted(rung.outreach.values_list("kind", flat=True)) == ["call", "text"]
            number = rung.responder.phone
            assert called[number] == 1
            assert placed[number].carrier_call
            assert texted[number] >= 1
        assert incident.log.filter(kind="missed").count() == incident.log.filter(kind="alerted").count() == 1


def _to_the_second(rung: Rung, expected: dt.datetime) -> None:
    assert rung.due_at == expected, rung
    assert rung.begun_at is not None
    assert rung.begun_at >= rung.due_at


async def test_nobody_is_skipped_and_nobody_called_twice(tenant: Tenant) -> None:
    await in_tenant(tenant.pk, report)
    async with Exchange(configured(), speed=20.0) as exchange:
        await kill_workers(exchange)
        called = Counter(call.to for call in exchange.calls.values())
        texted = Counter(message["to"] for message in exchange.messages)
    await in_tenant(tenant.pk, check, called, texted)
