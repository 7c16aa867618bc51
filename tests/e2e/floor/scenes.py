"""A busy floor: 37 agents, 20 calls, a day's figures. The same each time."""

import random
from typing import Any

from apps.verticals.sales.cast import COMPANIES, FAMILY, GIVEN, TEAM

State = dict[str, Any]
Event = dict[str, Any]

OUTCOMES = ("interested", "meeting_booked", "callback", "nurture", "not_interested", "not_qualified", "")
ENDINGS = ("answered", "answered", "answered", "machine", "no_answer", "busy")
SAID = (
    ("agent", "Hello, this is {agent}, an AI assistant of Summit Software. Is this a good moment?"),
    ("visitor", "I have two minutes, what is it about?"),
    ("agent", "You joined our webinar on route planning. How do you plan the routes of your crews today?"),
    ("visitor", "On a whiteboard, honestly. It works until somebody calls in sick."),
    ("agent", "That is what most teams of your size tell us. How many people go out each morning?"),
    ("visitor", "Fourteen, in six vans. In summer a few more."),
    ("agent", "Then Summit Crew would fit. It plans the routes again by itself when somebody is away."),
    ("visitor", "That sounds great. What does it cost?"),
    ("agent", "39 dollars for each user and month. Shall I show it to you with one of our people this week?"),
    ("visitor", "Thursday would be perfect, in the morning."),
)
STATES = ("talking",) * 14 + ("ringing",) * 2 + ("dialing",) * 4 + ("free",) * 13 + ("paused",) * 4


def agent(number: int, name: str, kind: str, state: str, now: float, chance: random.Random) -> State:
    dials = chance.randrange(8, 40) if kind in ("outbound", "lead") else 0
    conversations = chance.randrange(2, 12)
    return {
        "id": f"tag_{number:02}",
        "name": name,
        "kind": kind,
        "state": state,
        "since": now - chance.randrange(4, 420),
        "paused": state == "paused",
        "call": "",
        "version": 1,
        "dials": dials,
        "connects": min(dials, conversations + 3),
        "conversations": conversations,
        "appointments": chance.choices((0, 1, 2, 3, 4), (40, 25, 18, 12, 5))[0],
        "talk_s": conversations * chance.randrange(70, 240),
    }


def lead(number: int, chance: random.Random) -> State:
    score = chance.randrange(5, 98)
    return {
        "id": f"led_{number:03}",
        "name": f"{GIVEN[number % len(GIVEN)]} {FAMILY[number % len(FAMILY)]}",
        "company": COMPANIES[number % len(COMPANIES)],
        "score": score,
        "temperature": "hot" if score >= 70 else "warm" if score >= 40 else "cold",
        "version": 0,
    }


def turns(name: str, count: int, now: float) -> list[State]:
    rows = []
    for number, (role, text) in enumerate(SAID[:count], start=1):
        row = {"number": number, "role": role, "text": text.format(agent=name), "unheard": "", "agent": "outbound"}
        rows.append({**row, "at": now - 12.0 * (count - number)})
    if count >= 5:
        rows[2]["text"], rows[2]["unheard"] = (
            "You joined our webinar on route planning.",
            "How do you plan the routes of your crews today?",
        )
    return rows


def call(number: int, of: State, now: float, chance: random.Random) -> State:
    inbound = of["kind"] in ("inbound", "triage")
    talking = of["state"] == "talking"
    said = turns(of["name"], chance.randrange(2, 11), now) if talking else []
    return {
        "id": f"{'rcv' if inbound else 'dlc'}_{number:02}",
        "direction": "inbound" if inbound else "outbound",
        "state": "talking" if inbound else of["state"],
        "agent": of["id"],
        "kind": of["kind"],
        "lead": lead(number, chance) if not inbound or number % 3 else None,
        "phone": f"+130355501{number:02}",
        "campaign": "" if inbound else ("cmp_1" if of["kind"] == "outbound" else "cmp_2"),
        "conversation": f"cnv_{number:02}" if talking else "",
        "call": f"cal_{number:02}" if talking else "",
        "began": of["since"] - 14,
        "answered": of["since"] if talking else 0.0,
        "ended": 0.0,
        "seconds": 0,
        "ending": "",
        "outcome": "",
        "sentiment": round(chance.uniform(-0.9, 0.95), 2) if talking and number % 4 else None,
        "version": 1,
        "supervision": {"mode": "", "by": ""},
        "turns": said,
    }


def busy(now: float) -> State:
    """37 agents, of whom 20 are on a call."""
    chance = random.Random("floor")
    states = list(STATES)
    chance.shuffle(states)
    names = [(name, kind) for kind, own in TEAM.items() for name in own]
    agents, calls = {}, {}
    for number, ((name, kind), state) in enumerate(zip(names, states, strict=True)):
        if kind in ("triage", "inbound", "appointment") and state in ("dialing", "ringing"):
            other = next(
                n for n, s in enumerate(states) if s in ("talking", "free") and names[n][1] == "outbound" and n > number
            )
            state, states[other] = states[other], state
        one = agent(number, name, kind, state, now, chance)
        if state in ("talking", "ringing", "dialing"):
            made = call(number, one, now, chance)
            one["call"] = made["id"]
            calls[made["id"]] = made
        agents[one["id"]] = one
    first = next(one for one in calls.values() if one["state"] == "talking" and one["direction"] == "outbound")
    first["supervision"] = {"mode": "listen", "by": "Dana Cole"}
    for number in range(60, 80):
        ended = ended_call(number, chance.choice(list(agents.values())), now, chance)
        calls[ended["id"]] = ended
    return {
        "team": {
            "tenant": "Summit Software",
            "time_zone": "America/Denver",
            "day": "2026-11-29",
            "lines": 20,
            "stopped": False,
            "simulated": True,
        },
        "agents": agents,
        "calls": calls,
        "campaigns": campaigns(),
        "leads": {
            "total": 131,
            "hot": 17,
            "warm": 46,
            "cold": 68,
            "by_status": {"new": 60, "contacted": 40, "won": 31},
        },
        "kpis": kpis(agents, now, chance),
    }


def ended_call(number: int, of: State, now: float, chance: random.Random) -> State:
    made = call(number, {**of, "state": "talking", "kind": "outbound"}, now, chance)
    ending = chance.choice(ENDINGS)
    answered = ending == "answered"
    ended = now - 25.0 * (number - 59)
    return made | {
        "state": "ended",
        "ending": ending,
        "ended": ended,
        "seconds": chance.randrange(40, 400) if answered else 0,
        "outcome": chance.choice(OUTCOMES) if answered else "",
        "turns": made["turns"] if answered else [],
    }


def campaigns() -> State:
    rows = (
        ("cmp_1", "Webinar follow-up", "running", "outbound", 46, 9, 61, 8),
        ("cmp_2", "Contractors' fair", "running", "lead", 12, 4, 22, 3),
        ("cmp_3", "Spring update", "finished", "outbound", 0, 0, 88, 14),
    )
    names = ("id", "name", "status", "agent", "waiting", "calling", "done", "skipped")
    return {row[0]: dict(zip(names, row, strict=True)) for row in rows}


def kpis(agents: State, now: float, chance: random.Random) -> State:
    start = now // 900 * 900 - 29 * 900
    series = []
    for quarter in range(30):
        dials = max(0, round(14 + 9 * chance.uniform(-1, 1) + (quarter % 12)))
        connects = round(dials * chance.uniform(0.25, 0.5))
        series.append(
            {"at": start + quarter * 900, "dials": dials, "connects": connects, "appointments": connects // 4}
        )
    conversations = sum(one["conversations"] for one in agents.values())
    appointments = sum(one["appointments"] for one in agents.values())
    return {
        "dials": sum(row["dials"] for row in series),
        "connects": sum(row["connects"] for row in series),
        "conversations": conversations,
        "appointments": appointments,
        "conversion": appointments / conversations,
        "talk_s": sum(one["talk_s"] for one in agents.values()),
        "abandon_rate": 0.011,
        "received": 48,
        "series": series,
    }


def churn(state: State, now: float, count: int, seed: str = "churn") -> list[Event]:
    """As many events as a busy second brings: turns, agents, calls, figures."""
    chance = random.Random(seed)
    talking = [one for one in state["calls"].values() if one["state"] == "talking"]
    events: list[Event] = []
    for number in range(count):
        one = chance.choice(talking)
        kind = number % 4
        if kind == 0:
            turn = {"number": 100 + number, "role": "visitor", "text": f"And what about {number}?", "unheard": ""}
            events.append({"type": "TurnAdded", "call": one["id"], "turn": {**turn, "agent": "", "at": now}})
        elif kind == 1:
            plain = {name: value for name, value in one.items() if name != "turns"}
            events.append({"type": "CallChanged", "call": plain | {"sentiment": round(chance.uniform(-1, 1), 2)}})
        elif kind == 2:
            of = chance.choice(list(state["agents"].values()))
            events.append({"type": "AgentChanged", "agent": of | {"conversations": of["conversations"] + number}})
        else:
            events.append({"type": "KpisChanged", "kpis": state["kpis"] | {"dials": state["kpis"]["dials"] + number}})
    return events
