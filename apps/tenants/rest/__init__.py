"""What every resource of the API under /api/ has in common, whichever app it belongs to.

Who calls and what they may do (callers), how often (rates), errors, pages, ETags, and doing a POST once (idempotency).
"""
