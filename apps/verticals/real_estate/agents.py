"""The agency's ten agents: a front desk, four for buyers and five for the homes under management."""

from apps.agents.sdk import Agent, Tool, Vertical
from apps.verticals.real_estate import instructions, tools
from apps.verticals.real_estate.demo import TENANT
from apps.verticals.real_estate.starter import start

_DESK = "triage"


def _specialist(
    slug: str, name: str, role: str, own: str, *, may: tuple[Tool, ...], greeting: str, voice: str
) -> Agent:
    """One who does their part and hands the visitor back for anything else."""
    return Agent(
        slug=slug,
        name=name,
        role=role,
        instructions=f"{own}\n{instructions.COMMON}{instructions.SPECIALIST}",
        tools=may,
        greeting=greeting,
        hands_over_to=(_DESK,),
        voice=voice,
    )


_SPECIALISTS = (
    _specialist(
        "property_search",
        "Theo",
        "finds homes to buy or rent: search listings by suburb, house, apartment, bedrooms, price, garden",
        instructions.PROPERTY_SEARCH,
        may=tools.SEARCH,
        greeting="Hi, this is Theo. What kind of home are you looking for?",
        voice="cedar",
    ),
    _specialist(
        "suburb_intelligence",
        "Maya",
        "tells what a suburb is like: median prices, growth, schools, transport, commute, neighborhood",
        instructions.SUBURB_INTELLIGENCE,
        may=tools.SUBURBS,
        greeting="Hi, this is Maya. Which suburb would you like to know about?",
        voice="coral",
    ),
    _specialist(
        "mortgage",
        "Leo",
        "home loan arithmetic: repayments, deposit, interest, what can I afford or borrow, amortization",
        instructions.MORTGAGE,
        may=tools.MORTGAGE,
        greeting="Hi, this is Leo. What does the home cost, and what is your deposit?",
        voice="ash",
    ),
    _specialist(
        "viewings",
        "Ivy",
        "books, moves and cancels viewings and inspections: view, see or inspect a home, visit it",
        instructions.VIEWINGS,
        may=tools.VIEWINGS,
        greeting="Hi, this is Ivy. Which home would you like to see?",
        voice="shimmer",
    ),
    _specialist(
        "property",
        "Nora",
        "a managed home and a renter's file: pets, parking, bins, keys, year built, details on file",
        instructions.PROPERTY,
        may=tools.PROPERTY,
        greeting="Hi, this is Nora from property management. Which home is it about?",
        voice="sage",
    ),
    _specialist(
        "maintenance",
        "Sam",
        "maintenance and repairs: something broken, dripping, blocked, not working, fix, status of a repair",
        instructions.MAINTENANCE,
        may=tools.MAINTENANCE,
        greeting="Hi, this is Sam from maintenance. What needs fixing?",
        voice="verse",
    ),
    _specialist(
        "leasing",
        "Lena",
        "rentals and leases: units available to rent, vacancies, lease end, bond, notice, apply as a renter",
        instructions.LEASING,
        may=tools.LEASING,
        greeting="Hi, this is Lena from leasing. Are you looking for a home to rent?",
        voice="ballad",
    ),
    _specialist(
        "payment",
        "Omar",
        "rent accounts: rent balance, owe, arrears, due, paid, payment",
        instructions.PAYMENT,
        may=tools.PAYMENT,
        greeting="Hi, this is Omar from accounts. Is it about your rent?",
        voice="echo",
    ),
    _specialist(
        "emergency",
        "Rae",
        "emergencies in a home: burst pipe, flood, flooding, water pouring, fire, gas, no power, door that cannot lock",
        instructions.EMERGENCY,
        may=tools.EMERGENCY,
        greeting="Rae here, emergencies. If anybody is in danger, call 000 now. What has happened, and where?",
        voice="alloy",
    ),
)

TRIAGE = Agent(
    slug=_DESK,
    name="Aria",
    role=(
        "front desk for all else: buy, listings, suburb, mortgage, repayments, book a viewing, inspection, rent, "
        "balance, lease, pets, maintenance, repair, emergency, flood, office hours"
    ),
    instructions=f"{instructions.TRIAGE}\n{instructions.COMMON}",
    tools=tools.TRIAGE,
    greeting="Hello, this is Aria. Are you looking to buy or rent, or is it about a home you rent from us?",
    hands_over_to=tuple(agent.slug for agent in _SPECIALISTS),
)

VERTICAL = Vertical(
    slug="real_estate",
    name="Real estate",
    tagline="Finds homes, explains suburbs and loans, books viewings, and looks after renters day and night",
    place=30,
    agents=(TRIAGE, *_SPECIALISTS),
    demo=TENANT,
    start=start,
)
