"""What the agency's tools share: their argument types and the checks in front of them."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.db.models import Q
from pydantic import Field

from apps.agents.sdk import ToolContext, ToolRefused
from apps.business.contacts import InvalidPhone, normalize_phone
from apps.business.core.wording import listed
from apps.conversations.models import ToolCall
from apps.tenants.models import Tenant
from apps.verticals.real_estate import listings
from apps.verticals.real_estate.models import Lease, Listing, Renter
from apps.verticals.real_estate.renters import current_lease

Id = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Topic = Annotated[str, Field(max_length=200)]
Words = Annotated[str, Field(min_length=1, max_length=1_000)]
Dollars = Annotated[float, Field(gt=0, le=1_000_000_000, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=20)]
PartOfDay = Literal["morning", "afternoon", "evening"]

ATTEMPTS = 5
"""Failed identifications that one conversation may make; a birth date is too easily guessed by trying."""
SPOKEN = 4
"""More than four things at once are hard to keep in mind, and on the phone impossible."""
LISTED = 20
BOOKABLE_DAYS = 365


def actor(ctx: ToolContext) -> str:
    """For the audit trail."""
    return f"agent:{ctx.agent}"


def today(ctx: ToolContext) -> dt.date:
    """The agency's date."""
    return ctx.now.date()


def cents(dollars: float) -> int:
    """An amount as a model writes it, to the cent."""
    return int((Decimal(str(dollars)) * 100).quantize(Decimal(1)))


def number(phone: str) -> str:
    """E.164.

    Raises:
        ToolRefused: `invalid_phone`.
    """
    try:
        return normalize_phone(phone, Tenant.objects.get().region)
    except InvalidPhone:
        raise ToolRefused("invalid_phone", "That phone number does not look complete.", field="phone") from None


def check_attempts(ctx: ToolContext, *tools: str, codes: tuple[str, ...]) -> None:
    """Counts the recorded calls: a refusal rolls back what the tool itself writes, the record of it stays.

    Calls that have begun count too, this one among them, so that parallel guesses do not get past the limit.

    Raises:
        ToolRefused: `too_many_attempts`.
    """
    failed = Q(status=ToolCall.Status.REFUSED, result__error__code__in=codes)
    calls = ToolCall.objects.filter(failed | Q(status=ToolCall.Status.STARTED), name__in=tools)
    if calls.filter(conversation_id=ctx.conversation_id).count() > ATTEMPTS:
        raise ToolRefused(
            "too_many_attempts",
            "I am sorry, I cannot look for records any more in this conversation. Please call our office.",
        )


def identified_renter(ctx: ToolContext) -> Renter | None:
    """Whom this conversation has identified, if they are a renter."""
    if not ctx.contact_id:
        return None
    return Renter.objects.filter(contact_id=ctx.contact_id).select_related("contact").first()


def own_renter(ctx: ToolContext, renter_id: str) -> Renter:
    """The renter this conversation has identified, who must be the one asked about.

    Raises:
        ToolRefused: `not_identified`, in the same words whether such a renter exists or not.
    """
    renter = identified_renter(ctx)
    if renter is None or renter.pk != renter_id:
        raise not_identified()
    return renter


def not_identified() -> ToolRefused:
    return ToolRefused(
        "not_identified",
        "Before I can help with that, I need to find your tenancy by your phone number and date of birth.",
    )


def own_lease(ctx: ToolContext, renter_id: str) -> Lease:
    """The lease of the renter this conversation has identified.

    Raises:
        ToolRefused: `not_identified`, or `no_lease`.
    """
    lease = current_lease(own_renter(ctx, renter_id), today=today(ctx))
    if lease is None:
        raise ToolRefused("no_lease", "I do not see a lease in your name at the moment. Please call our office.")
    return lease


def known_listing(listing_id: str) -> Listing:
    """A listing on the market.

    Raises:
        ToolRefused: `listing_not_found`.
    """
    found = listings.listing(listing_id)
    if found is None:
        raise ToolRefused("listing_not_found", "I cannot find that home among our listings.", field="listing_id")
    return found


def named_listing(name: str) -> Listing:
    """The one listing at an address as the visitor said it.

    Raises:
        ToolRefused: `listing_needed`, `which_listing` or `listing_not_found`.
    """
    if not name.strip():
        raise ToolRefused("listing_needed", "Which home do you mean? The street is enough.", field="property_name")
    found = listings.at_address(name, listings.on_market())
    if len(found) == 1:
        return found[0]
    if found:
        said = listed([one.property.address for one in found[:SPOKEN]], word="or")
        raise ToolRefused("which_listing", f"Do you mean {said}?", field="property_name", data=_choices(found))
    raise ToolRefused(
        "listing_not_found", "I cannot find a home at that address among our listings.", field="property_name"
    )


def _choices(found: list[Listing]) -> dict[str, Any]:
    return {"listings": [listings.as_data(one) for one in found[:SPOKEN]]}


def bookable_day(ctx: ToolContext, date: dt.date, *, field: str = "date") -> dt.date:
    """A day that the calendars are open for.

    Raises:
        ToolRefused: `in_the_past` or `too_far_ahead`.
    """
    if date < today(ctx):
        raise ToolRefused("in_the_past", "That day is in the past.", field=field)
    if date > today(ctx) + dt.timedelta(days=BOOKABLE_DAYS):
        raise ToolRefused("too_far_ahead", "We only book up to a year ahead.", field=field)
    return date
