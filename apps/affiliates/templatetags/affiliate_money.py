"""Money in templates."""

from django import template

register = template.Library()


@register.filter
def dollars(cents: int) -> str:
    """Cents as people write them: `$1,234.50`, below zero `−$12.00`."""
    return f"{'−' if cents < 0 else ''}${abs(cents) // 100:,}.{abs(cents) % 100:02}"  # a true minus
