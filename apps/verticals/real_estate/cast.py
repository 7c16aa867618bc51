"""The people of the demo agency. All are made up; the phone numbers are reserved for fiction."""

import datetime as dt
from dataclasses import dataclass

WEEK = (0, 1, 2, 3, 4)

# Name, title, weekdays, hours. The first four show homes.
STAFF = (
    ("Grace Lim", "Senior sales agent", (*WEEK, 5), ((9, 12), (13, 17))),
    ("Daniel Novak", "Sales agent", (0, 1, 3, 4, 5), ((9, 13), (14, 17))),
    ("Priya Menon", "Sales agent", (1, 2, 3, 4, 5), ((10, 13), (14, 17))),
    ("Tom Whitlam", "Leasing agent", (*WEEK, 5), ((9, 12), (13, 17))),
    ("Helen Castro", "Property manager", WEEK, ((9, 13), (14, 17))),
)


@dataclass(frozen=True)
class RenterRow:
    """`rent` in dollars per period; `weeks` since the lease began; `behind` in periods not paid yet."""

    given: str
    family: str
    born: dt.date
    phone: str
    street: str
    suburb: str
    kind: str
    bedrooms: int
    rent: int
    frequency: str
    weeks: int
    behind: int = 0
    pets: bool = False


# Scenarios speak of the first four.
RENTERS = (
    RenterRow(
        *("Mia", "Thompson", dt.date(1991, 3, 14), "+61491570006", "22 Ellery Street", "Fernleigh", "house", 3),
        *(650, "weekly", 30, 1, True),
    ),
    RenterRow(
        *("Jack", "Turner", dt.date(1985, 11, 2), "+61491570156", "4/61 Linden Road", "Kingsbury", "apartment", 2),
        *(1_440, "fortnightly", 44),
    ),
    RenterRow(
        *("Ava", "Nguyen", dt.date(1996, 7, 23), "+61491570157", "15 Jasmine Court", "Millbrook", "townhouse", 3),
        *(610, "weekly", 20),
    ),
    RenterRow(
        *("Liam", "O’Connor", dt.date(1979, 1, 30), "+61491570158", "9/27 Marina Drive", "Wattle Bay", "apartment", 2),
        *(3_400, "monthly", 50),
    ),
    RenterRow(
        *("Sofia", "Marino", dt.date(1988, 9, 9), "+61491570159", "38 Hillside Avenue", "Oakhurst", "house", 4),
        *(580, "weekly", 70, 0, True),
    ),
    RenterRow(
        *("Noah", "Becker", dt.date(1993, 12, 5), "+61491570110", "11/2 Garrison Lane", "Kingsbury", "apartment", 1),
        *(1_180, "fortnightly", 16, 1),
    ),
    RenterRow(
        *("Zara", "Khan", dt.date(1990, 4, 18), "+61491570313", "3 Orchard Place", "Millbrook", "house", 4),
        *(720, "weekly", 61),
    ),
    RenterRow(
        *("Ethan", "Clarke", dt.date(1982, 8, 27), "+61491570737", "6/80 Coral Street", "Saltwater", "apartment", 2),
        *(890, "weekly", 12),
    ),
    RenterRow(
        *("Ruby", "Doyle", dt.date(1999, 2, 11), "+61491571266", "1/44 Mercer Street", "Fernleigh", "apartment", 1),
        *(2_150, "monthly", 26, 0, True),
    ),
    RenterRow(
        *("Hugo", "Laurent", dt.date(1976, 6, 3), "+61491571491", "18 Bridge Street", "Wattle Bay", "townhouse", 3),
        *(980, "weekly", 8, 2),
    ),
)
HOUSE_NOTES = "Bins go out on Monday evening. The water main is next to the front meter box."

# Name, trade, last digits of the phone, on call.
CONTRACTORS = (
    ("Bluegum Plumbing", "plumbing", 21, True),
    ("Clearwater Drains", "plumbing", 22, False),
    ("Brightside Electrical", "electrical", 23, True),
    ("Coastal Gas Services", "gas", 24, True),
    ("Keyhole Locksmiths", "locks", 25, True),
    ("Evergreen Heating and Air", "heating", 26, False),
    ("Fix-It Appliances", "appliance", 27, False),
    ("Stonework Builders", "structure", 28, True),
    ("Quiet Home Pest Control", "pests", 29, False),
    ("Harbour Homes Handyman", "other", 30, True),
)

# Place of the renter, description, priority, status, trade, days ago, notes.
REQUESTS = (
    (2, "The dishwasher does not drain", "normal", "pending_parts", "appliance", 6, ("Pump ordered, due next week.",)),
    (0, "Bathroom light flickers", "normal", "completed", "electrical", 21, ("Switch replaced.",)),
    (4, "Back gate squeaks", "low", "open", "structure", 3, ()),
    (5, "Toilet blocked", "urgent", "completed", "plumbing", 12, ("Cleared the drain.",)),
    (6, "Air conditioner has stopped cooling", "urgent", "assigned", "heating", 1, ("Visit on Thursday morning.",)),
    (7, "Ants in the kitchen", "normal", "in_progress", "pests", 4, ("First treatment done.",)),
    (8, "Front door key is stuck in the lock", "urgent", "assigned", "locks", 2, ()),
    (9, "Water is pouring through the ceiling", "emergency", "completed", "plumbing", 33, ("Burst pipe mended.",)),
    (9, "Ceiling needs painting after the leak", "low", "open", "structure", 30, ("Waits until it is dry.",)),
)

# Charges besides rent: place of the renter, dollars, days ago, what for.
CHARGES = ((0, 84, 12, "Water usage"), (4, 61, 20, "Water usage"), (9, 120, 5, "Replacement keys"))

# Who looks for a home: first name, last name, intent, wish, budget in dollars, streets they asked about.
BUYERS = (
    ("Chloe", "Bennett", "viewing", "Three-bedroom house with a garden in Fernleigh", 1_600_000, ("8 Banksia Avenue",)),
    ("Arjun", "Patel", "finance", "Apartment near the metro", 1_100_000, ("804/90 Metro Square", "5/40 Quay Street")),
    ("Isabella", "Ferrari", "viewing", "Something with an ocean view", 1_500_000, ("7/22 Cliff Road",)),
    ("Marcus", "Steiner", "buy", "Family house with a pool", 2_000_000, ("31 Magnolia Road",)),
    ("Hana", "Sato", "rent", "House to rent that allows a dog", 0, ("21 Palm Street", "70 Oak Road")),
    ("Peter", "Walsh", "buy", "First home under 800 thousand", 800_000, ("3/18 Wharf Road", "55 Station Road")),
    ("Leila", "Haddad", "viewing", "Townhouse with character", 2_100_000, ("19 Regent Street",)),
    ("George", "Adams", "rent", "Two bedrooms near the beach", 0, ("4/3 Surf Street",)),
)
FEEDBACK = (
    "Liked the light, worries about the road noise.",
    "Wants to bring her parents for a second look.",
    "Too small for the piano.",
    "Asked for the strata report.",
)
