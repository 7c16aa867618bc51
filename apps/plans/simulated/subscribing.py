"""Subscriptions of the simulated provider: their start, changes, months and end."""

from calendar import monthrange
from datetime import UTC, datetime
from typing import Any

from apps.plans.simulated import billing
from apps.plans.simulated.book import ApiError, Book, Declined, Document, listed

MONTHS = {"month": 1, "year": 12}
ENDED = ("canceled", "incomplete_expired")


def later(anchor: int, months: int) -> int:
    """So many calendar months after a moment, in UTC; the last day of a month that has no such day."""
    at = datetime.fromtimestamp(anchor, UTC)
    years, month = divmod(at.month - 1 + months, 12)
    year, month = at.year + years, month + 1
    return int(at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1])).timestamp())


def item_of(subscription: Document) -> Document:
    item: Document = subscription["items"]["data"][0]
    return item


def running(book: Book, customer: str) -> list[Document]:
    return [s for s in book.all("subscription", customer=customer) if s["status"] not in ENDED]


def begin(book: Book, customer: str, price: Document, base_url: str, metadata: dict[str, str]) -> Document:
    """Starts a subscription, paid at once.

    Raises:
        Declined: the card was; nothing began.
    """
    subscription = book.new(
        "sub",
        "subscription",
        status="incomplete",
        customer=customer,
        currency="usd",
        collection_method="charge_automatically",
        start_date=book.now,
        billing_cycle_anchor=book.now,
        cancel_at_period_end=False,
        cancel_at=None,
        canceled_at=None,
        ended_at=None,
        latest_invoice=None,
        schedule=None,
    )
    subscription["metadata"] = metadata
    item = {"id": f"si_{subscription['id'][4:]}", "object": "subscription_item", "quantity": 1, "metadata": {}}
    subscription["items"] = listed([item | {"subscription": subscription["id"]}], "/v1/subscription_items")
    _anchor(book, subscription, price)
    invoice = _invoice(book, subscription, [_fee(book, subscription)], "subscription_create")
    try:
        billing.finalize(book, invoice, base_url)
        billing.pay(book, invoice)
    except Declined:
        subscription["status"], invoice["status"] = "incomplete_expired", "void"
        book.emit("invoice.voided", invoice)
        raise
    subscription["status"] = "active"
    book.emit("customer.subscription.created", subscription)
    return subscription


def prorated(book: Book, subscription: Document, price: Document, at: int) -> list[Document]:
    """The lines of a change to another price in the midst of a period: what was not used, and what is to come."""
    item = item_of(subscription)
    old, start, end = item["price"], item["current_period_start"], item["current_period_end"]
    left, whole = max(0, end - at), end - start
    same = old["recurring"]["interval"] == price["recurring"]["interval"]
    fresh = (price["unit_amount"] * left * 2 + whole) // (2 * whole) if same else price["unit_amount"]
    unused = (old["unit_amount"] * left * 2 + whole) // (2 * whole)
    until = end if same else later(at, MONTHS[price["recurring"]["interval"]])
    key = subscription["id"]
    return [
        billing.line(
            book,
            -unused,
            f"Unused time on {_name(book, old)}",
            subscription=key,
            proration=True,
            period=(at, end),
        ),
        billing.line(
            book,
            fresh,
            f"Remaining time on {_name(book, price)}" if same else _name(book, price),
            subscription=key,
            proration=same,
            period=(at, until),
        ),
    ]


def change(book: Book, subscription: Document, price: Document, at: int, base_url: str, *, must_pay: bool) -> None:
    """Another price from now on, the difference paid at once.

    Raises:
        Declined: `must_pay`, and the card was; nothing changed.
    """
    invoice = _invoice(book, subscription, prorated(book, subscription, price, at), "subscription_update")
    billing.finalize(book, invoice, base_url)
    if must_pay:
        try:
            billing.pay(book, invoice)
        except Declined:
            invoice["status"] = "void"
            book.emit("invoice.voided", invoice)
            raise
    else:
        _note(book, subscription, billing.collect(book, invoice))
    if item_of(subscription)["price"]["recurring"]["interval"] == price["recurring"]["interval"]:
        item_of(subscription)["price"] = price
    else:
        _anchor(book, subscription, price)
    book.emit("customer.subscription.updated", subscription)


def cancel(book: Book, subscription: Document) -> None:
    """Ends it now."""
    subscription |= {"status": "canceled", "canceled_at": book.now, "ended_at": book.now}
    release(book, subscription)
    book.emit("customer.subscription.deleted", subscription)


def release(book: Book, subscription: Document) -> None:
    """Its schedule, if it has one, no longer holds."""
    if subscription["schedule"]:
        book.get(subscription["schedule"], "subscription_schedule")["status"] = "released"
        subscription["schedule"] = None


def pass_time(book: Book, base_url: str) -> bool:
    """Does everything that is due now: renewals, changes on schedule, ends, and retries. False when nothing was."""
    done = [_advance(book, each, base_url) for each in book.all("subscription") if each["status"] not in ENDED]
    done += [_retry(book, invoice) for invoice in book.all("invoice", status="open")]
    return any(done)


def _advance(book: Book, subscription: Document, base_url: str) -> bool:
    done = False
    while subscription["status"] not in ENDED and item_of(subscription)["current_period_end"] <= book.now:
        done = True
        if subscription["cancel_at_period_end"]:
            cancel(book, subscription)
            break
        item = item_of(subscription)
        price = _scheduled(book, subscription) or item["price"]
        if price["recurring"]["interval"] != item["price"]["recurring"]["interval"]:
            subscription["billing_cycle_anchor"], subscription["_cycles"] = item["current_period_end"], 0
        start = item["current_period_end"]
        subscription["_cycles"] += MONTHS[price["recurring"]["interval"]]
        item |= {
            "price": price,
            "current_period_start": start,
            "current_period_end": later(subscription["billing_cycle_anchor"], subscription["_cycles"]),
        }
        invoice = _invoice(book, subscription, [_fee(book, subscription)], "subscription_cycle")
        billing.finalize(book, invoice, base_url)
        _note(book, subscription, billing.collect(book, invoice))
        book.emit("customer.subscription.updated", subscription)
    return done


def _retry(book: Book, invoice: Document) -> bool:
    due = invoice["next_payment_attempt"]
    if due is None or due > book.now:
        return False
    paid = billing.collect(book, invoice)
    settle(book, invoice, paid)
    return True


def settle(book: Book, invoice: Document, paid: bool) -> None:
    """What a payment that was tried again means for the subscription of the invoice."""
    subscription = subscription_of(book, invoice)
    if subscription is not None and subscription["status"] not in ENDED:
        before = subscription["status"]
        _note(book, subscription, paid, last=invoice["next_payment_attempt"] is None)
        if subscription["status"] != before:
            book.emit("customer.subscription.updated", subscription)


def subscription_of(book: Book, invoice: Document) -> Document | None:
    details: dict[str, Any] = (invoice["parent"] or {}).get("subscription_details", {})
    return book.objects.get(details.get("subscription", ""))


def _note(book: Book, subscription: Document, paid: bool, *, last: bool = False) -> None:
    key = subscription["id"]
    waiting = [i for i in book.all("invoice", status="open") if (subscription_of(book, i) or {}).get("id") == key]
    if not waiting:
        subscription["status"] = "active"
    elif not paid:
        subscription["status"] = "unpaid" if last else "past_due"


def _anchor(book: Book, subscription: Document, price: Document) -> None:
    """A first period of this price begins now."""
    subscription |= {"billing_cycle_anchor": book.now, "_cycles": MONTHS[price["recurring"]["interval"]]}
    item_of(subscription).update(
        price=price,
        current_period_start=book.now,
        current_period_end=later(book.now, subscription["_cycles"]),
    )


def _scheduled(book: Book, subscription: Document) -> Document | None:
    """The price of the schedule's next phase, which begins now."""
    if not subscription["schedule"]:
        return None
    schedule = book.get(subscription["schedule"], "subscription_schedule")
    phases = [
        phase for phase in schedule["phases"] if phase["start_date"] >= item_of(subscription)["current_period_end"]
    ]
    if not phases:
        return None
    release(book, subscription)
    return book.get(phases[0]["items"][0]["price"], "price")


def _invoice(book: Book, subscription: Document, lines: list[Document], reason: str) -> Document:
    invoice = billing.draft(book, subscription["customer"], lines, reason=reason, subscription=subscription["id"])
    subscription["latest_invoice"] = invoice["id"]
    book.emit("invoice.created", invoice)
    return invoice


def _fee(book: Book, subscription: Document) -> Document:
    item = item_of(subscription)
    period = item["current_period_start"], item["current_period_end"]
    amount = item["price"]["unit_amount"]
    return billing.line(book, amount, _name(book, item["price"]), subscription=subscription["id"], period=period)


def _name(book: Book, price: Document) -> str:
    product = book.objects.get(price["product"], {})
    return f"{product.get('name', 'Plan')} (per {price['recurring']['interval']})"


def refuse_if_scheduled(subscription: Document) -> None:
    if subscription["schedule"]:
        message = f"The subscription is managed by the subscription schedule `{subscription['schedule']}`."
        raise ApiError(400, message)
