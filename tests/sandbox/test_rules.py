"""Orders of the system text that name the words to say."""

import pytest
from openai import AsyncOpenAI

from apps.sandbox.core.rules import business, read_rules

from .businesses import Workshop
from .dialogue import Dialogue, load_tools

SMOKE = """\
Safety
- If a battery may burn (smoke, hissing battery, trouble breathing), say: “Step away and call the fire brigade.”
  Do nothing else and do not ask for details.
- Otherwise help."""


def test_a_quoted_sentence_with_its_examples() -> None:
    (rule,) = read_rules(SMOKE)
    assert rule.sentence == "Step away and call the fire brigade."
    assert rule.ends
    assert rule.meets("there's smoke in my garage!")
    assert rule.meets("the battery hisses")
    assert not rule.meets("I need a new battery"), "an example counts when all of it was said"


@pytest.mark.parametrize(
    ("text", "meets"), [("I can't breathe", True), ("hard to breathe", True), ("a breathing saddle cover", False)]
)
def test_an_example_of_trouble_needs_the_trouble(text: str, meets: bool) -> None:
    assert read_rules(SMOKE)[0].meets(text) is meets


def test_what_to_tell_them_to_do_is_said_to_the_visitor() -> None:
    (rule,) = read_rules("If somebody smells gas, tell them at once to leave their house. Do not book first.")
    assert rule.sentence == "Please leave your house at once."
    assert rule.ends
    assert rule.meets("I think I smell gas")


def test_the_case_may_follow_the_words() -> None:
    (rule,) = read_rules('Always stay kind. Say "We do not race." when a visitor asks about racing or betting.')
    assert (rule.sentence, rule.ends) == ("We do not race.", False)
    assert rule.meets("Do you offer betting?")
    assert not rule.meets("Do you offer tea?")


def test_other_instructions_are_no_rules() -> None:
    assert read_rules("If the time is taken, offer others. When they choose, book it. Say that you are sorry.") == []


def test_the_line_about_the_business() -> None:
    line = "You are kind.\nBusiness: Spokes & Co. Phone: +12125550100. Address: 1 Mill Rd., Troy, NY.\nNow: x"
    assert business(line) == {"name": "Spokes & Co", "phone": "+12125550100", "address": "1 Mill Rd., Troy, NY"}
    assert business("Business: Spokes. Phone: none. Address: none.") == {"name": "Spokes"}
    assert business("no such line") == {}


async def test_a_rule_that_ends_the_answer_calls_nothing(client: AsyncOpenAI) -> None:
    talk = Dialogue(client, load_tools("repair"), Workshop(), system=SMOKE)
    assert await talk.say("Smoke is coming out, can you fix it tomorrow?") == "Step away and call the fire brigade."
    assert talk.calls == []
    assert "9 to 6" in await talk.say("All is well now. When are you open?")


async def test_a_sentence_to_say_first_is_followed_by_the_answer(client: AsyncOpenAI) -> None:
    system = "If a visitor mentions a crash, first say: “I hope you are not hurt.”"
    talk = Dialogue(client, load_tools("repair"), Workshop(), system=system)
    answer = await talk.say("I had a crash. When are you open?")
    assert answer == "I hope you are not hurt. The workshop is open from 9 to 6."


async def test_who_wants_a_person_hears_the_number(client: AsyncOpenAI) -> None:
    system = "Business: Spokes. Phone: +12125550100. Address: 1 Mill Road."
    talk = Dialogue(client, load_tools("repair"), Workshop(), system=system)
    assert "+12125550100" in await talk.say("I want to talk to a real person!")
    assert await talk.say("where is your address?") == "Address: 1 Mill Road."


async def test_what_nothing_answers_is_admitted(client: AsyncOpenAI) -> None:
    system = "Business: Spokes. Phone: +12125550100. Address: none."
    talk = Dialogue(client, load_tools("repair"), Workshop(), system=system)
    answer = await talk.say("Is aluminium a conductor?")
    assert answer.startswith("I'm afraid I can't answer that here.")
    assert "+12125550100" in answer
