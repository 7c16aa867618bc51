"""What the provider of the trials answers: a pure function of the conversation, so that both ends know every word."""

import json
import random
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

READING = ("get_office_hours", "get_services", "get_providers")
BOOKING = ("create_new_patient", "find_next_available", "schedule_appointment")
_TODAY = re.compile(r"Now: (\d{4}-\d{2})-\d{2}T")


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the model: its words, the seconds between them, and the tool it asks for at the end, if any."""

    words: tuple[str, ...]
    pace: float
    call: str = ""

    @property
    def text(self) -> str:
        return " ".join(self.words)


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps that answer one message of a visitor; every step but the last asks for a tool."""

    steps: tuple[Step, ...]

    @property
    def text(self) -> str:
        """What the visitor must have read at the end: steps are paragraphs."""
        return "\n\n".join(step.text for step in self.steps if step.words)

    @property
    def calls(self) -> tuple[str, ...]:
        return tuple(step.call for step in self.steps if step.call)

    @property
    def seconds(self) -> float:
        return sum(len(step.words) * step.pace for step in self.steps)


def plan_of(message: str) -> Plan:
    """The plan of a message, which begins with its shape: talk, tools, book, long, flood or brief."""
    chance = random.Random(message)
    shape = message.partition(" ")[0]
    calls: list[str] = []
    if shape == "brief":
        sizes, pace = [2], 0.0
    elif shape == "flood":  # about 200 kB of events: more than the sockets of a slow reader take in
        sizes, pace = [2_000], 0.0005
    elif shape == "long":  # longer than a worker may take to leave
        sizes, pace = [240], 0.1
    else:
        if shape != "talk":
            calls = list(BOOKING) if shape == "book" else chance.choices(READING, k=chance.randint(1, 2))
        sizes = [chance.randint(0, 20) for _ in calls] + [chance.randint(20, 80)]
        pace = chance.uniform(0.01, 0.06)
    steps, number = [], 0
    for size, call in zip(sizes, [*calls, ""], strict=True):
        steps.append(Step(tuple(f"w{number + n}" for n in range(size)), pace, call))
        number += size
    return Plan(tuple(steps))


def surname(message: str) -> str:
    """A family name that only this message brings in: one row of it is one effect."""
    chance = random.Random(f"name of {message}")
    return "".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=14)).capitalize()


def birthday(message: str) -> str:
    """Any day of eighty years, as of people: who looks for a patient by it shall find about one."""
    return str(date(1930, 1, 1) + timedelta(random.Random(f"birth of {message}").randrange(29_200)))


def arguments(call: str, message: str, prompt: str, results: list[dict[str, Any]]) -> str:
    """The arguments of a call as JSON, from what the model has been told.

    Args:
        prompt: the system message.
        results: the decoded results of the run's earlier calls.
    """
    values: dict[str, Any] = {}
    if call == "create_new_patient":
        values = {"first_name": "Vera", "last_name": surname(message), "date_of_birth": birthday(message)}
        values["phone"] = "+12125550142"
    elif call == "find_next_available":
        found = _TODAY.search(prompt)
        year, month = map(int, (found[1] if found else "2026-01").split("-"))
        ahead = month + random.Random(message).randint(1, 8)
        values = {"date": f"{year + (ahead - 1) // 12}-{(ahead - 1) % 12 + 1:02}-{len(message) % 28 + 1:02}"}
    elif call == "schedule_appointment":
        known = [result.get("data", {}) for result in results]
        slots = [slot for data in known for slot in data.get("slots", [])]
        slot = random.Random(message).choice(slots) if slots else {}
        values = {
            "patient_id": next((data["patient_id"] for data in known if "patient_id" in data), "unknown"),
            "provider_id": slot.get("provider_id", "unknown"),
            "date": slot.get("date", "2026-12-01"),
            "time": slot.get("time", "09:00"),
            "appointment_type": "consultation",
            "reason": "a knee",
        }
    return json.dumps(values)
