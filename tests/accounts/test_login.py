"""Login, second factor, passwords: one way in for site and admin."""

import re
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from apps.tenants.models import AuditEntry, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.conftest import PASSWORD

ADDRESS = "93.184.216.34"


def log_in(client: Client, user: User, password: str = PASSWORD, **extra: Any) -> Any:
    return client.post("/account/login/", {"login": user.email, "password": password, **extra}, REMOTE_ADDR=ADDRESS)


def code_of(secret: str) -> str:
    _, counter, _ = yield_hotp_counters_from_time()  # before, now, next: the one before may be over in a moment
    return str(format_hotp_value(hotp_value(secret, counter)))


@pytest.fixture
def with_second_factor(alice: User) -> str:
    """Alice turned it on; its seed."""
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    client = Client()
    log_in(client, alice)
    asked = client.get("/account/two-factor/totp/activate/")["Location"]
    client.post(asked, {"password": PASSWORD})  # also of who has just logged in: the screen may be somebody else's now
    page = client.get("/account/two-factor/totp/activate/")
    assert page.status_code == 200, page.headers
    secret = str(page.context["form"].secret)
    answer = client.post("/account/two-factor/totp/activate/", {"code": code_of(secret)})
    assert answer.status_code == 302, answer.context["form"].errors
    return secret


def test_a_login_leads_to_today_or_where_one_wanted_to_go(alice: User) -> None:
    assert log_in(Client(), alice)["Location"] == "/admin/"
    client = Client()
    first = client.get("/admin/business/booking/")
    assert first["Location"] == "/admin/login/?next=/admin/business/booking/"
    second = client.get(first["Location"])
    assert second["Location"] == "/account/login/?next=%2Fadmin%2Fbusiness%2Fbooking%2F"
    assert log_in(client, alice, next="/admin/business/booking/")["Location"] == "/admin/business/booking/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_a_login_leads_nowhere_else(alice: User, elsewhere: str) -> None:
    assert log_in(Client(), alice, next=elsewhere)["Location"] == "/admin/"


def test_the_admins_own_login_takes_no_password(alice: User) -> None:
    client = Client()
    answer = client.post("/admin/login/", {"username": alice.email, "password": PASSWORD})
    assert answer["Location"].startswith("/account/login/")
    assert "_auth_user_id" not in client.session


class TestASecondFactor:
    def test_is_asked_for_at_every_door(self, alice: User, with_second_factor: str) -> None:
        for door in ("/account/login/", "/admin/login/"):
            client = Client()
            answer = client.post(door, {"login": alice.email, "username": alice.email, "password": PASSWORD})
            assert answer.status_code == 302
            assert client.get("/admin/").status_code == 302, door
            assert "_auth_user_id" not in client.session

    def test_lets_in_who_has_the_code(self, alice: User, with_second_factor: str) -> None:
        client = Client()
        assert log_in(client, alice)["Location"] == "/account/two-factor/authenticate/"
        cache.clear()  # a code counts once, and this one was used to turn it on
        answer = client.post("/account/two-factor/authenticate/", {"code": code_of(with_second_factor)})
        assert answer["Location"] == "/admin/"
        assert client.get("/admin/").status_code == 200

    def test_does_not_let_in_who_guesses(self, alice: User, with_second_factor: str) -> None:
        client = Client()
        log_in(client, alice)
        wrong = f"{(int(code_of(with_second_factor)) + 1) % 1_000_000:06}"
        assert client.post("/account/two-factor/authenticate/", {"code": wrong}).status_code == 200
        assert client.get("/admin/").status_code == 302

    def test_is_replaced_once_by_each_recovery_code(self, alice: User, with_second_factor: str) -> None:
        codes = Authenticator.objects.get(user=alice, type="recovery_codes").wrap().get_unused_codes()
        assert len(codes) == 10
        for expected in (302, 200):
            client = Client()
            log_in(client, alice)
            answer = client.post("/account/two-factor/authenticate/", {"code": codes[0]})
            assert answer.status_code == expected

    def test_is_not_in_the_clear_in_the_database(self, alice: User, with_second_factor: str) -> None:
        stored = Authenticator.objects.get(user=alice, type="totp").data["secret"]
        assert with_second_factor not in stored
        assert stored.startswith("gAAAA")

    def test_stays_after_a_new_password(self, alice: User, with_second_factor: str) -> None:
        client = Client()
        client.post("/account/password/reset/", {"email": alice.email})
        link = re.search(r"http://\S+(/account/password/reset/key/\S+)", str(mail.outbox[-1].body))
        assert link
        form = client.get(link[1])["Location"]
        answer = client.post(form, {"password1": "another long one", "password2": "another long one"})
        assert answer.status_code == 302
        assert client.get("/admin/").status_code == 302
        assert log_in(client, alice, "another long one")["Location"] == "/account/two-factor/authenticate/"


class TestLimits:
    def test_five_wrong_passwords_shut_an_account_for_a_while_from_everywhere(self, alice: User) -> None:
        for number in range(5):
            form = {"login": alice.email, "password": "wrong"}
            assert Client().post("/account/login/", form, REMOTE_ADDR=f"93.184.216.{number}").status_code == 200
        answer = log_in(Client(), alice)
        assert answer.status_code == 200
        assert "Too many failed login attempts" in answer.content.decode()

    def test_one_connection_that_tries_many_accounts_is_stopped(self, db: None) -> None:
        statuses = set()
        for number in range(35):
            form = {"login": f"p{number}@nowhere.example", "password": "wrong"}
            statuses.add(Client().post("/account/login/", form, REMOTE_ADDR=ADDRESS).status_code)
        assert 429 in statuses


class TestAForgottenPassword:
    def test_looks_alike_for_known_and_unknown_addresses(self, alice: User) -> None:
        seen = []
        for email in (alice.email, "nobody@nowhere.example"):
            client = Client()
            answer = client.post("/account/password/reset/", {"email": email})
            page = client.get(answer["Location"]).content.decode()
            seen.append((answer.status_code, answer["Location"], re.sub(r'value="\w{64}"', "", page)))
        assert seen[0] == seen[1]
        assert [message.subject for message in mail.outbox] == [
            "Choose a new password",
            "There is no account with this address",
        ]

    def test_has_a_link_to_the_platforms_own_address(self, alice: User, settings: Any) -> None:
        settings.PUBLIC_URL = "https://calls.example"
        Client().post("/account/password/reset/", {"email": alice.email}, HTTP_HOST="evil.example")
        assert "https://calls.example/account/password/reset/key/" in mail.outbox[0].body
        assert "evil.example" not in mail.outbox[0].body

    def test_link_works_once(self, alice: User) -> None:
        client = Client()
        client.post("/account/password/reset/", {"email": alice.email})
        link = re.search(r"http://\S+(/account/password/reset/key/\S+)", str(mail.outbox[0].body))
        assert link
        form = client.get(link[1])["Location"]
        client.post(form, {"password1": "another long one", "password2": "another long one"})
        assert "new password reset" in Client().get(link[1], follow=True).content.decode()
        assert log_in(Client(), alice, "another long one")["Location"] == "/admin/"


def test_an_address_is_changed_once_the_new_one_is_confirmed(clinic: Tenant, alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    client = Client()
    log_in(client, alice)
    client.post("/account/email/", {"action_add": "", "email": "alice@new.example"})
    assert User.objects.get(pk=alice.pk).email == "alice@riverside.example"
    link = re.search(r"http://\S+(/account/confirm-email/\S+)", str(mail.outbox[0].body))
    assert link
    client.post(link[1])
    assert User.objects.get(pk=alice.pk).email == "alice@new.example"


@pytest.mark.parametrize("path", ["/pricing/", "/signup/", "/account/login/", "/account/password/reset/"])
def test_public_pages_are_in_the_look_of_the_site(db: None, path: str) -> None:
    page = Client().get(path).content.decode()
    assert "site/site.css" in page
    assert 'lang="en"' in page
    assert " style=" not in page
    assert " onclick=" not in page


def test_a_second_sign_up_page_of_the_package_leads_to_ours(db: None) -> None:
    assert Client().get("/account/signup/")["Location"] == "/signup/"


def test_the_admins_page_for_a_new_password_leads_to_the_one_for_all(alice: User) -> None:
    person = Client()
    person.force_login(alice)
    assert person.get("/admin/password_change/")["Location"] == "/account/password/change/"


def test_prices_are_the_catalogues(db: None) -> None:
    page = Client().get("/pricing/").content.decode()
    for figure in ("$149", "$499", "$1,499", "2,000", "10,000", "50,000", "$0.075", "$0.05", "$0.03", "$1,519.80"):
        assert figure in page, figure
    assert "−15%" in page


def test_a_lost_second_factor_is_forgotten_by_the_operator_and_the_trail_says_so(
    clinic: Tenant, alice: User, with_second_factor: str
) -> None:
    call_command("forget_second_factor", alice.email.upper(), stdout=StringIO())
    assert log_in(Client(), alice)["Location"] == "/admin/"
    with tenant_scope(clinic.pk):
        assert AuditEntry.objects.filter(action="second_factor.forgotten", target=str(alice.pk)).count() == 1
    for email in (alice.email, "nobody@nowhere.example"):
        with pytest.raises(CommandError):
            call_command("forget_second_factor", email)
