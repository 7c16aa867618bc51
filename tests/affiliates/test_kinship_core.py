"""Who may not earn by whom, and which requests are clicks."""

import pytest

from apps.affiliates.core.kinship import Party, kinship, plain_address
from apps.affiliates.core.visits import is_robot, landing

MILA = Party("1", "mila@weber.example", ("pay@weber-media.example",), frozenset({"ten_a"}))


@pytest.mark.parametrize(
    ("founder", "why"),
    [
        (Party("1", "other@shop.example"), "same_person"),
        (Party("2", "Mila+shop@Weber.example"), "same_address"),
        (Party("2", "ann@weber.example"), "same_domain"),
        (Party("2", "ann@shop.example", teams=frozenset({"ten_a"})), "same_team"),
        (Party("2", "pay@weber-media.example"), "payout_address"),
        (Party("2", "ann@shop.example", ("PAY@weber-media.example",)), "payout_address"),
        (Party("2", "ann@shop.example", ("",), frozenset({"ten_b"})), None),
    ],
)
def test_nobody_is_paid_for_their_own_business(founder: Party, why: str | None) -> None:
    assert kinship(MILA, founder) == why


def test_two_at_one_public_provider_are_strangers() -> None:
    assert kinship(Party("1", "mila@gmail.com"), Party("2", "ann@gmail.com")) is None
    assert kinship(Party("1", "mila@gmail.com"), Party("2", "mila+x@gmail.com")) == "same_address"


def test_no_payout_address_equals_no_business_address() -> None:
    assert kinship(Party("1", "a@x.example", ("",)), Party("2", "b@y.example", ("",))) is None


def test_case_and_tags_make_no_difference() -> None:
    assert plain_address(" Ann.B+news@Shop.Example ") == "ann.b@shop.example"


@pytest.mark.parametrize(
    ("to", "leads"),
    [
        ("", "/"),
        ("/pricing/", "/pricing/"),
        ("/affiliates/?x=1#terms", "/affiliates/?x=1#terms"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("/\t/evil.example", "/"),
        ("/r/somebody", "/"),
        ("pricing", "/"),
        ("/" + "a" * 600, "/"),
    ],
)
def test_a_link_leads_to_our_own_pages_only(to: str, leads: str) -> None:
    assert landing(to) == leads


@pytest.mark.parametrize(
    ("agent", "robot"),
    [
        ("", True),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("facebookexternalhit/1.1", True),
        ("curl/8.5.0", True),
        ("python-requests/2.32", True),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36", False),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1",
            False,
        ),
        ("Mozilla/5.0 (X11; CrOS x86_64) AppleWebKit/537.36 Cubot/2 Safari/537.36", False),
    ],
)
def test_programs_are_no_people(agent: str, robot: bool) -> None:
    assert is_robot(agent) is robot
