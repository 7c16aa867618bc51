"""The people, buildings and calls of the demo line. All are made up; numbers 555-01xx are reserved for fiction."""

WEEK = (0, 1, 2, 3, 4)

# Name, title, trade, weekdays, hours.
TEAM = (
    ("Nadia Flores", "Master plumber", "plumbing", WEEK, (8, 17)),
    ("Owen Brandt", "Plumber", "plumbing", WEEK, (8, 16)),
    ("Grace Adeyemi", "Heating engineer", "hvac", WEEK, (8, 17)),
    ("Marco Silva", "Heating technician", "hvac", (0, 1, 2, 3), (9, 18)),
    ("Jun Takeda", "Electrician", "electrical", WEEK, (8, 17)),
    ("Ivy Kowalski", "Electrician", "electrical", (1, 2, 3, 4), (9, 18)),
    ("Sam Whitlock", "Locksmith", "lockout", WEEK, (9, 17)),
    ("Rosa Delgado", "Building manager", "other", WEEK, (8, 17)),
    ("Curtis Boone", "Night patrol", "noise", WEEK, (9, 15)),
    ("Helen Marsh", "Owner", "other", (0, 2), (10, 16)),
)

# Name, trade, the members' first names in the order of their turns.
ROTATIONS = (
    ("Plumbing", "plumbing", ("Nadia", "Owen", "Marco", "Rosa")),
    ("Heating and cooling", "hvac", ("Grace", "Marco", "Owen", "Rosa")),
    ("Electrical", "electrical", ("Jun", "Ivy", "Rosa")),
    ("Lockouts", "lockout", ("Sam", "Rosa", "Curtis")),
    ("Everything else", "", ("Curtis", "Rosa", "Sam", "Grace", "Nadia", "Jun", "Owen", "Ivy")),
)

# Name, address, homes, where the water is turned off, where the breakers are, quiet hours, access.
BUILDINGS = (
    (
        "The Alder",
        "12 River Road",
        48,
        "in the hall closet of each unit, the red handle",
        "behind the entrance door of each unit",
        (22, 7),
        "key box left of the loading dock",
    ),
    (
        "Harbor Lofts",
        "240 Quay Street",
        96,
        "under the kitchen sink of each unit",
        "in the hallway of each unit",
        (23, 7),
        "",
    ),
    (
        "Birch Court",
        "5 Birch Lane",
        12,
        "in the basement, left of the stairs",
        "in the basement, by the meters",
        (22, 6),
        "",
    ),
    (
        "",
        "77 Mill Avenue",
        6,
        "in the crawl space behind the laundry room",
        "on the back porch",
        None,
        "gate stays open",
    ),
    (
        "Orchard House",
        "318 Orchard Street",
        32,
        "in the bathroom of each unit, behind the panel",
        "",
        (22, 7),
        "concierge",
    ),
    (
        "Lakeview Terrace",
        "901 Lake Drive",
        64,
        "under the bathroom sink of each unit",
        "in the bedroom closet",
        (22, 8),
        "",
    ),
    (
        "The Foundry",
        "44 Iron Street",
        21,
        "in the utility room of each floor",
        "in the utility room of each floor",
        None,
        "",
    ),
    ("", "1510 Cedar Street", 4, "at the back of the house, the blue handle", "in the garage", (21, 7), ""),
)

# First name, last name, building's street, unit. Their numbers are 555-0101 and on; scenarios speak of the first ones.
CALLERS = (
    ("Dana", "Whitfield", "12 River Road", "4B"),
    ("Kevin", "Marsh", "240 Quay Street", "1207"),
    ("Priya", "Raman", "5 Birch Lane", "3"),
    ("Tom", "Becker", "77 Mill Avenue", "2"),
    ("Laura", "Stein", "318 Orchard Street", "5C"),
    ("Gerald", "Finch", "901 Lake Drive", "18"),
    ("Yara", "Haddad", "44 Iron Street", "9"),
    ("Pete", "Novak", "1510 Cedar Street", "1"),
    ("Elena", "Cruz", "12 River Road", "2A"),
    ("Walt", "Jensen", "240 Quay Street", "311"),
    ("Zoë", "Hill", "901 Lake Drive", "44"),
    ("Marco", "Bellini", "318 Orchard Street", "2D"),
)

# Trade, situation, what callers say, what they are told.
GUIDANCE = (
    (
        "plumbing",
        "Water is running out",
        "burst, flood, pouring, leak, spraying, pipe, ceiling, turn off, stop the water, shutoff, valve",
        "Turn off the water at the shutoff, keep away from wet outlets, and put a bucket under what still runs.",
    ),
    (
        "plumbing",
        "A toilet or drain overflows",
        "toilet, drain, sewage, overflow, backed up, clogged",
        "Do not flush or run any more water, and close the valve behind the toilet by turning it to the right.",
    ),
    (
        "plumbing",
        "There is no water",
        "no water, no hot water, cold",
        "Leave the taps closed, so that nothing runs when the water comes back.",
    ),
    (
        "hvac",
        "The heat is out",
        "no heat, furnace, boiler, radiator, cold, freezing, thermostat",
        "Keep doors and windows closed, and never heat with the oven or a grill.",
    ),
    (
        "hvac",
        "It smells of gas, or an alarm warns of carbon monoxide",
        "gas, smell, carbon monoxide, alarm",
        "Leave at once, touch no switch and light nothing, and call 911 from outside.",
    ),
    (
        "hvac",
        "The cooling is out",
        "air conditioning, cooling, warm, hot",
        "Switch the unit off at the thermostat, draw the blinds, and drink enough.",
    ),
    (
        "electrical",
        "The power is out",
        "power, outage, blackout, dark, lights, electricity",
        "Switch off what was on, leave one light switch on to see when it is back, and keep the fridge closed.",
    ),
    (
        "electrical",
        "Sparks or heat at an outlet",
        "spark, sparks, buzzing, hot outlet, smell, burning, wires, shock",
        "Touch nothing, switch off the breaker of that room if you can do so safely, and keep everybody away.",
    ),
    (
        "electrical",
        "Somebody is stuck in the elevator",
        "elevator, stuck, trapped",
        "Stay calm, press the alarm button, and do not try to open the doors.",
    ),
    (
        "lockout",
        "The caller is locked out",
        "locked out, keys, key, door, shut",
        "Wait somewhere warm and well lit, and have a photo ID ready: our locksmith opens only for who lives there.",
    ),
    (
        "noise",
        "It is loud",
        "party, music, loud, noise, barking",
        "Please do not knock at their door yourself; our night patrol speaks with them.",
    ),
)  # fmt: skip

# Trade, what callers said; they fill the history.
PROBLEMS = (
    ("plumbing", "A pipe burst under the sink and water is everywhere"),
    ("plumbing", "The toilet overflows and it is our only toilet"),
    ("plumbing", "The kitchen tap is dripping"),
    ("plumbing", "Water is coming through the ceiling of the bathroom"),
    ("plumbing", "The shower drain is clogged"),
    ("hvac", "No heat since this afternoon and we have a baby"),
    ("hvac", "The boiler is broken, it is freezing in here"),
    ("hvac", "The air conditioning is not cooling"),
    ("hvac", "The thermostat shows nothing"),
    ("electrical", "The power is out in the whole building"),
    ("electrical", "Sparks came out of the kitchen outlet"),
    ("electrical", "One hallway light flickers"),
    ("lockout", "I am locked out, my keys are inside"),
    ("lockout", "The front door does not lock any more"),
    ("lockout", "I lost my mailbox key"),
    ("noise", "Loud party on the fourth floor since midnight"),
    ("noise", "A dog has been barking for hours"),
    ("other", "The parcel locker does not open"),
)
NOTES = (
    "It is getting worse",
    "There is a bucket under it now",
    "The neighbor has it, too",
    "Please use the side door",
)
