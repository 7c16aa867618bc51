"""Reports over HTTP, from other systems and from mail services: with a business's key, into that business, once."""

import base64
import json
from typing import Any

import httpx2 as httpx
import pytest
from django.test import Client
from django.utils import timezone

from apps.common.database import in_thread
from apps.telephony import numbers
from apps.telephony.account import configured
from apps.telephony.simulated.exchange import Exchange
from apps.tenants.models import ApiKey, Tenant
from apps.tenants.scope import in_tenant, tenant_scope
from apps.verticals.after_hours.models import Incident
from tests.conftest import make_tenant
from tests.verticals.after_hours.conftest import make_line

INCIDENTS, EMAIL = "/api/after-hours/incidents", "/api/after-hours/email"
FLOOD = {"description": "Water is coming through the ceiling", "key": "panel-7-1", "phone": "(212) 555-0142"}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def line(transactional_db: None) -> Tenant:
    tenant = make_tenant("nightwatch", "Nightwatch", vertical="after_hours")
    with tenant_scope(tenant.pk):
        make_line(tenant)
    return tenant


@pytest.fixture
def other(transactional_db: None) -> Tenant:
    tenant = make_tenant("other", "Other Line", vertical="after_hours")
    with tenant_scope(tenant.pk):
        make_line(tenant)
    return tenant


def key_of(tenant: Tenant) -> str:
    with tenant_scope(tenant.pk):
        return ApiKey.issue(name="panel")[1]


def report(body: Any, *, key: str = "", path: str = INCIDENTS, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}"} | more.pop("headers", {})
    return Client().post(path, json.dumps(body), content_type="application/json", headers=headers, **more)


def count(tenant: Tenant) -> int:
    with tenant_scope(tenant.pk):
        return Incident.objects.count()


def test_a_panel_reports_once(line: Tenant) -> None:
    key, before = key_of(line), count(line)
    first, again = report(FLOOD, key=key), report(FLOOD, key=key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["incident"]["is_new"]
    assert first.json()["incident"]["reference"] == again.json()["incident"]["reference"]
    assert count(line) == before + 1
    with tenant_scope(line.pk):
        incident = Incident.objects.get(pk=first.json()["incident"]["id"])
        assert (incident.channel, incident.callback_phone) == ("api", "+12125550142")
        assert ApiKey.objects.get().last_used_at is not None


def test_the_header_is_a_key_too(line: Tenant) -> None:
    key = key_of(line)
    body = {"description": "No heat"}
    answers = [report(body, key=key, headers={"Idempotency-Key": "a1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]


@pytest.mark.parametrize("path", [INCIDENTS, EMAIL])
@pytest.mark.parametrize("key", ["", "sk_nobody", "revoked", "wk_demo_after_hours"])
def test_without_a_key_nothing_happens(line: Tenant, path: str, key: str) -> None:
    if key == "revoked":
        key = key_of(line)
        with tenant_scope(line.pk):
            ApiKey.objects.update(revoked_at=timezone.now())
    before = count(line)
    answer = report(FLOOD | {"subject": "Flood"}, key=key, path=path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "bad_api_key")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert count(line) == before


def test_a_foreign_tenants_key_reports_to_them_and_never_to_us(line: Tenant, other: Tenant) -> None:
    ours, theirs = count(line), count(other)
    mine = report(FLOOD, key=key_of(line))
    foreign = report(FLOOD, key=key_of(other))  # the same key of the same panel, at another business
    assert foreign.json()["incident"]["is_new"]
    assert foreign.json()["incident"]["id"] != mine.json()["incident"]["id"]
    mail = Client().post(
        EMAIL, {"subject": "Flood", "text": "Help"}, headers={"Authorization": f"Bearer {key_of(other)}"}
    )
    assert mail.status_code == 201
    assert (count(line), count(other)) == (ours + 1, theirs + 2)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, None),
        ({"description": " ", "key": "1"}, 422, "description"),
        ({"description": "Water"}, 422, "key"),
        ({"description": "Water", "key": "1", "phone": "12"}, 422, "phone"),
        ({"description": 5, "key": "1"}, 422, "description"),
        ({"description": "Water", "key": "1", "tenant": "ten_x"}, 422, None),
        ("Water", 422, None),
    ],
)
def test_a_report_that_is_none_says_why(line: Tenant, body: Any, status: int, field: str | None) -> None:
    answer = report(body, key=key_of(line))
    assert answer.status_code == status
    assert answer.json()["error"].get("field") == field
    assert answer.json()["error"]["message"]


def test_what_is_too_large_or_no_json(line: Tenant) -> None:
    key = key_of(line)
    headers = {"Authorization": f"Bearer {key}"}
    assert report({"description": "x" * 300_000, "key": "1"}, key=key).status_code == 413
    assert Client().post(INCIDENTS, "{", content_type="application/json", headers=headers).status_code == 400
    assert Client().post(INCIDENTS, "x", content_type="text/plain", headers=headers).status_code == 415
    assert Client().get(INCIDENTS, headers=headers).status_code == 405
    assert Client().post(EMAIL, "x", content_type="text/plain", headers=headers).status_code == 415


SENDGRID = {
    "from": "Dana <dana@example.com>",
    "subject": "Flood in 4B",
    "text": "Water is coming through the ceiling.\nPhone: (212) 555-0142\n\n> older words",
    "headers": "Received: by mx\nMessage-ID: <m1@example.com>\nSubject: Flood",
}
MAILGUN = {
    "sender": "dana@example.com",
    "subject": "Flood in 4B",
    "body-plain": "Help",
    "Message-Id": "<m2@example.com>",
}
POSTMARK = {"From": "dana@example.com", "Subject": "Flood in 4B", "TextBody": "Help", "MessageID": "m3"}


@pytest.mark.parametrize("mail", [SENDGRID, MAILGUN, POSTMARK], ids=["sendgrid", "mailgun", "postmark"])
@pytest.mark.parametrize("form", [True, False], ids=["form", "json"])
def test_an_email_of_any_service_is_an_incident_once(line: Tenant, mail: dict[str, str], form: bool) -> None:
    # Mail services take an address only: the key is its password.
    basic = base64.b64encode(f"key:{key_of(line)}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}

    def deliver() -> Any:
        if form:
            return Client().post(EMAIL, mail, headers=headers)
        return Client().post(EMAIL, json.dumps(mail), content_type="application/json", headers=headers)

    first, again = deliver(), deliver()
    assert (first.status_code, again.status_code) == (201, 200)
    with tenant_scope(line.pk):
        incident = Incident.objects.get(pk=first.json()["incident"]["id"])
    assert incident.channel == "email"
    assert incident.description.startswith("Flood in 4B")
    assert "older words" not in incident.description
    if mail is SENDGRID:
        assert incident.callback_phone == "+12125550142"


def test_an_email_without_words(line: Tenant) -> None:
    answer = Client().post(EMAIL, {"from": "x@example.com"}, headers={"Authorization": f"Bearer {key_of(line)}"})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "text")


async def test_a_text_to_our_number_is_an_incident_of_ours(line: Tenant, other: Tenant, server: str) -> None:
    """Over the carrier's signed webhook, as it comes in from outside."""
    await in_tenant(line.pk, numbers.assign, number="+12125550111")
    await in_tenant(other.pk, numbers.assign, number="+12125550122")
    before = await in_thread(count, line), await in_thread(count, other)
    async with Exchange(configured()) as exchange:
        reply = await exchange.text(
            from_="+12125550142",
            to="+12125550111",
            body="Water everywhere, a pipe burst at 12 River Road",
            url=f"{server}/voice/twilio/sms",
        )
    assert "we are ringing our people on call" in (reply or "")
    assert (await in_thread(count, line), await in_thread(count, other)) == (before[0] + 1, before[1])


def test_a_forged_text_is_none(line: Tenant, server: str) -> None:
    with tenant_scope(line.pk):
        numbers.assign(number="+12125550111")
    fields = {"From": "+12125550142", "To": "+12125550111", "Body": "A pipe burst", "MessageSid": "SM1"}
    before = count(line)
    forged = httpx.post(f"{server}/voice/twilio/sms", data=fields, headers={"X-Twilio-Signature": "forged"})
    assert forged.status_code in (401, 403)
    assert count(line) == before
