"""Selling in the admin, in its own words."""

from apps.verticals.sales.admin import campaigns, leads, permission, received, team

__all__ = ["campaigns", "leads", "permission", "received", "team"]
