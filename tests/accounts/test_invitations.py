"""Invitations: how people come to a team, and how they do not."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from apps.accounts import invitations
from apps.accounts.invitations import InvitationOver, WrongAccount
from apps.accounts.models import Invitation
from apps.tenants.models import AuditEntry, Membership, Role, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.conftest import PASSWORD, make_member

LIST = "/admin/accounts/invitation/"


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(alice: User) -> Client:
    return as_user(alice)


def invite(client: Client, email: str, role: str = Role.STAFF) -> str:
    """The path of the link that was mailed."""
    before = len(mail.outbox)
    answer = client.post(f"{LIST}add/", {"email": email, "role": role})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert len(mail.outbox) == before + 1
    assert mail.outbox[-1].to == [email.lower()]
    return link_in(mail.outbox[-1])


def link_in(message: Any) -> str:
    found = re.search(r"http://\S+(/join/\S+)", message.body)
    assert found
    return found[1]


def role_of(user: User, tenant: Tenant) -> str | None:
    with tenant_scope(tenant.pk):
        return Membership.objects.filter(user=user).values_list("role", flat=True).first()


def only(tenant: Tenant) -> Invitation:
    with tenant_scope(tenant.pk):
        return Invitation.objects.get()


def actions(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.pk):
        rows = AuditEntry.objects.filter(action__startswith="invitation.").order_by("at", "id")
        return [entry.action for entry in rows]


NEW = {"name": "Nia New", "password": "a long new password"}


def test_somebody_new_joins_with_a_password_of_their_own(owner: Client, clinic: Tenant, client: Client) -> None:
    link = invite(owner, "Nia@Riverside.example", Role.MANAGER)
    page = client.get(link).content.decode()
    assert "Riverside Clinic" in page
    assert "manager" in page
    assert client.post(link, NEW)["Location"] == "/admin/"
    nia = User.objects.get(email="nia@riverside.example")
    assert role_of(nia, clinic) == Role.MANAGER
    assert client.get("/admin/").context["request"].membership.user == nia
    assert client.login(username=nia.email, password=NEW["password"])
    assert actions(clinic) == ["invitation.sent", "invitation.accepted"]


def test_somebody_with_an_account_logs_in_and_belongs_to_both(
    owner: Client, clinic: Tenant, other_tenant: Tenant, bob: User, client: Client
) -> None:
    link = invite(owner, bob.email)
    login = client.get(link)["Location"]
    assert login == f"/account/login/?next={link}"
    answer = client.post(login, {"login": bob.email, "password": PASSWORD, "next": link})
    assert answer["Location"] == link
    assert client.post(link)["Location"] == "/admin/"
    assert (role_of(bob, clinic), role_of(bob, other_tenant)) == (Role.STAFF, Role.OWNER)
    request = client.get("/admin/").context["request"]
    assert request.tenant == clinic  # the session goes on in the team that was joined


def test_who_is_on_the_team_keeps_their_role(owner: Client, clinic: Tenant, client: Client) -> None:
    link = invite(owner, "mia@riverside.example", Role.STAFF)
    mia = make_member("mia@riverside.example", clinic, Role.MANAGER)
    assert as_user(mia).post(link).status_code == 302
    assert role_of(mia, clinic) == Role.MANAGER


class TestALinkThatDoesNotWork:
    def assert_over(self, link: str, client: Client | None = None) -> None:
        for method in ("get", "post"):
            answer = getattr(client or Client(), method)(link, NEW)
            assert answer.status_code == 404
            assert "does not work any more" in answer.content.decode()
            assert "Riverside" not in answer.content.decode()

    def test_was_never_given_out(self, owner: Client, clinic: Tenant) -> None:
        link = invite(owner, "nia@riverside.example")
        self.assert_over("/join/nothing/")
        self.assert_over(link[:-2] + "x/")
        self.assert_over(f"/join/{only(clinic).secret_hash}/")
        self.assert_over(f"/join/{only(clinic).pk}/")
        assert not User.objects.filter(email="nia@riverside.example").exists()

    def test_was_used(self, owner: Client) -> None:
        link = invite(owner, "nia@riverside.example")
        first = Client()
        first.post(link, NEW)
        self.assert_over(link)
        self.assert_over(link, first)
        assert User.objects.filter(email="nia@riverside.example").count() == 1

    def test_is_seven_days_old(self, owner: Client, clinic: Tenant) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            link = invite(owner, "nia@riverside.example")
            clock.shift(timedelta(days=7, seconds=-1))
            assert Client().get(link).status_code == 200
            clock.shift(timedelta(seconds=1))
            self.assert_over(link)
            assert role_of(User.objects.get(email="alice@riverside.example"), clinic) == Role.OWNER

    def test_was_withdrawn(self, owner: Client, clinic: Tenant) -> None:
        link = invite(owner, "nia@riverside.example")
        for _ in range(2):
            assert owner.post(f"{LIST}{only(clinic).pk}/withdraw/").status_code == 302
        self.assert_over(link)
        assert actions(clinic) == ["invitation.sent", "invitation.withdrawn"]

    def test_was_replaced_by_a_later_one(self, owner: Client, clinic: Tenant) -> None:
        link = invite(owner, "nia@riverside.example")
        assert owner.post(f"{LIST}{only(clinic).pk}/again/").status_code == 302
        self.assert_over(link)
        assert Client().post(link_in(mail.outbox[-1]), NEW).status_code == 302
        assert owner.post(f"{LIST}{only(clinic).pk}/again/").status_code == 302  # refused, with a message
        assert len(mail.outbox) == 2


class TestTheWrongAccount:
    def test_cannot_accept(self, owner: Client, clinic: Tenant, bob: User) -> None:
        link = invite(owner, "nia@riverside.example", Role.OWNER)
        client = as_user(bob)
        for answer in (client.get(link), client.post(link), client.post(link, NEW)):
            assert answer.status_code == 403
            page = answer.content.decode()
            assert "nia@riverside.example" not in page
            assert clinic.name not in page
        assert role_of(bob, clinic) is None
        assert Client().get(link).status_code == 200  # and it still works for whom it was sent to

    def test_is_also_one_with_the_address_unproven(self, owner: Client, clinic: Tenant, bob: User) -> None:
        from allauth.account.models import EmailAddress

        link = invite(owner, "nia@riverside.example")
        EmailAddress.objects.create(user=bob, email="nia@riverside.example", verified=False)
        assert as_user(bob).post(link).status_code == 403
        assert role_of(bob, clinic) is None

    def test_is_a_new_one_made_by_the_link_for_an_address_that_has_one(
        self, owner: Client, clinic: Tenant, bob: User
    ) -> None:
        link = invite(owner, bob.email)
        assert Client().post(link, NEW)["Location"].startswith("/account/login/")
        with pytest.raises(WrongAccount):
            invitations.accept_as_new(link.split("/")[2], name="x", password="y", now=timezone.now())
        bob.refresh_from_db()
        assert bob.check_password(PASSWORD)


def test_two_who_accept_at_once_make_one_membership(owner: Client, clinic: Tenant) -> None:
    secret = invite(owner, "nia@riverside.example").split("/")[2]
    now = timezone.now()
    nia, _ = invitations.accept_as_new(secret, name="Nia", password="a long password", now=now)
    with pytest.raises(InvitationOver):
        invitations.accept(secret, user=nia, now=now)
    with tenant_scope(clinic.pk):
        assert Membership.objects.filter(user=nia).count() == 1


class TestWhoInvites:
    @pytest.mark.parametrize("role", [Role.MANAGER, Role.STAFF])
    def test_are_owners_alone(self, owner: Client, clinic: Tenant, role: str) -> None:
        invite(owner, "nia@riverside.example")
        key = only(clinic).pk
        client = as_user(make_member("mallory@riverside.example", clinic, role))
        assert client.post(f"{LIST}add/", {"email": "x@evil.example", "role": Role.OWNER}).status_code == 403
        for action in ("again", "withdraw"):
            assert client.post(f"{LIST}{key}/{action}/").status_code == 403
        assert client.get(LIST).status_code == (200 if role == Role.MANAGER else 403)
        assert actions(clinic) == ["invitation.sent"]
        assert len(mail.outbox) == 1

    def test_of_another_business_find_nothing(self, owner: Client, clinic: Tenant, bob: User) -> None:
        link = invite(owner, "nia@riverside.example")
        client = as_user(bob)
        for path in ("change/", "again/", "withdraw/", "history/"):
            assert client.post(f"{LIST}{only(clinic).pk}/{path}").status_code == 404
        assert Client().get(link).status_code == 200

    def test_see_the_state_and_no_secret(self, owner: Client, clinic: Tenant) -> None:
        link = invite(owner, "nia@riverside.example")
        page = owner.get(f"{LIST}{only(clinic).pk}/change/").content.decode()
        assert "Send again" in page
        assert only(clinic).secret_hash not in page
        assert link.split("/")[2] not in page + owner.get(LIST).content.decode()
        assert owner.post(f"{LIST}{only(clinic).pk}/change/", {"role": Role.OWNER}).status_code == 403

    def test_cannot_invite_twice_or_who_is_there(self, owner: Client, alice: User) -> None:
        invite(owner, "nia@riverside.example")
        for email, words in (("NIA@riverside.example", "an invitation already"), (alice.email, "on the team already")):
            answer = owner.post(f"{LIST}add/", {"email": email, "role": Role.STAFF})
            assert answer.status_code == 200
            assert words in answer.content.decode()
        assert len(mail.outbox) == 1

    def test_learn_that_a_mail_did_not_go_out_and_nothing_is_left(
        self, owner: Client, clinic: Tenant, settings: Any
    ) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
        answer = owner.post(f"{LIST}add/", {"email": "nia@riverside.example", "role": Role.STAFF})
        assert "could not be sent" in answer.content.decode()
        with tenant_scope(clinic.pk):
            assert not Invitation.objects.exists()

    def test_cannot_send_without_end(self, owner: Client) -> None:
        for number in range(40):
            invite(owner, f"n{number}@riverside.example")
        answer = owner.post(f"{LIST}add/", {"email": "n40@riverside.example", "role": Role.STAFF})
        assert "a little later" in answer.content.decode()
        assert len(mail.outbox) == 40


def test_the_page_of_a_link_tells_its_address_to_nobody(owner: Client) -> None:
    answer = Client().get(invite(owner, "nia@riverside.example"))
    assert answer["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex"
