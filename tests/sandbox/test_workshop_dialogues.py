"""The same brain in a trade it has never heard of."""

from openai import AsyncOpenAI

from .businesses import Workshop
from .dialogue import Dialogue, load_tools

TOOLS = load_tools("repair")


def start(client: AsyncOpenAI) -> Dialogue:
    return Dialogue(client, TOOLS, Workshop())


async def test_books_a_repair_with_what_was_named(client: AsyncOpenAI) -> None:
    talk = start(client)
    assert "phone number" in await talk.say("My brakes squeak, can you fix them on Tuesday?")
    assert "brand" in await talk.say("my number is 555 77 7788")
    assert "10:00 AM or 4:00 PM" in await talk.say("It's a Trek")
    assert "booked" in await talk.say("10 works")
    assert talk.arguments("book_repair") == {
        "owner_id": "own-1",
        "repair_id": "rep-brake",
        "date": "2026-11-24",
        "time": "10:00",
        "brand": "Trek",
    }


async def test_an_unknown_owner_is_registered(client: AsyncOpenAI) -> None:
    talk = start(client)
    await talk.say("I'd like to book a full tune-up for tomorrow, I'm new here")
    await talk.say("Lena van der Berg, 555 12 3456")
    assert talk.arguments("add_owner") == {"full_name": "Lena van der Berg", "phone": "555 12 3456"}
    await talk.say("a Brompton")
    await talk.say("the later one")
    booked = talk.arguments("book_repair")
    assert (booked["owner_id"], booked["repair_id"], booked["time"]) == ("own-2", "rep-tune", "16:00")


async def test_a_wrong_reference_is_asked_for_again(client: AsyncOpenAI) -> None:
    talk = start(client)
    await talk.say("how far is my repair?")
    again = await talk.say("BR-99")
    assert "I don't know that reference." in again
    assert again.endswith("?")
    assert "ready to be picked up" in await talk.say("sorry, BR-1024")


async def test_two_failures_end_with_an_apology(client: AsyncOpenAI) -> None:
    talk = start(client)
    await talk.say("how far is my repair BR-1?")
    assert "sorry" in (await talk.say("BR-2")).lower()
    assert talk.called.count("get_repair_status") == 2


async def test_hands_over_what_another_agent_does_better(client: AsyncOpenAI) -> None:
    talk = start(client)
    await talk.say("I'm Maria Santos and I want to buy a new helmet")
    name, arguments = talk.calls[0]
    assert name == "transfer_to_sales"
    assert "helmet" in arguments["intent"]
    assert "Santos" in arguments["known"]
    assert talk.called.count("transfer_to_sales") == 1


async def test_typos_and_other_word_forms_are_understood(client: AsyncOpenAI) -> None:
    talk = start(client)
    assert "9 to 6" in await talk.say("whats your openning hours")
    assert "$25" in await talk.say("how much is truing a wheel?")
