"""What it costs."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.plans.core.catalogue import ANNUAL_DISCOUNT_PERCENT, Plan, catalogue, dollars
from apps.plans.core.trial import REMINDER_DAYS, TRIAL_DAYS

_CHANNELS = {
    "voice": "Phone and browser calls",
    "chat": "Website chat",
    "sms": "SMS",
    "whatsapp": "WhatsApp (once it is built)",
}
_FOR = {
    "starter": "One location, one number.",
    "growth": "Busy phones, more than one line.",
    "scale": "Many locations, and a floor of agents.",
}


@require_safe
def pricing(request: HttpRequest) -> HttpResponse:
    """The plans, by the month and by the year, and what the words in them mean."""
    context = {
        "plans": [_shown(plan) for plan in catalogue()],
        "discount": ANNUAL_DISCOUNT_PERCENT,
        "trial_days": TRIAL_DAYS,
        "reminder_days": REMINDER_DAYS,
    }
    return render(request, "site/pricing.html", context)


def _shown(plan: Plan) -> dict[str, object]:
    return {
        "name": plan.name,
        "for": _FOR.get(plan.slug, ""),
        "monthly": plan.monthly_price,
        # Twelfths of the year's price are shown to the cent, rounded as money is: the year's own figure is what counts.
        "annual_month": dollars(round(plan.annual_cents / 12) * 10),
        "annual": plan.annual_price,
        "saved": dollars((plan.monthly_cents * 12 - plan.annual_cents) * 10),
        "interactions": f"{plan.interactions:,}",
        "numbers": plan.numbers,
        "channels": [_CHANNELS[channel] for channel in plan.channels],
        "overage": plan.overage_price,
        "is_favorite": plan.slug == "growth",
    }
