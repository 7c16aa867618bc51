"""The platform administrator's pages of affiliates."""

from apps.affiliates.admin import payouts, people

__all__ = ["payouts", "people"]
