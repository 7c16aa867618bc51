"""The escalation rules of the tenant in scope."""

from apps.verticals.after_hours.models import LineRules


def line_rules() -> LineRules:
    """The business's own, or the usual ones when it has set none."""
    return LineRules.objects.select_related("alert__staff").first() or LineRules()
