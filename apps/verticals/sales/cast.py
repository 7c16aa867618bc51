"""Who and what there is at Summit Software, the demo tenant. Every number is one that no phone company gives out."""

from typing import Final, NamedTuple

WEEK: Final = (0, 1, 2, 3, 4)


class ProductRow(NamedTuple):
    name: str
    also_called: str
    summary: str
    details: str
    dollars: int | None
    per: str
    good_for: str


PRODUCTS: Final = (
    ProductRow(
        "Summit Starter",
        "starter, small plan, basic",
        "Scheduling, customers and invoices for a small crew.",
        "Up to 5 users. E-mail support. Month to month, can be canceled at the end of any month.",
        19,
        "user and month",
        "crews of 2 to 5",
    ),
    ProductRow(
        "Summit Crew",
        "crew, professional, pro, team",
        "Everything in Starter, with routes, a mobile app that works offline, and reports.",
        "Up to 100 users. Phone support on weekdays. Data import is included.",
        39,
        "user and month",
        "teams of 6 to 100",
    ),
    ProductRow(
        "Summit Enterprise",
        "enterprise, large, corporate",
        "Everything in Crew, with single sign-on, an API, and a contact of your own.",
        "Any number of users. Terms are agreed with a sales rep.",
        None,
        "",
        "companies with several branches",
    ),
    ProductRow(
        "Summit Pay",
        "payments, card payments, pay",
        "Card payments on site, matched to the invoice by themselves.",
        "Works with every plan. 2.6% and 10 cents per payment.",
        0,
        "month",
        "everyone who is paid on site",
    ),
    ProductRow(
        "Summit Insight",
        "insight, analytics, forecasting",
        "Forecasts of workload and parts, from your own history.",
        "Needs Crew or Enterprise and a year of data.",
        290,
        "month",
        "dispatchers who plan weeks ahead",
    ),
)

REPS: Final = (
    ("Dana Cole", "Account executive", "Teams of 6 to 100", (9, 17)),
    ("Miguel Torres", "Account executive", "Small crews", (8, 16)),
    ("Priya Raman", "Enterprise sales", "Several branches, single sign-on", (9, 17)),
    ("Owen Blake", "Account executive", "Trade contractors", (10, 18)),
)

TEAM: Final = {
    "triage": ("Sasha", "Sol"),
    "inbound": ("Iris", "Ian", "Ines", "Idris", "Isla", "Ivo", "Ida", "Ilan"),
    "outbound": (
        *("Oscar", "Olive", "Otto", "Orla", "Omar", "Odette", "Orion", "Opal"),
        *("Osman", "Olga", "Orson", "Oona", "Oswin", "Ottilie", "Oren", "Ophelia"),
    ),
    "lead": ("Leo", "Lena", "Luca", "Lila", "Lars", "Luz"),
    "appointment": ("Ada", "Abel", "Anouk", "Aldo", "Asa"),
}
"""37 agents of the floor, by kind."""

LEADS: Final = (
    # given, family, phone, company, title, status, score, rep
    ("Nora", "Whitfield", "+13035550101", "Whitfield Plumbing", "Owner", "meeting", 82, "Dana"),
    ("Ben", "Okafor", "+13035550102", "Okafor Electric", "Operations manager", "contacted", 58, "Miguel"),
    ("Carla", "Mendes", "+13035550103", "Mendes Landscaping", "Owner", "new", 0, ""),
    ("Ivy", "Tran", "+13035550104", "Tran Heating", "Office manager", "qualified", 64, "Dana"),
    ("Samir", "Haddad", "+13035550105", "Haddad Elevators", "Head of service", "nurture", 31, "Priya"),
    ("Greta", "Lindqvist", "+13035550106", "Lindqvist Windows", "Owner", "meeting", 76, "Owen"),
    ("Zoë", "Park", "+13035550107", "Park Pools", "Dispatcher", "contacted", 40, "Miguel"),
    ("Theo", "Grant", "+13035550108", "Grant Roofing", "Owner", "closed", 0, ""),
)
"""Those with a part to play in the scenarios."""

GIVEN: Final = (
    *("Aaron", "Bella", "Cyrus", "Daria", "Elliot", "Farah", "Gavin", "Helen", "Isaac", "Joanna"),
    *("Kenji", "Laura", "Mason", "Nadine", "Oliver", "Paula", "Quentin", "Rosa", "Stefan", "Tessa"),
)
FAMILY: Final = ("Abbott", "Brennan", "Castillo", "Dubois", "Eriksen", "Fischer")
COMPANIES: Final = (
    *("Abbey Doors", "Blue Ridge HVAC", "Canyon Septic", "Delta Gutters", "Evergreen Trees", "Frontier Fire Safety"),
    *("Gateway Glass", "High Plains Solar", "Ironwood Fencing", "Jetstream Cleaning"),
)
TITLES: Final = ("Owner", "Operations manager", "Office manager", "Head of service", "Dispatcher")
AREAS: Final = ("+1212555", "+1312555", "+1310555", "+1303555", "+1808555", "+1907555", "+1800555")
"""New York, Chicago, Los Angeles, Denver, Honolulu, Alaska, and toll-free: the hours differ."""
SOURCES: Final = ("Form on summit-software.example/demo", "Webinar on route planning", "Customer recommendation")
WORDING: Final = (
    "I agree that Summit Software calls me at the number above about its products, also with an artificial voice. "
    "I know that I need not agree in order to buy anything."
)

FAIR_CSV: Final = """\
First name,Last name,Phone,Email,Company,Job title,Consent,Consent date,Consent source
Ruth,Adeyemi,(303) 555-0181,ruth@example.com,Adeyemi Pest Control,Owner,written,2026-10-02,Card signed at the booth
Viktor,Novak,303-555-0182,viktor@example.com,Novak Chimneys,Owner,written,2026-10-02,Card signed at the booth
Maya,Lopez,+1 303 555 0183,maya@example.com,Lopez Locksmiths,Office manager,spoken,2026-10-03,Talk at the booth
Hugo,Stein,555-0184,hugo@example.com,Stein Tiling,Owner,written,2026-10-02,Card signed at the booth
Clara,Jensen,(303) 555-0185,clara(at)example.com,Jensen Irrigation,Owner,,,
Ruth,Adeyemi,303.555.0181,ruth@example.com,Adeyemi Pest Control,Owner,written,2026-10-02,Card signed at the booth
Amir,Rahman,(303) 555-0186,amir@example.com,Rahman Painting,Owner,written,,Card signed at the booth
,,(303) 555-0187,,,,,,
Nora,Whitfield,(303) 555-0101,nora@example.com,Whitfield Plumbing,Owner,,,
Elsa,Berg,(303) 555-0188,elsa@example.com,Berg Flooring,Dispatcher,maybe,2026-10-02,Booth
"""
FAIR_NAME: Final = "contractors-fair-denver.csv"
