"""Programs that use the API, and people with the admin open: what they write is done once, whatever breaks."""

import asyncio
import datetime as dt
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from faults.client import RETRYABLE, Again, request
from faults.database import Database

PATIENCE = 90.0
"""Seconds for which a request is sent again, with its key, until it is answered."""
AHEAD_DAYS = 240
"""The chat and the calls book within this time; we book after it, or we would take each other's times."""
PAGES = ("/admin/", "/admin/conversations/conversation/", "/admin/business/booking/")


@dataclass
class Done:
    """What came of what was asked."""

    answered: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    booked: dict[str, str] = field(default_factory=dict)
    """By the words in its notes: the id of a booking that we were told of."""
    cancelled: set[str] = field(default_factory=set)
    """Ids of bookings that we were told are cancelled."""
    asked: set[str] = field(default_factory=set)
    """The words in the notes of every booking that was asked for."""
    contacts: dict[str, str] = field(default_factory=dict)
    """By family name: the id of a contact that we were told of."""


@dataclass
class Office:
    port: int
    api_key: str
    session: str
    name: str
    """Of this run: part of all that is written."""
    done: Done = field(default_factory=Done)

    async def look_in(self) -> bool:
        """One look at the bookings: whether it was answered."""
        return await self._once("GET", "/api/bookings?limit=5", None, "") is not None

    async def open_page(self, path: str = "/admin/") -> bool:
        """One page of the admin: whether it came."""
        response = await request(self.port, "GET", path, headers={"Cookie": self.session})
        page = await response.words()
        response.close()
        if response.status in (302, 403, 500):
            self.done.problems.append(f"answer: GET {path}: {response.status}")
        return response.status == 200 and isinstance(page, bytes)

    async def work(self, chance: random.Random, is_over: Callable[[], bool]) -> None:
        """A program: contacts, free times, bookings, some of them cancelled."""
        while not is_over():
            family = f"Office{chance.getrandbits(48):x}"
            body = {"given_name": "Paul", "family_name": family, "phone": "+12125550143"}
            contact = await self._until_answered("POST", "/api/contacts", body, f"contact {family}", chance)
            if contact is not None:
                self.done.contacts[family] = contact["id"]
                await self._book(contact["id"], chance)
            await asyncio.sleep(chance.uniform(0.2, 2.0))

    async def read(self, chance: random.Random, is_over: Callable[[], bool]) -> None:
        """Somebody who has the admin open."""
        while not is_over():
            page = chance.choice(PAGES)

            async def one(page: str = page) -> Any:
                return await self.open_page(page) or None

            if await self._patiently(one, f"GET {page}", chance) is not None:
                self.done.answered["page"] += 1
            await asyncio.sleep(chance.uniform(0.5, 3.0))

    async def _book(self, contact: str, chance: random.Random) -> None:
        day = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=AHEAD_DAYS + chance.randrange(90))
        path = f"/api/availability?first_day={day}&last_day={day + dt.timedelta(days=6)}"
        found = await self._until_answered("GET", path, None, "", chance)
        if not found or not found["data"]:
            return
        slot, mark = chance.choice(found["data"]), f"{self.name} {chance.getrandbits(64):x}"
        body = {"contact": contact, "staff": slot["staff"], "starts_at": slot["starts_at"], "notes": mark}
        self.done.asked.add(mark)
        booking = await self._until_answered("POST", "/api/bookings", body, mark, chance)
        if booking is None or "id" not in booking:
            return
        self.done.booked[mark] = booking["id"]
        if chance.random() < 0.3:
            path = f"/api/bookings/{booking['id']}/cancel"
            answer = await self._until_answered("POST", path, {"reason": "a test"}, f"cancel {mark}", chance)
            if answer is not None and answer.get("status") == "cancelled":
                self.done.cancelled.add(booking["id"])

    async def _until_answered(
        self, method: str, path: str, body: dict[str, Any] | None, key: str, chance: random.Random
    ) -> dict[str, Any] | None:
        """The answer, sent again with its key until there is one. None: it never came, which is a problem, too."""
        answer = await self._patiently(lambda: self._once(method, path, body, key), f"{method} {path}", chance)
        if answer is not None:
            self.done.answered[method] += 1
        return answer

    async def _patiently(self, ask: Callable[[], Awaitable[Any]], what: str, chance: random.Random) -> Any:
        clock = asyncio.get_running_loop().time
        until = clock() + PATIENCE
        while clock() < until:
            try:
                if (answer := await ask()) is not None:
                    return answer
            except Again:
                pass
            self.done.answered["again"] += 1
            await asyncio.sleep(chance.uniform(0.2, 1.0))
        self.done.problems.append(f"answer: {what} had none within {PATIENCE:.0f} s")
        return None

    async def _once(self, method: str, path: str, body: dict[str, Any] | None, key: str) -> dict[str, Any] | None:
        """One request; None when it may be sent again. Raises Again when nothing comes."""
        headers = {"Authorization": f"Bearer {self.api_key}"} | ({"Idempotency-Key": key} if key else {})
        response = await request(self.port, method, path, headers=headers, body=body)
        answer = await response.words()
        response.close()
        if response.status < 300 and isinstance(answer, dict):
            return answer
        code = answer.get("error", {}).get("code") if isinstance(answer, dict) else None
        if code in ("slot_taken", "outside_hours"):
            return {"refused": code}
        if response.status == 500 or response.status not in RETRYABLE:
            self.done.problems.append(f"answer: {method} {path}: {response.status} {str(answer)[:200]}")
        return None


def check(done: Done, *, database: Database, name: str) -> list[str]:
    """What is wrong in the database with what the office was told."""
    found = list(done.problems)
    rows = database.rows("SELECT notes, id, status FROM business_booking WHERE notes LIKE ?", [f"{name} %"])
    counts = Counter(notes for notes, _, _ in rows)
    found += [f"effect: {count} bookings of one request: {notes}" for notes, count in counts.items() if count > 1]
    found += [f"effect: a booking that nobody asked for: {notes}" for notes in counts.keys() - done.asked]
    stored = {id_: status for _, id_, status in rows}
    for mark, booking in done.booked.items():
        if booking not in stored:
            found.append(f"effect: the booking {mark} is lost")
        elif (stored[booking] == "cancelled") != (booking in done.cancelled):
            found.append(f"effect: the booking {mark} is {stored[booking]}")
    query = "SELECT family_name, count(*) FROM business_contact WHERE family_name LIKE 'Office%' GROUP BY family_name"
    people = dict(database.rows(query))
    for family in done.contacts:
        if people.get(family) != 1:
            found.append(f"effect: the contact {family} is there {people.get(family, 0)} times")
    return found
