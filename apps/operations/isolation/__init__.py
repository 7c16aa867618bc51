"""What was tried against tenant isolation on this deployment, and what happened: evidence for a customer's auditor.

Two throw-away businesses are made, every way from one to the other is tried, and both are removed. No row of a real
business is read or written.
"""
