"""Webhooks: told of what happens, signed, tried again, given up, sent again; nowhere but to where they may go."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.utils import timezone

from apps.api.core.retries import ATTEMPTS
from apps.api.core.signature import HEADER, is_signed
from apps.api.models import WebhookDelivery, WebhookEndpoint
from apps.api.webhooks import dispatch, endpoints
from apps.api.webhooks.sender import Outcome, send
from apps.business import contacts
from apps.business.models import Contact
from apps.common import duties
from apps.conversations import calls, turns
from apps.tenants.models import Tenant, User
from apps.tenants.scope import tenant_scope
from tests.api.conftest import Program
from tests.api.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db(transaction=True)
Status = WebhookDelivery.Status
LONG = 15.0


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> Iterator[None]:
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    yield
    assert dispatch.settled(within=LONG)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def hook(crm: Program, url: str, *events: str) -> dict[str, Any]:
    made = crm.post("webhooks", {"url": url, "events": list(events or ("contact.created",))})
    assert made.status_code == 201, made.content
    return dict(made.json())


def work(now: Any = None) -> int:
    """A turn of the worker, and the end of what it began."""
    begun = dispatch.perform(now or timezone.now())
    assert dispatch.settled(within=LONG)
    return begun


def log(crm: Program, endpoint: dict[str, Any]) -> list[dict[str, Any]]:
    return list(crm.get(f"webhooks/{endpoint['id']}/deliveries").json()["data"])


def test_an_event_arrives_signed_with_the_object_as_it_is(crm: Program, receiver: Receiver) -> None:
    endpoint = hook(crm, receiver.url, "contact.created", "contact.updated")
    ada = crm.post("contacts", {"given_name": "Ada"}).json()
    changed = crm.patch(f"contacts/{ada['id']}", {"given_name": "Ida"}).json()
    assert work() == 2
    told = {json.loads(sent.body)["type"]: json.loads(sent.body) for sent in receiver.got}
    assert set(told) == {"contact.created", "contact.updated"}
    assert told["contact.created"]["data"] == told["contact.updated"]["data"] == changed
    for sent in receiver.got:
        now = int(timezone.now().timestamp())
        assert is_signed(header=sent.headers[HEADER], body=sent.body, secret=endpoint["secret"], now=now)
        assert not is_signed(header=sent.headers[HEADER], body=sent.body + b" ", secret=endpoint["secret"], now=now)
        assert not is_signed(header=sent.headers[HEADER], body=sent.body, secret="whsec_other", now=now)
        assert not is_signed(header=sent.headers[HEADER], body=sent.body, secret=endpoint["secret"], now=now + 301)
    rows = log(crm, endpoint)
    assert {(row["status"], row["answered"], row["attempts"], row["response_head"]) for row in rows} == {
        ("delivered", 200, 1, "answer 200")
    }
    assert rows[0]["duration_ms"] is not None
    assert work() == 0


def test_nothing_is_written_for_who_does_not_listen(crm: Program, rival: Program, receiver: Receiver) -> None:
    endpoint = hook(crm, receiver.url, "booking.created")
    crm.post("contacts", {"given_name": "Ada"})
    rival.post("contacts", {"given_name": "Bob"})
    crm.patch(f"webhooks/{endpoint['id']}", {"events": ["contact.created"], "is_active": False})
    crm.post("contacts", {"given_name": "Bea"})
    assert work() == 0
    assert log(crm, endpoint) == []


def test_an_event_is_written_with_what_happened_or_not_at_all(crm: Program, clinic: Tenant, receiver: Receiver) -> None:
    hook(crm, receiver.url)

    @transaction.atomic
    def fail() -> None:
        contacts.create_contact(given_name="Ada")
        raise RuntimeError

    with tenant_scope(clinic.pk):
        with pytest.raises(RuntimeError):
            fail()
        assert not WebhookDelivery.objects.exists()
        contacts.create_contact(given_name="Ida")
        assert WebhookDelivery.objects.count() == 1


def test_calls_and_conversations_are_told(crm: Program, clinic: Tenant, receiver: Receiver) -> None:
    names = ("conversation.started", "conversation.ended", "call.started", "call.ended", "conversation.handed_over")
    hook(crm, receiver.url, *names)
    now = timezone.now()
    with tenant_scope(clinic.pk):
        call = calls.begin(agent="front", channel="phone", carrier="t", carrier_call="c", now=now)
        turns.hand_over(conversation_id=call.conversation_id, to="billing", handover={}, now=now)
        calls.end(call_id=call.pk, reason="caller", now=now + timedelta(seconds=5))
        calls.end(call_id=call.pk, reason="twice", now=now)
    work(now + timedelta(seconds=10))
    told = [json.loads(sent.body) for sent in receiver.got]
    assert sorted(event["type"] for event in told) == sorted(names)
    ended = next(event for event in told if event["type"] == "call.ended")
    assert (ended["data"]["id"], ended["data"]["seconds"], ended["data"]["agent"]) == (call.pk, 5, "billing")


def test_what_is_gone_is_named(crm: Program, receiver: Receiver) -> None:
    hook(crm, receiver.url, "contact.created", "contact.deleted")
    ada = crm.post("contacts", {"given_name": "Ada"}).json()
    crm.delete(f"contacts/{ada['id']}")
    work()
    assert {json.dumps(json.loads(sent.body)["data"]) for sent in receiver.got} == {
        json.dumps({"id": ada["id"], "deleted": True})
    }


def test_a_failure_is_tried_again_until_it_is_given_up(crm: Program, clinic: Tenant, alice: User) -> None:
    with receiving() as receiver:
        endpoint = hook(crm, receiver.url)
        receiver.answers = [500, 404, 301] + [503] * ATTEMPTS
        receiver.location = "http://127.0.0.1:1/elsewhere"
        crm.post("contacts", {"given_name": "Ada"})
        began = now = timezone.now()
        for attempt in range(1, ATTEMPTS + 1):
            assert work(now) == 1, attempt
            [row] = log(crm, endpoint)
            assert row["attempts"] == len(receiver.got) == attempt
            assert work(now) == 0
            if attempt < ATTEMPTS:
                assert row["status"] == "pending"
                with tenant_scope(clinic.pk):
                    now = WebhookDelivery.objects.get().next_at
        assert len({json.loads(sent.body)["id"] for sent in receiver.got}) == 1
    assert row["status"] == "failed"
    assert row["answered"] == 503
    assert timedelta(0) < now - began
    shown = crm.get(f"webhooks/{endpoint['id']}").json()
    assert shown["is_active"] is False
    assert "503" in shown["disabled_reason"]
    assert dispatch.write_letters(now) == 1
    assert dispatch.write_letters(now) == 0
    [letter] = mail.outbox
    assert letter.to == ["alice@riverside.example"]
    assert endpoint["url"] in letter.body


def test_an_endpoint_that_takes_other_events_is_not_switched_off(
    crm: Program, clinic: Tenant, receiver: Receiver
) -> None:
    endpoint = hook(crm, receiver.url)
    crm.post("contacts", {"given_name": "Ada"})
    with tenant_scope(clinic.pk):
        delivery = WebhookDelivery.objects.get()
        delivery.attempts, delivery.first_tried_at = ATTEMPTS - 1, timezone.now() - timedelta(days=2)
        delivery.save()
        WebhookEndpoint.objects.update(failing_since=delivery.first_tried_at)
    receiver.answers = [500]
    crm.post("contacts", {"given_name": "Bea"})
    with tenant_scope(clinic.pk):
        good = WebhookDelivery.objects.exclude(pk=delivery.pk).get()
        dispatch.record(good, Outcome(200, 5), now=timezone.now())
    work()
    shown = crm.get(f"webhooks/{endpoint['id']}").json()
    assert {row["status"] for row in log(crm, endpoint)} == {"failed", "delivered"}
    assert shown["is_active"] is True


def test_gone_for_good_is_switched_off_at_once(crm: Program, receiver: Receiver) -> None:
    endpoint = hook(crm, receiver.url)
    receiver.answers = [410]
    crm.post("contacts", {"given_name": "Ada"})
    crm.post("contacts", {"given_name": "Bea"})
    work()
    assert crm.get(f"webhooks/{endpoint['id']}").json()["is_active"] is False
    refused = crm.post(f"webhooks/{endpoint['id']}/replay")
    assert refused.json()["error"]["code"] == "webhook_disabled"
    failed = [row for row in log(crm, endpoint) if row["status"] == "failed"]
    crm.patch(f"webhooks/{endpoint['id']}", {"is_active": True})
    assert crm.post(f"webhooks/{endpoint['id']}/replay").json() == {"replayed": len(failed)}
    work()
    assert {row["status"] for row in log(crm, endpoint)} == {"delivered"}


def test_one_can_be_sent_again_under_its_own_id(crm: Program, receiver: Receiver) -> None:
    endpoint = hook(crm, receiver.url)
    crm.post("contacts", {"given_name": "Ada"})
    path = f"webhooks/{endpoint['id']}/deliveries/{log(crm, endpoint)[0]['id']}/replay"
    assert crm.post(path).json()["error"]["code"] == "nothing_to_replay"
    work()
    assert crm.post(path).status_code == 202
    work()
    first, second = (json.loads(sent.body) for sent in receiver.got)
    assert first == second


def test_a_test_event(crm: Program, receiver: Receiver) -> None:
    endpoint = hook(crm, receiver.url)
    assert crm.post(f"webhooks/{endpoint['id']}/test").status_code == 202
    work()
    assert json.loads(receiver.got[0].body)["type"] == "webhook.test"


def test_a_rotation_signs_with_both_secrets_for_a_day(crm: Program, clinic: Tenant, receiver: Receiver) -> None:
    endpoint = hook(crm, receiver.url)
    new = crm.post(f"webhooks/{endpoint['id']}/rotate").json()["secret"]
    crm.post(f"webhooks/{endpoint['id']}/test")
    work()
    with tenant_scope(clinic.pk):
        assert WebhookEndpoint.objects.get().secrets(at=timezone.now() + endpoints.OVERLAP) == [new]
        assert endpoint["secret"] not in str(WebhookEndpoint.objects.values().get())
    [sent] = receiver.got
    now = int(timezone.now().timestamp())
    for secret in (endpoint["secret"], new):
        assert is_signed(header=sent.headers[HEADER], body=sent.body, secret=secret, now=now)


def test_a_slow_receiver_holds_up_nobody_else(crm: Program, rival: Program, receiver: Receiver) -> None:
    hook(rival, receiver.url)
    with receiving() as slow:
        slow.held = threading.Event()
        endpoint = hook(crm, slow.url)
        for number in range(dispatch.PER_ENDPOINT + 3):
            crm.post("contacts", {"given_name": f"Ada {number}"})
        for _ in range(3):
            rival.post("contacts", {"given_name": "Bob"})
        now = timezone.now()
        assert dispatch.perform(now) == dispatch.PER_ENDPOINT + 3
        assert len(receiver.got) == 3
        rival.post("contacts", {"given_name": "Bea"})
        assert dispatch.perform(timezone.now()) == 1
        assert len(receiver.got) == 4
        slow.held.set()
        assert dispatch.settled(within=LONG)
        while dispatch.perform(timezone.now()):
            assert dispatch.settled(within=LONG)
    assert {row["status"] for row in log(crm, endpoint)} == {"delivered"}
    assert len(slow.got) == dispatch.PER_ENDPOINT + 3


def test_what_a_killed_worker_had_is_taken_up_by_the_next(crm: Program, clinic: Tenant, receiver: Receiver) -> None:
    hook(crm, receiver.url)
    crm.post("contacts", {"given_name": "Ada"})
    now = timezone.now()
    assert len(dispatch._claim(now)) == 1  # and then it is killed
    assert work(now + dispatch.LEASE - timedelta(seconds=1)) == 0
    assert work(now + dispatch.LEASE + timedelta(seconds=1)) == 1
    with tenant_scope(clinic.pk):
        assert WebhookDelivery.objects.get().attempts == 2


def test_two_workers_never_take_the_same(crm: Program, receiver: Receiver) -> None:
    hook(crm, receiver.url)
    for number in range(8):
        crm.post("contacts", {"given_name": f"Ada {number}"})
    taken: list[str] = []
    barrier = threading.Barrier(4)

    def claim() -> None:
        from django.db import connection

        barrier.wait()
        taken.extend(row.pk for row in dispatch._claim(timezone.now()))
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken
    assert len(taken) == len(set(taken))


def test_the_log_is_forgotten_after_a_while(crm: Program, receiver: Receiver) -> None:
    endpoint = hook(crm, receiver.url)
    crm.post("contacts", {"given_name": "Ada"})
    work()
    crm.post("contacts", {"given_name": "Bea"})
    assert dispatch.forget_old(timezone.now() + dispatch.KEPT + timedelta(days=1)) == 1
    assert [row["status"] for row in log(crm, endpoint)] == ["pending"]
    crm.patch(f"webhooks/{endpoint['id']}", {"is_active": False})
    assert dispatch.forget_old(timezone.now() + dispatch.KEPT + timedelta(days=1)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.7/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/",
        "https://user:pass@example.com/",
        "https:///hook",
        "https://exämple.com/",
        "https://example.com:99999/",
        "ftp://example.com/",
        "example.com",
        "https://exa mple.com/",
        "https://[::1",
    ],
)
def test_addresses_that_are_refused(crm: Program, settings: Any, url: str) -> None:
    settings.WEBHOOK_NETWORKS = []
    answer = crm.post("webhooks", {"url": url, "events": ["contact.created"]})
    assert answer.status_code == 422
    assert (answer.json()["error"]["code"], answer.json()["error"]["field"]) == ("bad_address", "url")


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "2130706433", "0x7f000001", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0"]
)
def test_nothing_is_sent_inside_whatever_the_name(settings: Any, receiver: Receiver, host: str) -> None:
    settings.WEBHOOK_NETWORKS = []
    port = receiver.server_address[1]
    for scheme in ("http", "https"):
        outcome = duties.complete(send(url=f"{scheme}://{host}:{port}/", body=b"{}", headers={}))
        assert outcome.status is None
        assert outcome.error
    assert receiver.got == []


def test_plain_http_goes_to_the_operators_networks_only(settings: Any, receiver: Receiver) -> None:
    settings.WEBHOOK_NETWORKS = ["10.0.0.0/8"]
    outcome = duties.complete(send(url=receiver.url, body=b"{}", headers={}))
    assert outcome.error == "Plain HTTP is not sent over the internet."


def test_events_are_those_of_the_business(crm: Program, receiver: Receiver) -> None:
    known = {event["name"] for event in crm.get("events").json()["data"]}
    assert {"contact.created", "booking.cancelled", "call.ended", "conversation.started"} <= known
    assert "incident.escalated" not in known
    refused = crm.post("webhooks", {"url": receiver.url, "events": ["incident.escalated"]})
    assert refused.json()["error"]["field"] == "events"
    assert crm.post("webhooks", {"url": receiver.url, "events": []}).status_code == 422


def test_there_is_an_end_to_webhooks(crm: Program, receiver: Receiver) -> None:
    for _ in range(endpoints.MOST):
        hook(crm, receiver.url)
    refused = crm.post("webhooks", {"url": receiver.url, "events": ["contact.created"]})
    assert refused.json()["error"]["code"] == "too_many_webhooks"


def test_a_secret_that_cannot_be_read_any_more_is_said(crm: Program, settings: Any, receiver: Receiver) -> None:
    endpoint = hook(crm, receiver.url)
    crm.post("contacts", {"given_name": "Ada"})
    settings.SECRET_KEY = "another key, as after a restore without the old one, long enough for Django"
    work()
    assert log(crm, endpoint)[0]["error"] == "The secret cannot be read any more: rotate it."
    assert receiver.got == []


def test_a_contact_in_the_admin_is_told_too(crm: Program, clinic: Tenant, alice: User, receiver: Receiver) -> None:
    hook(crm, receiver.url, "contact.created", "contact.updated")
    crm.http.force_login(alice)
    crm.http.post("/admin/business/contact/add/", {"given_name": "Ada", "family_name": "", "phone": "", "email": ""})
    with tenant_scope(clinic.pk):
        assert Contact.objects.get().given_name == "Ada"
    work()
    assert [json.loads(sent.body)["type"] for sent in receiver.got] == ["contact.created"]
