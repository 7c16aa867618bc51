"""The line in the admin, in its own words."""

from apps.verticals.after_hours.admin import incidents, line, team  # noqa: F401  # they register their pages
