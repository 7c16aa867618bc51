"""From the form to a business that answers; and what happens to those who send it twice, guess, or lie."""

import threading
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from apps.accounts.models import FirstSteps
from apps.accounts.signup import AddressTaken, Business, Person, found
from apps.agents.live import live_agent
from apps.agents.models import Agent
from apps.agents.registry import verticals
from apps.business.calendar import free_slots
from apps.business.models import Booking, Contact, Staff, WeeklyHours
from apps.plans.models import Subscription
from apps.tenants.models import AuditEntry, Membership, Role, Tenant, User, WidgetKey
from apps.tenants.scope import all_tenants, tenant_scope
from tests.accounts.conftest import PASSWORD, Visitor, answers, businesses, code_in


def test_a_salon_signs_up_and_has_all_that_its_agents_need(visitor: Visitor) -> None:
    tenant = visitor.sign_up()
    assert (tenant.slug, tenant.name, tenant.vertical, tenant.time_zone, tenant.region, tenant.phone) == (
        *("ninas-salon", "Nina’s Salon", "salon", "Europe/Berlin", "DE", "+4930901820"),
    )
    with tenant_scope(tenant.pk):
        [owner] = Membership.objects.select_related("user")
        assert (owner.role, owner.user.email, owner.user.name) == (Role.OWNER, "nina@salon.example", "Nina Novak")
        assert owner.user.check_password(PASSWORD)
        subscription = Subscription.objects.get()
        assert subscription.status == "trial"
        assert subscription.trial_ends_at - subscription.trial_started_at == timedelta(days=14)
        assert Agent.objects.count() == len(verticals()["salon"].agents)
        assert WidgetKey.objects.count() == 1
        assert AuditEntry.objects.filter(action="business.founded", actor=f"user:{owner.user.pk}").count() == 1
    page = visitor.client.get("/admin/").content.decode()
    assert "Nina’s Salon" in page
    assert "Getting started" in page
    assert EmailAddress.objects.get(email="nina@salon.example").verified


@pytest.mark.parametrize("vertical", sorted(verticals()))
def test_every_vertical_has_a_starter_pack_without_made_up_customers(db: None, vertical: str) -> None:
    owner = Person("Sam Doe", "sam@new.example", "!")
    business = Business("New One", vertical, "AU", "Australia/Sydney", "+61255500010")
    tenant, _ = found(business, owner=owner, signup="s1", now=timezone.now(), request=RequestFactory().get("/"))
    with tenant_scope(tenant.pk):
        assert live_agent(slug="").version == 1
        assert WeeklyHours.objects.filter(staff=None).count() >= 5
        [member] = Staff.objects.all()
        assert member.name == "Sam Doe"
        assert set(Contact.objects.values_list("email", flat=True)) <= {"sam@new.example"}
        assert not Booking.objects.exists()
        today = timezone.now().astimezone(tenant.zone).date()
        slots = free_slots(date_from=today, date_to=today + timedelta(days=7), now=timezone.now())
        hours = {slot.starts_at.astimezone(tenant.zone).hour for slot in slots}
        assert hours
        assert min(hours) >= 8  # on the clock of the business, which is not the server's
        assert max(hours) < 18


def test_a_vertical_without_a_starter_pack_has_office_hours(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from apps.accounts import signup

    bare = {"salon": replace(verticals()["salon"], start=None)}
    monkeypatch.setattr(signup, "verticals", lambda: bare)
    business = Business("Bare", "salon", "US", "America/New_York", "")
    owner = Person("Sam", "sam@new.example", "!")
    tenant, _ = found(business, owner=owner, signup="s1", now=timezone.now(), request=RequestFactory().get("/"))
    with tenant_scope(tenant.pk):
        assert sorted(WeeklyHours.objects.values_list("weekday", flat=True)) == [0, 1, 2, 3, 4]


def test_before_the_code_nothing_is_made(visitor: Visitor) -> None:
    visitor.send()
    assert businesses() == 0
    assert not User.objects.exists()
    assert visitor.client.get("/admin/").status_code == 302


def test_a_failure_in_the_starter_pack_leaves_nothing_behind(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.accounts import signup

    def fail(*_: object) -> None:
        raise RuntimeError("the pack is broken")

    monkeypatch.setattr(signup, "_equip", fail)
    business = Business("Broken", "salon", "US", "America/New_York", "")
    with pytest.raises(RuntimeError):
        found(
            business,
            owner=Person("Sam", "sam@new.example", "!"),
            signup="s1",
            now=timezone.now(),
            request=RequestFactory().get("/"),
        )
    assert businesses() == 0
    assert not User.objects.exists()


class TestAKnownAddress:
    """Somebody who has an account must not be given away to a stranger who types their address."""

    @pytest.fixture
    def nina(self, visitor: Visitor) -> User:
        visitor.sign_up()
        return User.objects.get()

    def seen_by(self, stranger: Visitor, email: str) -> list[tuple[int, str, str]]:
        """All that a stranger gets to see: status, address, page without what differs by itself."""
        seen = []
        for response in (
            stranger.send(email=email, attempt="page-2"),
            stranger.client.get("/signup/code/"),
            stranger.enter("12345"),
            stranger.enter("000000"),
            stranger.client.post("/signup/code/", {"again": "1"}),
        ):
            page = response.content.decode().replace(email, "ADDRESS")
            token = page.partition('csrfmiddlewaretoken" value="')[2].partition('"')[0]
            seen.append((response.status_code, response.headers.get("Location", ""), page.replace(token or "-", "")))
        return seen

    def test_looks_like_an_unknown_one(self, nina: User) -> None:
        known = self.seen_by(Visitor(address="93.184.216.35"), nina.email)
        unknown = self.seen_by(Visitor(address="93.184.216.36"), "nobody@salon.example")
        assert known == unknown

    def test_gets_a_mail_that_says_so_and_no_code(self, nina: User) -> None:
        mail.outbox.clear()
        Visitor().send(attempt="page-2")
        [message] = mail.outbox
        assert message.to == [nina.email]
        assert message.subject == "You have a CallSphere account already"
        assert "/account/login/" in message.body
        assert businesses() == 1

    def test_is_one_address_whatever_its_case(self, nina: User) -> None:
        mail.outbox.clear()
        Visitor().send(email="NINA@Salon.example", attempt="page-2")
        assert mail.outbox[0].subject == "You have a CallSphere account already"

    def test_which_became_known_meanwhile_leads_to_the_login(self, visitor: Visitor) -> None:
        other = Visitor()
        other.send(attempt="page-2")
        code = code_in(mail.outbox[-1])
        visitor.sign_up()
        assert other.enter(code)["Location"] == "/account/login/"
        assert businesses() == 1


class TestTwice:
    def test_the_same_page_sends_one_mail(self, visitor: Visitor) -> None:
        visitor.send()
        visitor.send(business="Nina’s Nails")
        assert len(mail.outbox) == 1
        assert visitor.enter(code_in(mail.outbox[0])).status_code == 302
        with all_tenants(reason="test"):
            assert Tenant.objects.get().name == "Nina’s Nails"

    def test_the_same_code_makes_one_business(self, visitor: Visitor) -> None:
        visitor.send()
        code = code_in(mail.outbox[0])
        session = visitor.client.session.session_key
        assert visitor.enter(code)["Location"] == "/admin/"
        assert visitor.enter(code)["Location"] == "/admin/"
        assert visitor.client.session.session_key != session  # a session from before the login is worth nothing
        assert businesses() == 1

    @pytest.mark.django_db(transaction=True)
    def test_at_the_same_moment_makes_one_business(self) -> None:
        """Four requests at once, as from an impatient finger: one founds, the others find it."""
        results: list[str] = []
        begin = threading.Barrier(4)
        business = Business("Glow", "healthcare", "US", "America/New_York", "")

        def press() -> None:
            try:
                begin.wait()
                tenant, user = found(
                    business,
                    owner=Person("Sam", "sam@new.example", "!"),
                    signup="one-page",
                    now=timezone.now(),
                    request=RequestFactory().get("/"),
                )
                results.append(f"{tenant.pk} {user.pk}")
            finally:
                connection.close()

        threads = [threading.Thread(target=press) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(results) == 4
        assert len(set(results)) == 1
        assert businesses() == 1
        with all_tenants(reason="test"):
            assert FirstSteps.objects.count() == Membership.objects.count() == 1

    def test_another_business_of_the_name_gets_another_slug(self, visitor: Visitor) -> None:
        visitor.sign_up()
        assert Visitor().sign_up(email="other@salon.example", attempt="x").slug == "ninas-salon-2"

    def test_nobody_gets_the_slug_of_a_demo_whose_pages_are_open_to_all(self, visitor: Visitor) -> None:
        assert visitor.sign_up(business="Glow Salon").slug == "glow-salon-2"


class TestTheForm:
    def test_says_what_is_wrong_beside_each_field_and_keeps_what_was_typed(self, visitor: Visitor) -> None:
        response = visitor.send(email="nina", phone="12", vertical="", time_zone="Mars/Olympus", password="short")
        assert response.status_code == 422
        assert set(response.context["form"].errors) == {"email", "phone", "vertical", "time_zone", "password"}
        page = response.content.decode()
        assert 'value="Nina’s Salon"' in page
        assert 'value="nina"' in page
        assert "Choose what comes closest." in page
        assert "short" not in page.partition("<form")[2].replace("too short", "")

    @pytest.mark.parametrize("password", ["nina@salon", "password1", "12345678", "ninanovak"])
    def test_refuses_a_password_that_is_easily_guessed(self, visitor: Visitor, password: str) -> None:
        response = visitor.send(password=password, email="nina@salon.example", name="ninanovak")
        assert response.status_code == 422
        assert set(response.context["form"].errors) == {"password"}

    @pytest.mark.parametrize("name", ["Win at http://evil.example", "www.evil.example"])
    def test_takes_no_link_for_a_name_because_names_stand_in_mails(self, visitor: Visitor, name: str) -> None:
        assert "business" in visitor.send(business=name).context["form"].errors
        assert not mail.outbox

    def test_a_program_that_fills_in_everything_gets_nothing(self, visitor: Visitor) -> None:
        response = visitor.send(website="https://spam.example")
        assert response["Location"] == "/signup/code/"
        assert visitor.client.get("/signup/code/")["Location"] == "/signup/"
        assert not mail.outbox

    def test_a_vertical_is_chosen_by_the_link(self, visitor: Visitor) -> None:
        page = visitor.client.get("/signup/?vertical=salon").content.decode()
        assert [part.partition('"')[0] for part in page.split('value="') if " checked" in part[:60]] == ["salon"]


class TestLimits:
    def test_one_connection_gets_ten_mails_an_hour(self, visitor: Visitor) -> None:
        for number in range(10):
            assert visitor.send(email=f"n{number}@salon.example", attempt=f"p{number}").status_code == 302
        refused = visitor.send(email="n10@salon.example", attempt="p10")
        assert refused.status_code == 429
        assert "try again in an hour" in refused.content.decode()
        assert len(mail.outbox) == 10
        assert Visitor(address="93.184.216.40").send(email="n11@salon.example").status_code == 302

    def test_one_address_gets_five_mails_an_hour_wherever_they_are_asked_for(self, db: None) -> None:
        for number in range(5):
            assert Visitor(address=f"93.184.216.{number + 1}").send(attempt=f"p{number}").status_code == 302
        assert Visitor(address="93.184.216.99").send(attempt="p9").status_code == 429

    def test_five_wrong_codes_end_a_code_and_the_right_one_comes_too_late(self, visitor: Visitor) -> None:
        visitor.send()
        code = code_in(mail.outbox[0])
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        for _ in range(5):
            assert visitor.enter(wrong).status_code == 422
        assert "too often" in visitor.enter(code).content.decode()
        assert businesses() == 0

    def test_guesses_count_for_the_address_across_sessions(self, db: None) -> None:
        """Many sessions at once, each with a code of its own, would else be many times five guesses."""
        refused = 0
        for number in range(5):
            visitor = Visitor(address=f"93.184.216.{number + 1}")
            visitor.send(attempt=f"p{number}")
            code = code_in(mail.outbox[-1])
            for step in range(1, 6):
                page = visitor.enter(f"{(int(code) + step) % 1_000_000:06}").content.decode()
                refused += "in an hour" in page
        assert refused == 5

    def test_a_code_ends_after_a_quarter_of_an_hour(self, visitor: Visitor) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            visitor.send()
            code = code_in(mail.outbox[0])
            clock.shift(timedelta(minutes=15))
            assert "too old" in visitor.enter(code).content.decode()
            visitor.client.post("/signup/code/", {"again": "1"})
            assert visitor.enter(code).status_code == 422  # the one before does not work any more
            assert visitor.enter(code_in(mail.outbox[1])).status_code == 302


class TestWhoIsLoggedIn:
    @pytest.fixture
    def owner(self, visitor: Visitor) -> Client:
        visitor.sign_up()
        mail.outbox.clear()
        return visitor.client

    def test_adds_a_business_without_a_code_and_is_in_it(self, owner: Client) -> None:
        values = answers(business="Nina Homes", vertical="real_estate", attempt="second")
        assert owner.post("/signup/", values)["Location"] == "/admin/"
        assert owner.post("/signup/", values)["Location"] == "/admin/"
        assert businesses() == 2
        assert not mail.outbox
        page = owner.get("/admin/").content.decode()
        assert "Nina Homes" in page
        assert "Your other businesses" in page
        assert User.objects.count() == 1

    def test_cannot_come_to_anothers_business_by_the_name_of_its_attempt(self, owner: Client) -> None:
        values = answers(business="Nina Homes", attempt="second")
        owner.post("/signup/", values)
        mallory = Visitor(address="93.184.216.50")
        mallory.sign_up(email="mallory@evil.example", attempt="m")
        assert mallory.client.post("/signup/", values).status_code == 302
        assert businesses() == 4
        assert mallory.client.get("/admin/").context["request"].membership.user.email == "mallory@evil.example"


def test_an_address_taken_meanwhile_is_refused_by_the_service(visitor: Visitor) -> None:
    visitor.sign_up()
    business = Business("Other", "salon", "US", "America/New_York", "")
    person = Person("N", "nina@salon.example", "!")
    with pytest.raises(AddressTaken):
        found(business, owner=person, signup="other", now=timezone.now(), request=RequestFactory().get("/"))


def test_who_wants_to_know_is_told_that_a_business_was_founded(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.tenants import founding

    told = []
    monkeypatch.setattr(founding, "_listeners", [lambda tenant, owner, request: told.append((tenant, owner, request))])
    visitor.client.cookies["ref"] = "partner"
    tenant = visitor.sign_up()
    [(founded, owner, request)] = told
    assert (founded.pk, owner.email, request.COOKIES["ref"]) == (tenant.pk, "nina@salon.example", "partner")
