"""The simulated provider on a real socket, in a thread of the suite's process, with its clock in a test's hands."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx2
import stripe

from apps.plans.payments.account import configured
from apps.plans.simulated import billing, subscribing
from apps.plans.simulated.book import Book, Document
from apps.plans.simulated.till import Till

T = TypeVar("T")
GOOD, DECLINED, FAILS_LATER = "4242424242424242", "4000000000000002", "4000000000000341"


class Provider:
    """`now` is the provider's clock in unix seconds; `events` are held back unless `sends`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, start: datetime, *, port: int = 0) -> None:
        self.now = start.timestamp()
        self.events: list[Document] = []
        self._loop = loop
        account = configured()
        self.till = Till(Book(lambda: self.now), key=account.key, secret=account.secret, port=port)
        self.till.intercept = self.events.append

    @property
    def book(self) -> Book:
        return self.till.book

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def do(self, act: Callable[[], T]) -> T:
        """Does something in the provider's own thread."""

        async def called() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(10)

    def start(self) -> None:
        asyncio.run_coroutine_threadsafe(self.till.__aenter__(), self._loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.till.__aexit__(None, None, None), self._loop).result(10)

    def post_webhooks(self) -> None:
        """From now on events go where the account says."""
        self.till.intercept = None

    def wait(self, **span: float) -> None:
        """Time passes, a day at a time, and what is due is done."""
        from datetime import timedelta

        until = self.now + timedelta(**span).total_seconds()
        while self.now < until:
            self.now = min(until, self.now + billing.DAY)
            self.do(lambda: subscribing.pass_time(self.book, self.till.url))

    def pay(self, url: str, card: str = GOOD) -> httpx2.Response:
        """Somebody fills in a hosted page."""
        return httpx2.post(url, data={"card": card})

    def use_card(self, customer: str, card: str) -> None:
        """Another card is on file, and what is open is tried again."""

        def act() -> None:
            book = self.book
            book.get(customer, "customer")["_card"] = card
            for invoice in list(book.all("invoice", customer=customer, status="open")):
                subscribing.settle(book, invoice, billing.collect(book, invoice))

        self.do(act)

    def refund(self, invoice: str, cents: int) -> None:
        def act() -> None:
            intent = self.book.get(invoice, "invoice")["_payments"][0]["payment"]["payment_intent"]
            billing.refund(self.book, next(self.book.all("charge", payment_intent=intent)), cents)

        self.do(act)

    def dispute(self, invoice: str) -> None:
        """The customer's bank wants back what was paid."""

        def act() -> None:
            intent = self.book.get(invoice, "invoice")["_payments"][0]["payment"]["payment_intent"]
            billing.dispute(self.book, next(self.book.all("charge", payment_intent=intent)))

        self.do(act)


@contextmanager
def running(start: datetime, *, port: int = 0) -> Iterator[Provider]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    provider = Provider(loop, start, port=port)
    provider.start()
    try:
        yield provider
    finally:
        provider.stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def signed(event: Document, *, at: float | None = None, secret: str = "") -> dict[str, Any]:
    """The arguments of a test client's post of an event."""
    from apps.plans.simulated import hooks

    body = hooks.payload(event)
    header = hooks.signature(body, secret or configured().secret, at)
    return {"data": body, "content_type": "application/json", "headers": {"Stripe-Signature": header}}


def client_of(provider: Provider) -> stripe.StripeClient:
    """The package's own client, as anybody would use it."""
    return stripe.StripeClient(configured().key, base_addresses={"api": provider.till.url})
