"""The line's seven agents, and the industry pack they make."""

from apps.agents.sdk import Agent, Tool, Vertical
from apps.verticals.after_hours import instructions, tools
from apps.verticals.after_hours.demo import TENANT
from apps.verticals.after_hours.starter import start

_BACK = ("triage",)


def _agent(
    slug: str, name: str, role: str, task: str, own: tuple[Tool, ...], *, voice: str, to: tuple[str, ...] = _BACK
) -> Agent:
    return Agent(
        slug=slug,
        name=name,
        role=role,
        instructions=f"{task}\n{instructions.COMMON}",
        tools=own,
        greeting=f"Hello, this is {name} on the after-hours line. What has happened?",
        hands_over_to=to,
        voice=voice,
    )


def _trade(slug: str, name: str, role: str, field: str, *, voice: str) -> Agent:
    return _agent(slug, name, role, instructions.TRADE.format(field=field), tools.TRADE, voice=voice)


SPECIALISTS = (
    _trade(
        "plumbing",
        "Paula",
        "Plumbing emergencies and bookable visits: water, burst pipe, flood, leak, dripping tap or faucet, toilet, "
        "clogged drain, sewage, no water",
        "plumbing and water",
        voice="coral",
    ),
    _trade(
        "hvac",
        "Hugo",
        "Heating and cooling emergencies and bookable visits: heat, heater, furnace, boiler, radiator, thermostat, "
        "air conditioning, gas smell, carbon monoxide",
        "heating, cooling and gas",
        voice="cedar",
    ),
    _trade(
        "electrical",
        "Elena",
        "Electrical emergencies and bookable visits: power outage, electricity, lights, outlet, breaker, fuse, sparks, "
        "wires, elevator, smoke alarm",
        "electrical",
        voice="sage",
    ),
    _trade(
        "lockout",
        "Lou",
        "Lockout emergencies and bookable visits: locked out, lost key or keys, lock, door that does not lock or open",
        "lock and key",
        voice="ash",
    ),
    _agent(
        "noise",
        "Nora",
        "Noise: loud party, music, barking, shouting neighbors, noise complaint, quiet hours",
        instructions.NOISE,
        tools.NOISE,
        voice="shimmer",
    ),
    _agent(
        "escalation",
        "Eli",
        "Reports that were made already: status of my report, who is coming, add to, correct, escalate or withdraw a "
        "report, move, reschedule or cancel a visit",
        instructions.ESCALATION,
        tools.ESCALATION,
        voice="verse",
    ),
)

TRIAGE = _agent(
    "triage",
    "Nell",
    "Front desk: finds the colleague for everything else, such as the status of a report, withdrawing, correcting or "
    "escalating one, moving or cancelling a visit, another problem, or the office",
    instructions.TRIAGE,
    tools.TRIAGE,
    voice="marin",
    to=tuple(agent.slug for agent in SPECIALISTS),
)

VERTICAL = Vertical(
    slug="after_hours",
    name="After hours",
    tagline="Tells an emergency from what can wait, and rings the people on call until one of them takes it",
    place=50,
    agents=(TRIAGE, *SPECIALISTS),
    demo=TENANT,
    start=start,
)
