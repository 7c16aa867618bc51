"""A client cannot choose the address that it is counted by."""

from ipaddress import ip_address

import pytest
from django.test import RequestFactory, override_settings
from hypothesis import given
from hypothesis import strategies as st

from apps.common.addresses import address_of, client_address

addresses = st.ip_addresses().map(str)
claims = st.lists(st.one_of(addresses, st.text(st.characters(codec="latin-1")), st.just("")), max_size=4).map(",".join)


def forwarded(claim: str, hops: list[str]) -> str:
    """The header as proxies hand it on: what came, and whom each heard from."""
    return ", ".join(([claim] if claim else []) + hops)


@given(claims, st.lists(addresses, min_size=1, max_size=3))
def test_what_a_client_claims_changes_nothing(claim: str, hops: list[str]) -> None:
    """`hops` is what our own proxies appended: the client's address first."""
    said = address_of(peer="10.0.0.1", forwarded=forwarded(claim, hops), proxies=len(hops))
    assert said == address_of(peer="10.0.0.1", forwarded=forwarded("", hops), proxies=len(hops))
    assert said != ""


@given(claims, addresses)
def test_without_proxies_the_header_is_not_read(claim: str, peer: str) -> None:
    assert address_of(peer=peer, forwarded=claim, proxies=0) == address_of(peer=peer, forwarded="", proxies=0)


@given(st.text(), st.text(), st.integers(0, 10))
def test_nothing_fails_on_odd_values(peer: str, header: str, proxies: int) -> None:
    said = address_of(peer=peer, forwarded=header, proxies=proxies)
    assert said == "" or ip_address(said.partition("/")[0])


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_one_household_is_one_address(network: int, one: int, other: int) -> None:
    mine, theirs = (str(ip_address((0x2001 << 112) + (network >> 16 << 64) + host)) for host in (one, other))
    said = address_of(peer="", forwarded=mine, proxies=1)
    assert said == address_of(peer="", forwarded=theirs, proxies=1)
    assert said.endswith("::/64")


@pytest.mark.parametrize(
    ("peer", "header", "proxies", "expected"),
    [
        ("8.8.8.8", "", 0, "8.8.8.8"),
        ("8.8.8.8", "1.1.1.1", 0, "8.8.8.8"),
        ("10.0.0.1", "9.9.9.9, 203.0.113.7", 1, "203.0.113.7"),
        ("10.0.0.1", "9.9.9.9, 203.0.113.7, 10.0.0.2", 2, "203.0.113.7"),
        ("10.0.0.1", "192.168.7.7", 1, "192.168.7.7"),  # an intranet, seen by a proxy that we trust
        ("10.0.0.1", "203.0.113.7:4711", 1, "203.0.113.7"),
        ("10.0.0.1", "[2a00:1450::7]:4711", 1, "2a00:1450::/64"),
        ("10.0.0.1", "::ffff:203.0.113.7", 1, "203.0.113.7"),
        ("10.0.0.1", "fe80::1%eth0", 1, "fe80::/64"),
        ("8.8.8.8", "unknown", 1, "8.8.8.8"),
        ("8.8.8.8", "203.0.113.7", 2, "8.8.8.8"),  # fewer hops than promised: the header is not our proxies'
        ("2a00:1450::7", "", 0, "2a00:1450::/64"),
        ("127.0.0.1", "", 0, ""),
        ("::1", "", 0, ""),
        ("172.18.0.5", "1.1.1.1", 0, ""),  # a proxy in a container, perhaps: it stands for everybody
        ("10.0.0.1", "unknown", 1, ""),
        ("", "203.0.113.7", 1, "203.0.113.7"),  # a unix socket
        ("", "", 0, ""),
        ("nonsense", "", 0, ""),
    ],
)
def test_the_rule(peer: str, header: str, proxies: int, expected: str) -> None:
    assert address_of(peer=peer, forwarded=header, proxies=proxies) == expected


def test_a_request_is_read_by_the_setting() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="8.8.8.8", HTTP_X_FORWARDED_FOR="1.2.3.4, 5.6.7.8")
    assert client_address(request) == "8.8.8.8"
    with override_settings(TRUSTED_PROXIES=1):
        assert client_address(request) == "5.6.7.8"
    with override_settings(TRUSTED_PROXIES=2):
        assert client_address(request) == "1.2.3.4"
