"""What other programs were told of a person, and what the API keeps of its own answers."""

from django.db.models import Q

from apps.api.models import WebhookDelivery, WebhookEndpoint
from apps.tenants import data_rights
from apps.tenants.rest.models import KeptAnswer


def register() -> None:
    """From the app's ready()."""
    data_rights.register(
        WebhookDelivery,
        lambda subject: Q(object_id__in=[subject.contact_id, *subject.conversations, *subject.ids]),
    )
    data_rights.nothing_personal(WebhookEndpoint, reason="The business's own programs.")
    data_rights.nothing_personal(KeptAnswer, reason="Sealed, so that nobody can read it, and gone after a day.")
