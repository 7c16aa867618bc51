"""The agency in the admin, in its own words."""

from apps.verticals.real_estate.admin import listings, maintenance, renting

__all__ = ["listings", "maintenance", "renting"]
