"""Guessing at a password: shut for a while, the owner is told, and nobody learns who has an account."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from apps.accounts import lockouts
from apps.tenants.models import User
from tests.accounts.test_login import log_in
from tests.conftest import PASSWORD

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def guess(email: str, times: int, **extra: Any) -> list[str]:
    """The pages of so many wrong passwords, each from another address."""
    pages = []
    for number in range(times):
        form = {"login": email, "password": f"wrong {number}"}
        answer = Client().post("/account/login/", form, REMOTE_ADDR=f"93.184.217.{number}", **extra)
        pages.append(re.sub(r'value="[^"]*"|nonce="[^"]*"', "", answer.content.decode()))
    return pages


@pytest.fixture(autouse=True)
def _nobody_waits_from_before(db: None) -> None:
    lockouts.tell(NOW)
    mail.outbox.clear()


def test_the_owner_is_told_once_a_day(alice: User) -> None:
    guess(alice.email.upper(), 7)
    assert lockouts.tell(NOW) == 1
    letter = mail.outbox[-1]
    assert letter.to == [alice.email]
    assert "Somebody tried to log in" in letter.subject
    assert "/account/password/reset/" in letter.body
    guess(alice.email, 2)
    assert lockouts.tell(NOW) == 0


def test_nobody_learns_who_has_an_account(alice: User) -> None:
    known, unknown = guess(alice.email, 7), guess("nobody@nowhere.example", 7)
    assert known == unknown
    assert "Too many failed login attempts" in known[-1]
    assert lockouts.tell(NOW) == 1, "only who has one gets a letter"


def test_another_name_of_the_host_is_no_new_count(alice: User) -> None:
    guess(alice.email, 5, HTTP_HOST="one.example")
    assert "Too many failed login attempts" in guess(alice.email, 1, HTTP_HOST="two.example")[0]


def test_a_new_password_lets_its_owner_in_at_once(alice: User) -> None:
    guess(alice.email, 6)
    assert "Too many" in log_in(Client(), alice).content.decode()
    client = Client()
    client.post("/account/password/reset/", {"email": alice.email})
    link = re.search(r"http://\S+(/account/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert link
    form = client.get(link[1])["Location"]
    client.post(form, {"password1": "another long one", "password2": "another long one"})
    assert log_in(Client(), alice, "another long one").status_code == 302


def test_a_login_gets_a_new_session_and_a_new_password_ends_the_others(alice: User) -> None:
    client, other = Client(), Client()
    client.get("/account/login/")
    session = client.session
    session["before"] = "1"
    session.save()
    client.cookies["sessionid"] = str(session.session_key)
    log_in(client, alice)
    log_in(other, alice)
    assert client.session.session_key != session.session_key
    form = {"oldpassword": PASSWORD, "password1": "another long one", "password2": "another long one"}
    assert client.post("/account/password/change/", form).status_code == 302
    assert client.get("/admin/").status_code == 200
    assert other.get("/admin/").status_code == 302
