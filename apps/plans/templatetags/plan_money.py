"""Amounts of money in templates."""

from django import template

from apps.plans import plan_page

register = template.Library()


@register.filter
def money(cents: int) -> str:
    """Whole cents as people write them."""
    return plan_page.money(cents)
