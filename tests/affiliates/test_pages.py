"""The affiliates' pages: applying, one's own dashboard, and nobody else's."""

import re

import pytest
from django.core import mail
from django.test import Client, override_settings

from apps.affiliates import affiliates
from apps.affiliates.models import Affiliate
from apps.affiliates.statements import masked
from apps.tenants.models import Tenant, User
from tests.affiliates.conftest import pay
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NEW = {"name": "Zoe Zhou", "email": "Zoe@Zhou.example", "website": "", "audience": "My readers.", "agrees": "on"}


def of(affiliate: Affiliate) -> Client:
    client = Client()
    client.force_login(affiliate.user)
    return client


@pytest.fixture(autouse=True)
def _fresh_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test counts applications of its own."""
    monkeypatch.setattr("apps.affiliates.applications._MOST", 1_000_000)


def sent_link() -> str:
    (message,) = mail.outbox
    found = re.search(r"https?://[^/]+(/affiliates/join/\S+)", str(message.body))
    assert found is not None
    return found[1]


def test_the_offer_says_all_terms_to_everybody(client: Client) -> None:
    page = client.get("/affiliates/").content.decode()
    for words in (
        "22 %",
        "12 months",
        "60 days",
        "30 days",
        "$50",
        "taken back",
        "Nobody earns by themselves",
        "$32.78",
    ):
        assert words in page


def test_applying_makes_a_login_by_a_link_in_an_email(client: Client) -> None:
    response = client.post("/affiliates/join/", NEW)
    assert response["Location"] == "/affiliates/join/sent/"
    assert not User.objects.filter(email="zoe@zhou.example").exists()
    link = sent_link()
    assert "zoe@zhou.example" in client.get(link).content.decode()
    weak = client.post(link, {"password": "12345678"})
    assert weak.status_code == 422
    assert "too common" in weak.content.decode()
    done = client.post(link, {"password": PASSWORD})
    assert done["Location"] == "/affiliates/dashboard/"
    page = client.get("/affiliates/dashboard/").content.decode()
    assert "Your application is being read" in page
    assert "/r/zoe-zhou" not in page
    affiliate = Affiliate.objects.get()
    assert (affiliate.user.email, affiliate.status) == ("zoe@zhou.example", "applied")
    assert client.get(link).status_code == 410


def test_the_answer_is_the_same_for_an_address_that_has_a_login(client: Client, nina: Affiliate) -> None:
    response = client.post("/affiliates/join/", {**NEW, "email": nina.user.email})
    assert response["Location"] == "/affiliates/join/sent/"
    link = sent_link()
    page = client.get(link)
    assert "has a login already" in page.content.decode()
    assert client.post(link, {"password": "stolen-pass-2"}).status_code == 200
    assert User.objects.get(pk=nina.user_id).check_password(PASSWORD)


def test_a_link_of_somebody_else_applies_for_nobody(client: Client, nina: Affiliate) -> None:
    known = User.objects.create_user("zoe@zhou.example", PASSWORD)
    client.post("/affiliates/join/", NEW)
    link = sent_link()
    assert of(nina).get(link).status_code == 200
    assert affiliates.of(known) is None
    client.force_login(known)
    assert client.get(link)["Location"] == "/affiliates/dashboard/"
    assert affiliates.of(known) is not None


@override_settings(PUBLIC_URL="https://callsphere.example")
def test_the_link_leads_to_the_address_that_the_operator_named(client: Client) -> None:
    client.post("/affiliates/join/", NEW, headers={"host": "localhost"})
    assert "https://callsphere.example/affiliates/join/" in mail.outbox[0].body


def test_too_many_applications_are_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.affiliates.applications._MOST", 2)
    email = {"email": f"{Tenant().pk}@zhou.example"}  # counted in Redis, which outlives a test
    answers = [client.post("/affiliates/join/", {**NEW, **email}).status_code for _ in range(3)]
    assert answers == [302, 302, 422]
    assert len(mail.outbox) == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"email": "zoe"}, "Enter a valid email address."),
        ({"website": "ftp:/x"}, "Enter a valid URL."),
        ({"agrees": ""}, "Please accept the terms"),
        ({"name": "x\0y"}, "Null characters are not allowed."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(client: Client, wrong: dict[str, str], words: str) -> None:
    response = client.post("/affiliates/join/", {**NEW, **wrong})
    page = response.content.decode()
    assert response.status_code == 422
    assert words in page
    assert "My readers." in page
    assert not mail.outbox


def test_with_a_login_one_applies_at_once(client: Client) -> None:
    client.force_login(User.objects.create_user("zoe@zhou.example", PASSWORD, name="Zoe"))
    assert 'value="Zoe"' in client.get("/affiliates/join/").content.decode()
    given = {name: value for name, value in NEW.items() if name != "email"}
    assert client.post("/affiliates/join/", given)["Location"] == "/affiliates/dashboard/"
    assert client.get("/affiliates/join/")["Location"] == "/affiliates/dashboard/"
    assert client.post("/affiliates/join/", given)["Location"] == "/affiliates/dashboard/"
    assert Affiliate.objects.count() == 1


def test_nobody_sees_another_affiliates_figures(mila: Affiliate, nina: Affiliate, referred: Tenant) -> None:
    pay(referred)
    own, other = of(mila).get("/affiliates/dashboard/"), of(nina).get("/affiliates/dashboard/")
    assert "$109.78" in own.content.decode()
    assert "Gl… Sa…" in own.content.decode()
    for words in ("$109.78", "Gl… Sa…", mila.code, mila.name, "Glow"):
        assert words not in other.content.decode()
    assert "Glow Salon" not in own.content.decode()
    assert f"owner@{referred.slug}.example" not in own.content.decode()
    of(nina).post("/affiliates/payout/", {"method": "bank", "account": "NINA"})
    mila.refresh_from_db()
    assert mila.payout_account == ""
    assert affiliates.of(nina.user).payout_account == "NINA"  # type: ignore[union-attr]


def test_strangers_are_sent_to_the_login_or_to_the_application(client: Client, charlie: User) -> None:
    for path in ("/affiliates/dashboard/", "/affiliates/payout/"):
        assert client.get(path)["Location"].endswith(f"?next={path}")
    client.force_login(charlie)
    for path in ("/affiliates/dashboard/", "/affiliates/payout/"):
        assert client.get(path)["Location"] == "/affiliates/join/"


def test_a_payout_needs_its_account(mila: Affiliate) -> None:
    client = of(mila)
    page = client.post("/affiliates/payout/", {"method": "bank"})
    assert page.status_code == 422
    assert "A bank transfer needs an account." in page.content.decode()
    assert client.post("/affiliates/payout/", {"method": "wise"}).status_code == 422
    assert client.post("/affiliates/payout/", {"method": "wise", "email": "m@pay.example"}).status_code == 302
    mila.refresh_from_db()
    assert mila.payout_target == "m@pay.example"


def test_a_name_is_masked() -> None:
    assert masked("Glow Salon") == "Gl… Sa…"
    assert masked("Al") == "A…"
    assert masked("") == "…"
