"""A person is found however they are written, and nobody else is."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from apps.business.core.traces import ERASED, Traces

ZOE = Traces("Zoë", "O'Neil", "1", "2128675309", "zoe@oneil.example")
LONDON = Traces(country_code="44", national="2079460018")


@pytest.mark.once
@pytest.mark.parametrize(
    "text",
    [
        "Zoë O'Neil",
        "ZOE O'NEIL called",
        "O'Neil, Zoë",
        '{"first": "Zoë", "last": "O\'Neil"}',
        '{"first": "Zo\\u00eb", "last": "O\'Neil"}',
        "+12128675309",
        "12128675309",
        "2128675309",
        "(212) 867-5309",
        "212.867.5309",
        "212 - 867 - 5309",
        "+1 (212) 867 5309",
        "001 212 867 5309",
        "Write to Zoe@ONeil.example.",
    ],
)
def test_every_form_is_found_and_erased(text: str) -> None:
    assert ZOE.found(text)
    if "\\u" not in text:
        assert not ZOE.found(ZOE.erased(text)), ZOE.erased(text)


@pytest.mark.once
@pytest.mark.parametrize(
    "text",
    [
        "Zoë",
        "the O'Neils",
        "Zoë met O'Neill",
        "3212867530912",
        "212 867 5308",
        "azoe@oneil.example",
        "zoe@oneil.example-shop",
        "",
    ],
)
def test_what_only_looks_like_it_is_left(text: str) -> None:
    assert not ZOE.found(text)
    assert ZOE.erased(text) == text


@pytest.mark.once
@pytest.mark.parametrize(
    "text", ["020 7946 0018", "+44 20 7946 0018", "+44 (0)20 7946 0018", "(020) 7946 0018", "00442079460018"]
)
def test_numbers_of_other_countries_are_found_with_their_trunk_prefix(text: str) -> None:
    assert LONDON.found(text)
    assert "7946" not in LONDON.erased(text)


@pytest.mark.once
def test_words_that_are_names_as_well_are_left_unless_they_are_written_as_one() -> None:
    will = Traces("Will", "Young")
    assert not will.found("I will see the young dog")
    assert will.erased("will young asked") == f"{ERASED} asked"


@pytest.mark.once
def test_nothing_known_finds_nothing() -> None:
    assert not Traces().found("anything at all, 2128675309")
    assert not Traces(given_name="Anna").found("Anna")


@pytest.mark.once
@given(
    st.sampled_from(["+12128675309", "+442079460018", "+61255500021", "+4930123456", "+33142685300"]),
    st.sampled_from([PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL]),
    st.text("abc ,:;\n", max_size=12),
    st.text("abc ,:;\n", max_size=12),
)
def test_a_number_as_people_of_any_country_write_it(phone: str, style: int, before: str, after: str) -> None:
    number = phonenumbers.parse(phone)
    national = phonenumbers.national_significant_number(number)
    traces = Traces(country_code=str(number.country_code), national=national)
    text = f"{before}{phonenumbers.format_number(number, style)}{after}"
    assert traces.found(text)
    assert national[-4:] not in "".join(letter for letter in traces.erased(text) if letter.isdigit())
