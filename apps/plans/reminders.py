"""The e-mail that tells the owners when their trial ends."""

from django.conf import settings
from django.core.mail import EmailMessage

from apps.plans.models import Subscription
from apps.tenants.models import Membership, Role


def reminder(subscription: Subscription) -> EmailMessage:
    """One message to every owner of the tenant in scope; `to` is empty when nobody owns it."""
    tenant = subscription.tenant
    ends = subscription.trial_ends_at.astimezone(tenant.zone)
    day = f"{ends:%A, %B} {ends.day}"
    return EmailMessage(
        subject=f"Your CallSphere trial ends on {day}",
        body=(
            f"The trial of {tenant.name} ends on {day} at {ends:%H:%M} ({tenant.time_zone}).\n\n"
            "Choose a plan before then and your agents go on answering without a break. Otherwise they "
            "pause: visitors read your closing message, your data stays, and choosing a plan later resumes "
            "everything.\n"
        ),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=owners(),
    )


def owners() -> list[str]:
    """The addresses of the owners of the tenant in scope."""
    found = Membership.objects.filter(role=Role.OWNER, user__is_active=True)
    return list(found.order_by("user__email").values_list("user__email", flat=True))
