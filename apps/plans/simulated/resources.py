"""What each address of the interface does."""

from collections.abc import Callable, Iterator
from typing import Any

from apps.plans.simulated import billing, subscribing
from apps.plans.simulated.book import ApiError, Book, Document, shown
from apps.plans.simulated.forms import flag

Fields = dict[str, Any]
Act = Callable[[Fields, dict[str, str]], Document]
SESSION_SECONDS = 86_400


class Resources:
    """`base_url` is where the hosted pages are; `secret` signs webhooks."""

    listings = {
        "customers": "customer",
        "products": "product",
        "prices": "price",
        "subscriptions": "subscription",
        "subscription_schedules": "subscription_schedule",
        "invoices": "invoice",
        "invoiceitems": "invoiceitem",
        "charges": "charge",
        "refunds": "refund",
        "disputes": "dispute",
        "events": "event",
        "webhook_endpoints": "webhook_endpoint",
        "checkout/sessions": "checkout.session",
        "billing_portal/configurations": "billing_portal.configuration",
    }

    def __init__(self, book: Book, secret: str) -> None:
        self.book = book
        self.secret = secret
        self.base_url = ""

    def routes(self) -> Iterator[tuple[str, str, Act]]:
        """(method, path below /v1/, what it does)."""
        for path, act in {
            "customers": self.create_customer,
            "customers/{id}": self.update_customer,
            "products": self.create_product,
            "prices": self.create_price,
            "webhook_endpoints": self.create_endpoint,
            "webhook_endpoints/{id}": self.update_endpoint,
            "checkout/sessions": self.create_checkout,
            "checkout/sessions/{id}/expire": self.expire_checkout,
            "billing_portal/configurations": self.create_configuration,
            "billing_portal/sessions": self.create_portal,
            "subscriptions/{id}": self.update_subscription,
            "subscription_schedules": self.create_schedule,
            "subscription_schedules/{id}": self.update_schedule,
            "subscription_schedules/{id}/release": self.release_schedule,
            "invoices/create_preview": self.preview,
            "invoices": self.create_invoice,
            "invoiceitems": self.create_item,
            "invoices/{id}/finalize": self.finalize,
            "invoices/{id}/pay": self.pay,
            "refunds": self.create_refund,
            "disputes/{id}/close": self.close_dispute,
        }.items():
            yield "POST", path, act
        yield "DELETE", "subscriptions/{id}", self.cancel_subscription

    def create_customer(self, fields: Fields, match: dict[str, str]) -> Document:
        known = {name: fields.get(name) for name in ("email", "name")}
        customer = self.book.new("cus", "customer", **known, balance=0, currency=None)
        customer["metadata"] = fields.get("metadata", {})
        self.book.emit("customer.created", customer)
        return customer

    def update_customer(self, fields: Fields, match: dict[str, str]) -> Document:
        customer = self.book.get(match["id"], "customer")
        customer |= {name: fields[name] for name in ("email", "name") if name in fields}
        customer["metadata"] |= fields.get("metadata", {})
        self.book.emit("customer.updated", customer)
        return customer

    def create_product(self, fields: Fields, match: dict[str, str]) -> Document:
        product = self.book.new("prod", "product", name=_wanted(fields, "name"), active=True)
        product["metadata"] = fields.get("metadata", {})
        return product

    def create_price(self, fields: Fields, match: dict[str, str]) -> Document:
        key = fields.get("lookup_key")
        holder = next(self.book.all("price", lookup_key=key), None) if key else None
        if holder is not None:
            if not flag(fields, "transfer_lookup_key"):
                raise ApiError(400, f"A price ({holder['id']}) already uses that lookup key.", param="lookup_key")
            holder["lookup_key"] = None
        return self.book.new(
            "price",
            "price",
            lookup_key=key,
            product=_wanted(fields, "product"),
            unit_amount=int(_wanted(fields, "unit_amount")),
            currency=_wanted(fields, "currency"),
            recurring={"interval": fields["recurring"]["interval"], "interval_count": 1, "usage_type": "licensed"},
            active=True,
            type="recurring",
        )

    def create_endpoint(self, fields: Fields, match: dict[str, str]) -> Document:
        endpoint = self.book.new(
            "we",
            "webhook_endpoint",
            url=_wanted(fields, "url"),
            enabled_events=_wanted(fields, "enabled_events"),
            status="enabled",
        )
        return endpoint | {"secret": self.secret}

    def update_endpoint(self, fields: Fields, match: dict[str, str]) -> Document:
        endpoint = self.book.get(match["id"], "webhook_endpoint")
        endpoint |= {name: fields[name] for name in ("url", "enabled_events") if name in fields}
        return endpoint

    def create_checkout(self, fields: Fields, match: dict[str, str]) -> Document:
        customer = self.book.get(_wanted(fields, "customer"), "customer", param="customer")
        price = self.book.get(fields["line_items"][0]["price"], "price", param="line_items[0][price]")
        session = self.book.new(
            "cs_test",
            "checkout.session",
            mode=_wanted(fields, "mode"),
            status="open",
            payment_status="unpaid",
            customer=customer["id"],
            success_url=_wanted(fields, "success_url"),
            cancel_url=fields.get("cancel_url"),
            subscription=None,
            amount_total=price["unit_amount"],
            currency="usd",
            expires_at=self.book.now + SESSION_SECONDS,
        )
        session["_price"] = price["id"]
        session["_metadata"] = fields.get("subscription_data", {}).get("metadata", {})
        session["url"] = f"{self.base_url}/c/{session['id']}"
        return session

    def expire_checkout(self, fields: Fields, match: dict[str, str]) -> Document:
        session = self.book.get(match["id"], "checkout.session")
        if session["status"] != "open":
            raise ApiError(400, 'Only Checkout Sessions with a status in ["open"] can be expired.')
        session |= {"status": "expired", "url": None}
        self.book.emit("checkout.session.expired", session)
        return session

    def create_configuration(self, fields: Fields, match: dict[str, str]) -> Document:
        configuration = self.book.new("bpc", "billing_portal.configuration", active=True)
        configuration |= {"features": fields.get("features", {}), "metadata": fields.get("metadata", {})}
        return configuration

    def create_portal(self, fields: Fields, match: dict[str, str]) -> Document:
        customer = self.book.get(_wanted(fields, "customer"), "customer", param="customer")
        session = self.book.new("bps", "billing_portal.session", customer=customer["id"])
        session |= {"return_url": fields.get("return_url"), "url": f"{self.base_url}/p/{session['id']}"}
        return session

    def update_subscription(self, fields: Fields, match: dict[str, str]) -> Document:
        subscription = self._alive(match["id"])
        if "cancel_at_period_end" in fields:
            subscribing.refuse_if_scheduled(subscription)
            ends = flag(fields, "cancel_at_period_end")
            at = subscribing.item_of(subscription)["current_period_end"] if ends else None
            subscription |= {"cancel_at_period_end": ends, "cancel_at": at}
            subscription["canceled_at"] = self.book.now if ends else None
            self.book.emit("customer.subscription.updated", subscription)
        if "items" in fields:
            price = self.book.get(fields["items"][0]["price"], "price", param="items[0][price]")
            at = int(fields.get("proration_date", self.book.now))
            must_pay = fields.get("payment_behavior") == "error_if_incomplete"
            subscribing.change(self.book, subscription, price, at, self.base_url, must_pay=must_pay)
        return subscription

    def cancel_subscription(self, fields: Fields, match: dict[str, str]) -> Document:
        subscription = self._alive(match["id"])
        subscribing.cancel(self.book, subscription)
        return subscription

    def create_schedule(self, fields: Fields, match: dict[str, str]) -> Document:
        subscription = self._alive(_wanted(fields, "from_subscription"))
        subscribing.refuse_if_scheduled(subscription)
        item = subscribing.item_of(subscription)
        phase = {
            "items": [{"price": item["price"]["id"], "quantity": 1}],
            "start_date": item["current_period_start"],
            "end_date": item["current_period_end"],
        }
        schedule = self.book.new(
            "sub_sched",
            "subscription_schedule",
            customer=subscription["customer"],
            subscription=subscription["id"],
            status="active",
            end_behavior="release",
            phases=[phase],
        )
        subscription["schedule"] = schedule["id"]
        self.book.emit("customer.subscription.updated", subscription)
        return schedule

    def update_schedule(self, fields: Fields, match: dict[str, str]) -> Document:
        schedule = self.book.get(match["id"], "subscription_schedule")
        if schedule["status"] != "active":
            raise ApiError(400, "You cannot update a schedule that is not active.")
        phases = fields["phases"]
        for before, phase in zip([None, *phases], phases, strict=False):
            start = phase.get("start_date") or (before or {}).get("end_date")
            if start is None:
                raise ApiError(400, "The first phase needs a start_date.", param="phases[0][start_date]")
            phase["start_date"] = int(start)
            phase["end_date"] = int(phase["end_date"]) if "end_date" in phase else None
            self.book.get(phase["items"][0]["price"], "price", param="phases[items][price]")
        schedule |= {"phases": phases, "end_behavior": fields.get("end_behavior", schedule["end_behavior"])}
        self.book.emit("subscription_schedule.updated", schedule)
        return schedule

    def release_schedule(self, fields: Fields, match: dict[str, str]) -> Document:
        schedule = self.book.get(match["id"], "subscription_schedule")
        if schedule["status"] != "active":
            raise ApiError(400, "You cannot release a schedule that is not active.")
        subscription = self._alive(schedule["subscription"])
        subscribing.release(self.book, subscription)
        self.book.emit("subscription_schedule.released", schedule)
        self.book.emit("customer.subscription.updated", subscription)
        return schedule

    def preview(self, fields: Fields, match: dict[str, str]) -> Document:
        subscription = self._alive(_wanted(fields, "subscription"))
        details = fields.get("subscription_details", {})
        price = self.book.get(details["items"][0]["price"], "price")
        at = int(details.get("proration_date", self.book.now))
        lines = subscribing.prorated(self.book, subscription, price, at)
        invoice = billing.draft(self.book, subscription["customer"], lines, reason="upcoming")
        del self.book.objects[invoice["id"]]
        shown_as: Document = shown(invoice)
        return shown_as

    def create_invoice(self, fields: Fields, match: dict[str, str]) -> Document:
        customer = self.book.get(_wanted(fields, "customer"), "customer", param="customer")
        invoice = billing.draft(self.book, customer["id"], [], reason="manual", description=fields.get("description"))
        invoice["metadata"] = fields.get("metadata", {})
        self.book.emit("invoice.created", invoice)
        return invoice

    def create_item(self, fields: Fields, match: dict[str, str]) -> Document:
        invoice = self.book.get(_wanted(fields, "invoice"), "invoice", param="invoice")
        if invoice["status"] != "draft":
            raise ApiError(400, "This invoice is no longer editable.", code="invoice_not_editable")
        amount, description = int(_wanted(fields, "amount")), fields.get("description", "")
        item = self.book.new("ii", "invoiceitem", customer=invoice["customer"], amount=amount, invoice=invoice["id"])
        item |= {"metadata": fields.get("metadata", {}), "description": description}
        start, end = (int(fields.get("period", {}).get(name, self.book.now)) for name in ("start", "end"))
        row = billing.line(self.book, amount, description, period=(start, end), metadata=item["metadata"])
        billing.write(self.book, invoice, [*invoice["lines"]["data"], row])
        return item

    def finalize(self, fields: Fields, match: dict[str, str]) -> Document:
        invoice = self.book.get(match["id"], "invoice")
        billing.finalize(self.book, invoice, self.base_url)
        if flag(fields, "auto_advance", invoice["auto_advance"]):
            billing.collect(self.book, invoice)
        return invoice

    def pay(self, fields: Fields, match: dict[str, str]) -> Document:
        invoice = self.book.get(match["id"], "invoice")
        billing.pay(self.book, invoice)
        subscribing.settle(self.book, invoice, True)
        return invoice

    def create_refund(self, fields: Fields, match: dict[str, str]) -> Document:
        wanted = {name: fields[name] for name in ("payment_intent",) if name in fields}
        charge = next(self.book.all("charge", **wanted), None) if wanted else None
        charge = charge or self.book.get(fields.get("charge"), "charge", param="charge")
        left = charge["amount"] - charge["amount_refunded"]
        return billing.refund(self.book, charge, int(fields.get("amount", left)))

    def close_dispute(self, fields: Fields, match: dict[str, str]) -> Document:
        return billing.close(self.book, self.book.get(match["id"], "dispute"))

    def _alive(self, key: Any) -> Document:
        subscription = self.book.get(key, "subscription")
        if subscription["status"] in subscribing.ENDED:
            raise ApiError(404, f"No such subscription: '{key}'", code="resource_missing", param="id")
        return subscription


def _wanted(fields: Fields, name: str) -> Any:
    if not fields.get(name):
        raise ApiError(400, f"Missing required param: {name}.", code="parameter_missing", param=name)
    return fields[name]
