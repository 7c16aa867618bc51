"""The two facts of this app that others build on: an invoice was paid, and paid money was given back.

Both are sent in the tenant's scope with `invoice`, a `plans.models.Invoice`: `pk`, `tenant_id`, `number`, `currency`,
`paid_at`, and in whole cents `amount_paid_cents` (with tax), `tax_cents`, `refunded_cents` (so far) and `net_cents`
(what it earned: paid, without tax and refunds).

A receiver runs in one transaction with the note that it was told. If it raises, both are rolled back, the error is
logged, and it is told again at the next turn of the worker: what it writes to the database, it writes exactly once. No
payment waits for it. It must not call anybody outside: that may happen twice.
"""

from django.dispatch import Signal

invoice_paid = Signal()
"""Keyword arguments: invoice. Sent once for each invoice whose `amount_paid_cents` is above zero, before any refund."""

invoice_refunded = Signal()
"""Keyword arguments: invoice, amount_cents (of this refund, above zero). Sent once for each rise of `refunded_cents`,
and only after `invoice_paid`."""
