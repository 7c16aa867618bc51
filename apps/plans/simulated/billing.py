"""Invoices and their payment, as the simulated provider makes them."""

from typing import Any

from apps.plans.simulated.book import ApiError, Book, Declined, Document, listed

DECLINING = {
    "4000000000000002": "generic_decline",
    "4000000000009995": "insufficient_funds",
}
"""Stripe's own test cards."""
DECLINING_LATER = "4000000000000341"
"""It can be put on file, and is declined whenever it is charged after the first time."""
RETRY_DAYS = (3, 5, 7)
"""After how many days each a failed payment is tried again; then the subscription is unpaid."""
DAY = 86_400


def line(
    book: Book,
    amount: int,
    description: str,
    *,
    subscription: str = "",
    proration: bool = False,
    period: tuple[int, int] | None = None,
    metadata: dict[str, str] | None = None,
) -> Document:
    """One line of an invoice."""
    start, end = period or (book.now, book.now)
    kind = "subscription_item_details" if subscription else "invoice_item_details"
    return {
        "object": "line_item",
        "amount": amount,
        "currency": "usd",
        "description": description,
        "quantity": 1,
        "period": {"start": start, "end": end},
        "parent": {"type": kind, kind: {"proration": proration, "subscription": subscription or None}},
        "metadata": metadata or {},
    }


def draft(
    book: Book, customer: str, lines: list[Document], *, reason: str, subscription: str = "", **fields: Any
) -> Document:
    """An invoice that is still being written; `total` takes in the tax."""
    details = {"subscription": subscription, "metadata": {}}
    invoice = book.new(
        "in",
        "invoice",
        customer=customer,
        number=None,
        status="draft",
        currency="usd",
        billing_reason=reason,
        collection_method="charge_automatically",
        auto_advance=True,
        attempt_count=0,
        attempted=False,
        next_payment_attempt=None,
        amount_paid=0,
        hosted_invoice_url=None,
        invoice_pdf=None,
        parent={"type": "subscription_details", "subscription_details": details} if subscription else None,
        status_transitions={"finalized_at": None, "paid_at": None, "voided_at": None},
        **fields,
    )
    invoice["_payments"] = []
    write(book, invoice, lines)
    return invoice


def write(book: Book, invoice: Document, lines: list[Document]) -> None:
    """Puts the lines on the invoice and sums up."""
    for number, item in enumerate(lines, 1):
        item["id"] = f"il_{invoice['id'][3:]}{number}"
    subtotal = sum(item["amount"] for item in lines)
    tax = max(0, subtotal) * book.tax_percent // 100
    total = subtotal + tax
    invoice |= {
        "lines": listed(lines, f"/v1/invoices/{invoice['id']}/lines"),
        "subtotal": subtotal,
        "total_taxes": [{"amount": tax, "tax_behavior": "exclusive"}] if tax else [],
        "total": total,
        "amount_due": max(0, total),
        "amount_remaining": max(0, total),
    }


def finalize(book: Book, invoice: Document, base_url: str) -> None:
    """The invoice gets its number and can no longer change."""
    if invoice["status"] != "draft":
        raise ApiError(400, "This invoice is already finalized.", code="invoice_already_finalized")
    customer = book.get(invoice["customer"], "customer")
    customer["_invoices"] = customer.get("_invoices", 0) + 1
    invoice["number"] = f"{customer['id'][4:12].upper()}-{customer['_invoices']:04}"
    invoice["status"] = "open"
    invoice["status_transitions"]["finalized_at"] = book.now
    invoice["hosted_invoice_url"] = f"{base_url}/i/{invoice['id']}"
    invoice["invoice_pdf"] = f"{base_url}/i/{invoice['id']}/pdf"
    book.emit("invoice.finalized", invoice)


def pay(book: Book, invoice: Document) -> None:
    """Charges the customer's card.

    Raises:
        Declined: it was; the invoice stays open.
    """
    if invoice["status"] != "open":
        raise ApiError(400, "Invoice is not open.", code="invoice_not_editable")
    customer = book.get(invoice["customer"], "customer")
    card = customer.get("_card", "")
    invoice["attempted"] = True
    invoice["attempt_count"] += 1
    amount = invoice["amount_remaining"]
    again = card == DECLINING_LATER and invoice["billing_reason"] != "subscription_create"
    if amount and (not card or card in DECLINING or again):
        raise Declined(DECLINING.get(card, "generic_decline"))
    if amount:
        intent = book.new("pi", "payment_intent", amount=amount, customer=customer["id"], status="succeeded")
        book.new(
            "ch",
            "charge",
            amount=amount,
            amount_captured=amount,
            amount_refunded=0,
            captured=True,
            paid=True,
            currency="usd",
            customer=customer["id"],
            disputed=False,
            payment_intent=intent["id"],
            refunded=False,
            status="succeeded",
        )
        payment = {"type": "payment_intent", "payment_intent": intent["id"]}
        invoice["_payments"].append(
            {
                "id": f"inpay_{intent['id'][3:]}",
                "object": "invoice_payment",
                "invoice": invoice["id"],
                "amount_paid": amount,
                "status": "paid",
                "payment": payment,
            }
        )
    invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0}
    invoice["next_payment_attempt"] = None
    invoice["status_transitions"]["paid_at"] = book.now
    book.emit("invoice.paid", invoice)


def collect(book: Book, invoice: Document) -> bool:
    """Tries to be paid, and plans the next try if that fails. False when it did."""
    try:
        pay(book, invoice)
    except Declined:
        tried = invoice["attempt_count"]
        due = book.now + RETRY_DAYS[tried - 1] * DAY if tried <= len(RETRY_DAYS) else None
        invoice["next_payment_attempt"] = due
        book.emit("invoice.payment_failed", invoice)
        return False
    return True


def refund(book: Book, charge: Document, amount: int) -> Document:
    """Gives back some of a charge."""
    if amount <= 0 or amount > charge["amount"] - charge["amount_refunded"]:
        raise ApiError(400, "Refund amount is greater than unrefunded amount on charge.", param="amount")
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    made = book.new(
        "re",
        "refund",
        amount=amount,
        charge=charge["id"],
        payment_intent=charge["payment_intent"],
        currency="usd",
        status="succeeded",
    )
    book.emit("charge.refunded", charge)
    return made


def dispute(book: Book, charge: Document) -> Document:
    """The customer's bank asks for what is left of a charge."""
    charge["disputed"] = True
    made = book.new(
        "du",
        "dispute",
        amount=charge["amount"] - charge["amount_refunded"],
        charge=charge["id"],
        payment_intent=charge["payment_intent"],
        currency="usd",
        reason="fraudulent",
        status="needs_response",
    )
    book.emit("charge.dispute.created", made)
    return made


def close(book: Book, dispute: Document) -> Document:
    """The merchant gives up a dispute."""
    if dispute["status"] != "needs_response":
        raise ApiError(400, "This dispute is already closed.")
    dispute["status"] = "lost"
    book.emit("charge.dispute.closed", dispute)
    return dispute
