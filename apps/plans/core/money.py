"""Money is whole cents of a US dollar, and the one rule of rounding is here. Pure.

A part of a cent is never charged: what is owed is rounded down, once, on the sum. So a sum is rounded and its parts are
differences of rounded sums (`core.rating`): they add up to it exactly, and nobody pays more than the price says.
"""

MILLS = 10
"""Tenths of a cent, in which overage is priced."""


def cents(mills: int) -> int:
    """Whole cents of so many tenths of a cent: rounded down."""
    return mills // MILLS


def net_cents(*, paid: int, tax: int, refunded: int) -> int:
    """What is left of a payment without its tax, after a refund that gave back the same share of the tax."""
    if paid <= 0:
        return 0
    kept = max(0, paid - refunded)
    return kept - tax * kept // paid if tax <= paid else 0
