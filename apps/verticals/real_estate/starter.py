"""What an agency that signs up begins with: the owner as its agent, and two homes marked as examples."""

import datetime as dt

from apps.agents.sdk import NewBusiness
from apps.business import starting
from apps.business.models import Staff
from apps.verticals.real_estate.models import Listing, Property, Suburb

_WEEK = {**dict.fromkeys(starting.WEEKDAYS, (dt.time(9), dt.time(17, 30))), 5: (dt.time(10), dt.time(15))}
_WHY = "This is an example, so that you can try a search and a viewing. Withdraw it once your own homes are listed."


def start(new: NewBusiness) -> None:
    """Fills the new agency in scope."""
    starting.keep_hours(_WEEK)
    agent = Staff.objects.create(name=new.owner, title="Agent")
    suburb = Suburb.objects.create(name="Exampleton", lifestyle="Not a real place: an example.", source="Example")
    house = Property.objects.create(
        street_address="1 Example Street",
        suburb=suburb,
        property_type="house",
        bedrooms=3,
        bathrooms=2,
        parking_spaces=1,
        features="garden, garage",
    )
    apartment = Property.objects.create(
        street_address="2/5 Example Street",
        suburb=suburb,
        property_type="apartment",
        bedrooms=2,
        bathrooms=1,
        features="balcony",
        pets_considered=True,
    )
    today = new.now.date()
    Listing.objects.bulk_create(
        Listing(
            property=home,
            purpose=purpose,
            price_cents=dollars * 100,
            headline=headline,
            description=_WHY,
            agent=agent,
            available_from_date=available,
            listed_date=today,
        )
        for home, purpose, dollars, headline, available in (
            (house, "sale", 850_000, "Example: family house with a garden", None),
            (apartment, "rent", 620, "Example: bright apartment with a balcony", today + dt.timedelta(days=14)),
        )
    )
