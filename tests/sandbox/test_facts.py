"""Answers from a tool's data when its sentence leaves them out."""

from apps.sandbox.core.facts import is_about, missing_facts

PLACE = {"address": "1 Mill Road", "phone": "+12125550100", "place_id": "plc_1", "is_open": True}
TEAM = {
    "people": [
        {"name": "Ann Lee", "languages": "English, Spanish", "rate": "$40"},
        {"name": "Bo Vik", "languages": "English, Danish", "rate": "$50"},
    ]
}


def test_a_field_that_the_question_names() -> None:
    assert missing_facts("What's your phone number?", PLACE, "We are open.") == "Phone: +12125550100."
    assert missing_facts("Where are you?", PLACE, "We are open.") == "Address: 1 Mill Road."


def test_what_was_said_is_not_said_again() -> None:
    assert missing_facts("Where are you?", PLACE, "We are at 1 Mill Road.") == ""


def test_nothing_that_was_not_asked_and_never_ids() -> None:
    assert missing_facts("Do you sell bread?", PLACE, "") == ""
    assert "plc_1" not in missing_facts("what is the place id?", PLACE, "")


def test_entries_that_the_question_names_by_title_or_by_value() -> None:
    assert missing_facts("How much is Ann Lee?", TEAM, "We are two.") == "Ann Lee: $40."
    assert missing_facts("Who speaks Danish?", TEAM, "We are two.") == "Bo Vik: English, Danish."
    assert missing_facts("Who speaks French?", TEAM, "We are two.") == ""


def test_whether_a_sentence_is_about_the_question() -> None:
    assert is_about("When are you open?", "Our hours are 9 to 5.")
    assert not is_about("What is your phone number?", "Our hours are 9 to 5.")
