"""The pure parts: retries, signatures, addresses."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from apps.api.core.addresses import is_allowed, is_reachable
from apps.api.core.retries import ATTEMPTS, PAUSES, SPREAD, is_hopeless, next_attempt
from apps.api.core.signature import is_signed, sign

NOW = datetime(2026, 11, 30, tzinfo=UTC)
TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@given(chances=st.lists(st.floats(0, 1), min_size=ATTEMPTS, max_size=ATTEMPTS))
def test_twelve_attempts_in_about_two_days(chances: list[float]) -> None:
    now, attempts = NOW, 1
    while (then := next_attempt(attempts=attempts, now=now, chance=chances[attempts - 1])) is not None:
        assert PAUSES[attempts - 1] <= then - now <= PAUSES[attempts - 1] * (1 + SPREAD)
        now, attempts = then, attempts + 1
    assert attempts == ATTEMPTS == 12
    assert timedelta(hours=46) < now - NOW < timedelta(hours=56)
    assert list(PAUSES) == sorted(PAUSES)


@given(since=st.integers(-100, 100), first=st.integers(-100, 100), given_up=st.booleans())
def test_an_endpoint_is_hopeless_only_while_nothing_arrived(since: int, first: int, given_up: bool) -> None:
    moments = {"failing_since": NOW + timedelta(hours=since), "first_tried_at": NOW + timedelta(hours=first)}
    assert is_hopeless(**moments, given_up=given_up) == (given_up and since <= first)
    assert not is_hopeless(failing_since=None, first_tried_at=NOW, given_up=True)


@given(body=st.binary(max_size=200), secrets=st.lists(TEXTS, min_size=1, max_size=2), at=st.integers(0, 10**10))
def test_each_secret_proves_the_body(body: bytes, secrets: list[str], at: int) -> None:
    header = sign(body=body, secrets=secrets, at=at)
    for secret in secrets:
        assert is_signed(header=header, body=body, secret=secret, now=at + 300)
        assert not is_signed(header=header, body=body, secret=secret, now=at + 301)
        assert not is_signed(header=header, body=body + b"x", secret=secret, now=at)
    stranger = f"{secrets[0]}{secrets[-1]}!"
    assert not is_signed(header=header, body=body, secret=stranger, now=at)


@given(header=st.text(max_size=80))
def test_no_header_breaks_the_check(header: str) -> None:
    assert not is_signed(header=header, body=b"", secret="whsec_x", now=0)


@given(number=st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_as_good_in_each_of_its_disguises(number: int) -> None:
    plain = IPv4Address(number)
    disguises = (IPv6Address(0xFFFF << 32 | number), IPv6Address(0x64FF9B << 96 | number))
    for disguise in disguises:
        assert is_reachable(str(disguise)) == is_reachable(str(plain)), disguise
    assert is_allowed(str(disguises[0]), allowed=["10.0.0.0/8"]) == (plain in ip_network("10.0.0.0/8"))


@given(number=st.integers(0, 2**128 - 1))
def test_nothing_private_is_reachable(number: int) -> None:
    address = IPv6Address(number)
    if address.is_private or address.is_link_local or address.is_loopback or address.is_multicast:
        assert not is_reachable(str(address))


def test_what_an_operator_allows() -> None:
    for text in ("127.0.0.1", "::ffff:127.0.0.1"):
        assert not is_reachable(text)
        assert is_reachable(text, allowed=["127.0.0.0/8"])
    assert not is_reachable("nonsense", allowed=["0.0.0.0/0"])
    assert ip_address("8.8.8.8").is_global
    assert is_reachable("8.8.8.8")
