"""The simulated provider answers as Stripe does: to the package, to anybody's HTTP, and in its webhooks."""

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx2
import pytest
import stripe
from django.core.management import CommandError, call_command
from pytest_django import Settings

from apps.plans.payments import account, gateway
from apps.plans.payments.catalogue import EVENTS
from apps.plans.simulated import forms, subscribing
from apps.plans.simulated.book import Book
from apps.plans.simulated.hooks import payload, signature
from tests.plans.billing.conftest import START
from tests.plans.billing.provider import GOOD, Provider, client_of


@pytest.mark.once
def test_forms_nest_as_the_package_writes_them() -> None:
    pairs = [("a", "1"), ("b[c]", "2"), ("b[d][0][e]", "3"), ("b[d][1][e]", "4"), ("f[]", "5"), ("f[]", "6"), ("g", "")]
    expected = {"a": "1", "b": {"c": "2", "d": [{"e": "3"}, {"e": "4"}]}, "f": ["5", "6"], "g": ""}
    assert forms.decode(pairs) == expected


@pytest.mark.once
@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [("2026-01-31", 1, "2026-02-28"), ("2026-01-31", 2, "2026-03-31"), ("2024-02-29", 12, "2025-02-28")],
)
def test_months_are_the_calendars(anchor: str, months: int, expected: str) -> None:
    def stamp(day: str) -> int:
        return int(datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp())

    assert subscribing.later(stamp(anchor), months) == stamp(expected)


@pytest.mark.once
def test_a_webhook_is_signed_so_that_the_package_takes_it() -> None:
    body = payload({"id": "evt_1", "object": "event", "type": "invoice.paid"})
    assert stripe.Webhook.construct_event(body, signature(body, "whsec_a"), "whsec_a").id == "evt_1"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature(body, "whsec_b"), "whsec_a")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, signature(body, "whsec_a", at=1.0), "whsec_a")


def test_errors_come_in_the_packages_kinds(provider: Provider) -> None:
    client = client_of(provider)
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.customers.retrieve("cus_none")
    assert (missing.value.code, missing.value.http_status) == ("resource_missing", 404)
    with pytest.raises(stripe.InvalidRequestError) as wanted:
        client.v1.products.create({})  # type: ignore[typeddict-item]
    assert (wanted.value.code, wanted.value.param) == ("parameter_missing", "name")
    with pytest.raises(stripe.AuthenticationError):
        stripe.StripeClient("sk_wrong", base_addresses={"api": provider.till.url}).v1.customers.list()
    assert httpx2.get(f"{provider.till.url}/v1/customers").status_code == 401


def test_a_repeated_key_gets_the_first_answer(provider: Provider) -> None:
    client = client_of(provider)
    first, again = (client.v1.customers.create({"email": "a@b.example"}, {"idempotency_key": "k"}) for _ in range(2))
    assert first.id == again.id
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create({"email": "other@b.example"}, {"idempotency_key": "k"})
    assert len(list(client.v1.customers.list().auto_paging_iter())) == 1


def test_lists_are_paged_newest_first(provider: Provider) -> None:
    client = client_of(provider)
    made = [client.v1.customers.create({"name": str(number)}).id for number in range(7)]
    page = client.v1.customers.list({"limit": 3})
    assert (page.has_more, [row.id for row in page.data]) == (True, made[:-4:-1])
    assert [row.id for row in page.auto_paging_iter()] == made[::-1]
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.list({"limit": 101})


def test_a_schedule_shields_its_subscription(provider: Provider, subscribe: Callable[..., Any]) -> None:
    held = subscribe("growth")
    client = client_of(provider)
    client.v1.subscription_schedules.create({"from_subscription": held.provider_id})
    with pytest.raises(stripe.InvalidRequestError, match="managed by the subscription schedule"):
        client.v1.subscriptions.update(held.provider_id, {"cancel_at_period_end": True})


def test_hosted_pages_say_what_they_are(provider: Provider, subscribe: Callable[..., Any]) -> None:
    held = subscribe("growth")
    portal = httpx2.get(gateway.portal(customer=held.customer, return_url="http://127.0.0.1:1/<back>")).text
    invoice = next(provider.book.all("invoice"))
    for text in (portal, httpx2.get(invoice["hosted_invoice_url"]).text):
        assert "Simulated payment provider: no money moves here." in text
    assert "&lt;back&gt;" in portal
    assert httpx2.get(invoice["invoice_pdf"]).content.startswith(b"%PDF-")
    assert httpx2.get(f"{provider.till.url}/p/bps_none").status_code == 404
    provider.now += 60
    done = httpx2.post(gateway.portal(customer=held.customer, return_url="/"), data={"act": "wait", "months": "1"})
    assert "Time has passed" in done.text
    assert len(list(provider.book.all("invoice", status="paid"))) == 2


@contextmanager
def listening(answers: list[int]) -> Iterator[tuple[str, list[bytes]]]:
    """Somebody who answers webhooks with these statuses, the last for ever; (address, the bodies)."""
    bodies: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", bodies
        server.shutdown()


def until(true: Callable[[], bool]) -> None:
    deadline = monotonic() + 30
    while not true():
        assert monotonic() < deadline
        sleep(0.02)


def test_a_webhook_is_sent_until_it_is_taken(provider: Provider) -> None:
    provider.post_webhooks()
    client = client_of(provider)
    with listening([500, 500, 200]) as (url, bodies):
        made = client.v1.webhook_endpoints.create({"url": url, "enabled_events": ["customer.created"]})
        assert made.secret == account.configured().secret
        client.v1.customers.create({"email": "a@b.example"})
        until(lambda: len(bodies) == 3)
        client.v1.customers.create({"email": "b@b.example"})
        until(lambda: len(bodies) == 4)
    assert bodies[0] == bodies[1] == bodies[2] != bodies[3]


@pytest.mark.once
def test_the_book_outlives_its_process(tmp_path: Path) -> None:
    path = tmp_path / "book.json"
    book = Book(START.timestamp, path)
    customer = book.new("cus", "customer", name="A", _card=GOOD)
    book.ahead = 86_400
    book.save()
    again = Book(START.timestamp, path)
    assert again.objects == {customer["id"]: customer}
    assert again.now == int((START + timedelta(days=1)).timestamp())


def test_setting_up_twice_makes_nothing_twice(provider: Provider, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("stripe_setup", url="https://app.example")
    first = capsys.readouterr().out
    assert first.count("made: product") == 3
    assert first.count("made: price callsphere_") == 6
    assert "made: portal configuration" in first
    assert f"Set STRIPE_WEBHOOK_SECRET={account.configured().secret}" in first
    call_command("stripe_setup", url="https://app.example/")
    assert capsys.readouterr().out == "Everything was there already.\n"
    [endpoint] = provider.book.all("webhook_endpoint")
    assert (endpoint["url"], endpoint["enabled_events"]) == ("https://app.example/webhooks/stripe", list(EVENTS))


def test_a_plan_that_costs_more_gets_a_new_price(provider: Provider) -> None:
    call_command("stripe_setup", url="https://app.example")

    def cheaper() -> str:
        price = next(provider.book.all("price", lookup_key="callsphere_growth_month"))
        price["unit_amount"] = 100
        return str(price["id"])

    old = provider.do(cheaper)
    call_command("stripe_setup", url="https://app.example")
    [now] = [p for p in provider.book.all("price") if p["lookup_key"] == "callsphere_growth_month"]
    assert (now["unit_amount"], now["id"] != old) == (49_900, True)


def test_setup_says_what_it_needs(settings: Settings) -> None:
    settings.PUBLIC_URL = ""
    with pytest.raises(CommandError, match="--url"):
        call_command("stripe_setup")


def test_without_an_account_and_outside_of_a_demonstration_there_are_no_payments(settings: Settings) -> None:
    settings.SANDBOX_ALLOWED = False
    with pytest.raises(account.PaymentsNotConfigured, match="STRIPE_SECRET_KEY"):
        gateway.prices()
    with pytest.raises(CommandError, match="CALLSPHERE_SANDBOX"):
        call_command("stripe_simulated")
    settings.STRIPE_SECRET_KEY = "sk_live_x"
    with pytest.raises(CommandError, match="real account"):
        call_command("stripe_simulated")
    found = account.configured()
    assert (found.api_base, found.simulated) == ("https://api.stripe.com", False)
    assert "sk_live_x" not in repr(found)


def test_it_is_started_when_it_is_first_needed(settings: Settings) -> None:
    """As a process of its own."""
    settings.STRIPE_API_BASE = ""
    try:
        assert gateway.prices().id_of("growth", "month").startswith("price_")
        assert (account.folder() / "book.json").exists()
    finally:
        account._process().release()
        account._process.cache_clear()
        gateway._client.cache_clear()


def test_an_odd_request_is_refused_politely(provider: Provider) -> None:
    headers = {"Authorization": f"Bearer {account.configured().key}"}
    for path, data in (("subscriptions/sub_x", {"items[0][price]": "p"}), ("checkout/sessions", {}), ("refunds", {})):
        answer = httpx2.post(f"{provider.till.url}/v1/{path}", data=data, headers=headers)
        assert answer.status_code in (400, 404), path
        assert answer.json()["error"]["type"] == "invalid_request_error"
