"""Dialogues that leave the path: an answer to another question, a wish for a colleague, a change after the booking."""

from datetime import date

import pytest
from openai import AsyncOpenAI

from apps.sandbox.core.binding import bind
from apps.sandbox.core.fold import build_state
from apps.sandbox.core.history import Event, Heard, Result, Spoke
from apps.sandbox.core.schema import Kind, Tool
from apps.sandbox.core.state import State
from tests.sandbox.businesses import Clinic
from tests.sandbox.dialogue import Dialogue, load_tools
from tests.sandbox.test_handover import TEXT, make_tool

TODAY = date(2026, 11, 23)
AMOUNT = {"type": "number"}
DATE = {"type": "string", "format": "date"}
LOAN = make_tool("calculate_loan", "What a loan costs.", price=AMOUNT, deposit=AMOUNT)
MOVE = make_tool("reschedule_visit", "Moves a visit.", visit_id=TEXT, new_date=DATE)
DESK = make_tool("transfer_to_desk", "Hand the visitor over to the front desk.", intent=TEXT)


def state(*events: Event, tools: list[Tool]) -> State:
    return build_state(events, tools, TODAY)


def bound(argument: str, *events: Event) -> object:
    wanted = LOAN.argument(argument)
    assert wanted is not None
    return bind(wanted, LOAN, state(*events, tools=[LOAN]))


def test_an_amount_is_the_whole_until_a_part_is_named() -> None:
    said = Heard("What does a loan on $900,000 cost?")
    assert (bound("price", said), bound("deposit", said)) == (900_000, None)
    answered = (said, Spoke("Could you tell me the deposit?"), Heard("180000"))
    assert (bound("price", *answered), bound("deposit", *answered)) == (900_000, 180_000)
    at_once = Heard("What does a loan on $900,000 cost with a deposit of $90,000?")
    assert (bound("price", at_once), bound("deposit", at_once)) == (900_000, 90_000)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("12 River Road, unit 4B, Jane Doe, 414 555 0177", ("Jane", "Doe")),
        ("9 Elm Street, Mary Ann Poe, mary@example.com", ("Mary Ann", "Poe")),
        ("12 River Road, Jane Doe", None),  # nothing says that it is a person
        ("is Jane Doe there, 414 555 0177?", None),
    ],
)
def test_a_name_between_commas(text: str, name: tuple[str, str] | None) -> None:
    found = {m.kind: m.value for m in state(Heard(text), tools=[]).mentions}
    told = (found.get(Kind.FIRST_NAME), found.get(Kind.LAST_NAME))
    assert told == (name or (None, None))


def test_what_was_booked_is_moved_also_when_a_colleague_booked_it() -> None:
    booked = Result("c", "create_visit", {}, True, "You are booked.", {"visit_id": "v1", "date": "2026-11-26"})
    done = (Heard("A visit on Thursday please"), booked, Spoke("You are booked."))
    for words in ("Actually can we do Friday instead?", "make it Friday"):
        goal = state(*done, Heard(words), tools=[MOVE]).goal
        assert goal is not None
        assert goal.tool == MOVE, words
    assert state(*done, Heard("Is Friday a holiday?"), tools=[MOVE]).goal is None
    looked = Result("c", "get_visits", {}, True, "There is one.", {"visit_id": "v1"})
    assert state(Heard("my visits"), looked, Heard("Friday instead?"), tools=[MOVE]).goal is None


def test_an_open_question_holds_nobody_who_wants_a_colleague() -> None:
    asked = (Heard("What does a loan cost?"), Spoke("Could you tell me the price?"))
    moved_on = state(*asked, Heard("Can I book a visit at the front desk?"), tools=[LOAN, DESK])
    assert moved_on.goal is not None
    assert moved_on.goal.tool == DESK


def test_what_is_told_beside_a_wish_asks_for_nothing() -> None:
    about = make_tool("get_company_info", "Tells about the company and its team.")
    told = state(Heard("We are a team of twelve. Can I book a visit at the front desk?"), tools=[about, DESK])
    assert [goal.tool for goal in told.goals] == [DESK]
    asked = state(Heard("Tell me about your team."), tools=[about, DESK])
    assert [goal.tool for goal in asked.goals] == [about]


def test_a_question_changes_nothing() -> None:
    correct = make_tool("correct_report", "Corrects a report: where the water is, its address.", address=TEXT)
    assert state(Heard("Where is the water turned off?"), tools=[correct]).goal is None
    changed = state(Heard("Please change the address where the water is"), tools=[correct]).goal
    assert changed is not None


async def test_a_day_asked_about_is_not_the_day_wished_for(client: AsyncOpenAI) -> None:
    talk = Dialogue(client, load_tools("healthcare"), Clinic())
    await talk.say("I'd like to see a doctor about my knee on Tuesday")
    assert "8 AM to 5 PM" in await talk.say("Are you open on Monday?")
    await talk.say("Maria Santos, born 4 May 1985")
    assert "Tuesday, November 24" in await talk.say("so which times are there?")


def test_a_time_is_chosen_while_something_else_is_asked() -> None:
    times = make_tool("get_available_slots", "Finds free times. Returns date and time.", date=DATE)
    book = make_tool("book_visit", "Books a visit.", date=DATE, time={"type": "string", "format": "time"})
    free = [{"date": "2026-11-26", "time": "09:00"}, {"date": "2026-11-26", "time": "10:00"}]
    found = Result("c", "get_available_slots", {"date": "2026-11-26"}, True, "There are two.", {"slots": free})
    told = (Heard("Book a visit on Thursday"), found, Spoke("I have 9 AM or 10 AM. May I have your phone number?"))
    assert state(*told, Heard("the second one"), tools=[times, book]).slot == free[1]
    assert state(*told, Heard("one second"), tools=[times, book]).slot is None


def test_an_address_need_not_be_said_twice() -> None:
    note = make_tool("note_matter", "Notes a matter.", address={"type": "string", "description": "the address"})
    place = note.argument("address")
    assert place is not None
    handed = Result("c", "transfer_to_desk", {}, True, "")
    asked = (Heard("There is noise"), Spoke("Could you tell me the address?"), Heard("12 River Road"))
    later = state(*asked, Spoke("It is noted."), Heard("And now sparks fly!"), handed, tools=[note])
    assert bind(place, note, later) == "12 River Road"
