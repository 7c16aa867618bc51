"""Random lives of a customer at the provider: what may happen there, one step at a time, in any order."""

from contextlib import suppress
from random import Random
from typing import Any

from apps.plans.core.catalogue import PLANS
from apps.plans.core.mirror import Account
from apps.plans.payments import translation
from apps.plans.payments.catalogue import INTERVALS, Prices, amount
from apps.plans.simulated import billing, subscribing
from apps.plans.simulated.book import ApiError, Book, Document
from apps.plans.simulated.resources import Resources
from apps.plans.simulated.rest import expanded
from tests.plans.billing.provider import FAILS_LATER, GOOD

HERE = "http://provider"


class Shown:
    """A document with attributes, as the package's objects have; they themselves cost a hundred times as much."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def __getitem__(self, name: str) -> Any:
        value = self._document[name]
        if isinstance(value, list):
            return [Shown(item) if isinstance(item, dict) else item for item in value]
        return Shown(value) if isinstance(value, dict) else value

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Life:
    """One customer of a book; `step` lets something happen."""

    def __init__(self, random: Random, book: Book, customer: str = "") -> None:
        self.random = random
        self.book = book
        self._known: Account | None = None
        self.resources = Resources(book, "whsec_x")
        self.resources.base_url = HERE
        self.prices = self._prices()
        self.customer = customer or self.resources.create_customer({"email": "a@example.com"}, {})["id"]

    def _prices(self) -> Prices:
        known = {price["lookup_key"]: price["id"] for price in self.book.all("price")}
        ids = {}
        for plan in PLANS.values():
            for interval in INTERVALS:
                key = f"callsphere_{plan.slug}_{interval}"
                if key not in known:
                    fields = {"product": "prod_x", "unit_amount": str(amount(plan, interval)), "currency": "usd"}
                    made = self.resources.create_price(
                        fields | {"lookup_key": key, "recurring": {"interval": interval}}, {}
                    )
                    known[key] = made["id"]
                ids[plan.slug, interval] = known[key]
        return Prices(ids)

    def step(self) -> None:
        """Something happens, unless the provider refuses it."""
        self._known = None
        often, seldom = [self._begin, self._wait, self._wait], [self._release, self._end, self._cancel, self._card]
        with suppress(ApiError):  # as anybody's request may be
            self.random.choice([*often, *often, *seldom, self._change, self._schedule, self._refund, self._usage])()

    def account(self) -> Account:
        """What the API would tell of the customer now, through our translation."""
        if self._known is None:
            book = self.book
            subscriptions = [expanded(book, s, ["schedule"]) for s in book.all("subscription", customer=self.customer)]
            invoices = [
                expanded(book, invoice, ["payments"])
                for invoice in book.all("invoice", customer=self.customer)
                if invoice["status"] != "draft"
            ]
            refunded = {c["payment_intent"]: c["amount_refunded"] for c in book.all("charge", customer=self.customer)}
            self._known = Account(
                tuple(translation.subscription(Shown(row), self.prices) for row in subscriptions),
                tuple(translation.invoice(Shown(row), refunded) for row in invoices),
            )
        return self._known

    def _price(self) -> str:
        return self.random.choice(list(self.prices.ids.values()))

    def _running(self) -> Document:
        found = subscribing.running(self.book, self.customer)
        if not found:
            raise ApiError(404, "There is none.")
        return found[0]

    def _begin(self) -> None:
        if not subscribing.running(self.book, self.customer):
            self.book.get(self.customer, "customer")["_card"] = self.random.choice([GOOD, GOOD, FAILS_LATER, ""])
            subscribing.begin(self.book, self.customer, self.book.get(self._price(), "price"), HERE, {})

    def _change(self) -> None:
        fields = {"items": [{"price": self._price()}]}
        if self.random.random() < 0.5:
            fields["payment_behavior"] = "error_if_incomplete"  # type: ignore[assignment]
        self.resources.update_subscription(fields, {"id": self._running()["id"]})

    def _schedule(self) -> None:
        schedule = self.resources.create_schedule({"from_subscription": self._running()["id"]}, {})
        now = schedule["phases"][0]
        following = {"items": [{"price": self._price()}], "start_date": now["end_date"]}
        self.resources.update_schedule({"phases": [now, following]}, {"id": schedule["id"]})

    def _release(self) -> None:
        self.resources.release_schedule({}, {"id": self._running()["schedule"]})

    def _end(self) -> None:
        ends = self.random.choice(["true", "true", "false"])
        self.resources.update_subscription({"cancel_at_period_end": ends}, {"id": self._running()["id"]})

    def _cancel(self) -> None:
        if self.random.random() < 0.3:
            subscribing.cancel(self.book, self._running())

    def _refund(self) -> None:
        charges = [c for c in self.book.all("charge", customer=self.customer) if not c["refunded"]]
        if charges:
            charge = self.random.choice(charges)
            billing.refund(self.book, charge, self.random.randint(1, charge["amount"] - charge["amount_refunded"]))

    def _usage(self) -> None:
        invoice = self.resources.create_invoice({"customer": self.customer}, {})
        item = {"invoice": invoice["id"], "amount": str(self.random.randint(1, 9_999)), "metadata": {"usage_bill": "u"}}
        self.resources.create_item(item, {})
        self.resources.finalize({}, {"id": invoice["id"]})

    def _card(self) -> None:
        self.book.get(self.customer, "customer")["_card"] = self.random.choice([GOOD, FAILS_LATER])
        for invoice in list(self.book.all("invoice", customer=self.customer, status="open")):
            subscribing.settle(self.book, invoice, billing.collect(self.book, invoice))

    def _wait(self) -> None:
        for _ in range(self.random.randint(1, 20)):
            self.book.ahead += billing.DAY
            subscribing.pass_time(self.book, HERE)
