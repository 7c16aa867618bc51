"""Enquiries: what the agents of a conversation share about the visitor's wish."""

import datetime as dt
from typing import Any

from django.db import transaction

from apps.verticals.real_estate.models import EnquiredListing, Enquiry, Listing


def of_conversation(conversation_id: str) -> Enquiry | None:
    """What is known so far."""
    return Enquiry.objects.filter(conversation_id=conversation_id).first()


@transaction.atomic
def note(
    *,
    conversation_id: str,
    now: dt.datetime,
    shown: list[Listing] | None = None,
    favorite: Listing | None = None,
    **learned: Any,
) -> Enquiry:
    """Takes down what was learned; what is None or empty stays as it was.

    Args:
        shown: listings that came up.
        favorite: the one that the visitor asked about.
        learned: fields of the enquiry.
    """
    known = {name: value for name, value in learned.items() if value not in (None, "")}
    enquiry, _ = Enquiry.objects.update_or_create(
        conversation_id=conversation_id,
        defaults={**known, "updated_at": now},
        create_defaults={**known, "created_at": now, "updated_at": now},
    )
    listings = [*(shown or []), *([favorite] if favorite else [])]
    if listings:
        # Ignored where it exists: two searches at once may show the same home.
        EnquiredListing.objects.bulk_create(
            [EnquiredListing(enquiry=enquiry, listing=listing) for listing in dict.fromkeys(listings)],
            ignore_conflicts=True,
        )
    if favorite:
        EnquiredListing.objects.filter(enquiry=enquiry, listing=favorite).update(is_favorite=True)
    return enquiry
