"""The doors to a session: what changes something asks for a token, and no page can be borrowed, guessed or framed."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib.auth import hashers
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.business.models import Contact
from apps.tenants.models import ApiKey, Membership, Tenant, User
from apps.tenants.scope import all_tenants, tenant_scope
from tests.accounts.conftest import Visitor as SignUp
from tests.conftest import PASSWORD

pytestmark = pytest.mark.timeout(240)

EXEMPT = (
    "api/chat/",
    "api/voice/",
    "api/dashboard/",
    "api/inbox/",
    "api/after-hours/",
    "voice/",
    "webhooks/",
    "healthz",
)
"""Beginnings of the addresses that Django's check passes over: a token, a signature, or a check of their own."""
OF_SESSIONS = ("api/dashboard/", "api/inbox/")
"""Those among them that know somebody by the session."""


def views() -> Iterator[tuple[str, Any]]:
    """(path with its arguments filled, view) of each address."""

    def walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
        for entry in resolver.url_patterns:
            path = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry, path)
            elif isinstance(entry, URLPattern):
                yield re.sub(r"<[^>]+>", "1", path).replace("^", "").replace("\\Z", "").replace("$", ""), entry.callback

    yield from walk(get_resolver(), "")


@pytest.fixture(autouse=True)
def _limits_begin_anew() -> None:
    cache.clear()


@pytest.fixture
def owner(alice: User) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    return client


def test_what_is_exempt_is_known(db: None) -> None:
    """A view that needs no token is one that no cookie opens; a new one must be placed here."""
    exempt = {path for path, view in views() if getattr(view, "csrf_exempt", False)}
    rest = {path for path in exempt if path.startswith("api/") and not path.startswith(EXEMPT)}
    assert {path for path in exempt - rest if not path.startswith(EXEMPT)} <= {"readyz", "metrics"}
    # REST views are exempt as such, and ask again when it is a session that calls (tests/api/test_calling.py).
    assert rest


def test_every_change_asks_for_a_token(owner: Client, clinic: Tenant) -> None:
    tried = 0
    for path, view in views():
        if "(?P" in path or (getattr(view, "csrf_exempt", False) and not path.startswith("api/")):
            continue
        if path.startswith(EXEMPT) and not path.startswith(OF_SESSIONS):
            continue
        answer = owner.post(f"/{path}", {"a": "1"}, headers={"Origin": "https://evil.example"})
        assert answer.status_code in (403, 404, 405, 415), (path, answer.status_code)
        tried += 1
    assert tried > 200


def test_a_read_changes_nothing_that_counts(owner: Client, clinic: Tenant) -> None:
    """An address alone, in a picture or a link, ends no session, joins nothing and deletes nothing."""
    with all_tenants(reason="the suite counts"):
        before = (User.objects.count(), Membership.objects.count(), ApiKey.objects.count(), Tenant.objects.count())
    for path in ("account/logout/", "admin/logout/", "account/first-steps/hide/", "affiliates/payout/", "signup/"):
        owner.get(f"/{path}")
    assert owner.get("/admin/").status_code == 200, "still logged in"
    with all_tenants(reason="the suite counts"):
        after = (User.objects.count(), Membership.objects.count(), ApiKey.objects.count(), Tenant.objects.count())
    assert after == before


def test_no_page_of_a_session_is_framed_or_guessed_at(owner: Client, clinic: Tenant) -> None:
    looked = 0
    for path, _ in views():
        if "(?P" in path or path.startswith(("widget/", "demo/")) or "logout" in path:
            continue
        answer = owner.get(f"/{path}")
        if not answer.get("Content-Type", "").startswith("text/html") or answer.streaming:
            continue
        policy = answer.get("Content-Security-Policy", "")
        framed = answer.get("X-Frame-Options") == "DENY" or "frame-ancestors 'none'" in policy
        assert framed, path
        assert answer["X-Content-Type-Options"] == "nosniff", path
        looked += 1
    assert looked > 60


@pytest.mark.once
@pytest.mark.parametrize("verb", ["TRACE", "PROPFIND", "DELETE", "GETT"])
def test_no_verb_opens_or_breaks_a_door(clinic: Tenant, verb: str) -> None:
    stranger = Client(headers={"X-Secret": "echo-me"})
    for path, _ in views():
        if "(?P" in path or path.startswith("healthz/stream"):
            continue
        answer = stranger.generic(verb, f"/{path}")
        assert answer.status_code < 500, (verb, path)
        assert b"echo-me" not in (b"" if answer.streaming else answer.content)


def test_no_header_turns_one_verb_into_another(clinic: Tenant) -> None:
    with tenant_scope(clinic.pk):
        secret = ApiKey.issue(name="CRM", scopes=("*",))[1]
        contact = Contact.objects.create(given_name="Maria")
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        path = f"/api/contacts/{contact.pk}"
        assert client.post(path, {}, content_type="application/json", headers={name: "DELETE"}).status_code == 405
        assert client.get(f"{path}?_method=DELETE", headers={name: "DELETE"}).status_code == 200
    with tenant_scope(clinic.pk):
        assert Contact.objects.filter(pk=contact.pk).exists()


def test_a_session_that_was_planted_is_not_the_one_that_logs_in(alice: User) -> None:
    client = Client()
    client.get("/account/login/")
    client.cookies["sessionid"] = "planted0planted0planted0planted0"
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    mine = client.cookies["sessionid"].value
    assert mine != "planted0planted0planted0planted0"
    assert client.get("/admin/").status_code == 200
    thief = Client()
    thief.cookies["sessionid"] = "planted0planted0planted0planted0"
    assert thief.get("/admin/").status_code == 302
    thief.cookies["sessionid"] = mine
    client.post("/account/logout/")
    assert thief.get("/admin/").status_code == 302, "a session ends on the server"


def test_an_unknown_address_takes_as_long_as_a_wrong_password(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what it costs, not by the clock: as many passwords are hashed, and the same words are said."""
    hashed: list[str] = []
    encode = hashers.MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)
    costs, said = [], []
    for email in (alice.email, "nobody@nowhere.example"):
        hashed.clear()
        answer = Client().post("/account/login/", {"login": email, "password": "wrong"})
        costs.append(len(hashed))
        said.append(re.sub(r"\S+@\S+|[\w-]{32,}", "", answer.content.decode()))
    assert costs[0] == costs[1] > 0
    assert said[0] == said[1]


ELSEWHERE = (
    *("https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example"),
    *("https:evil.example", "http:///evil.example", "javascript:alert(1)", "%2f%2fevil.example", "/\t/evil.example"),
    *("https://testserver@evil.example/", "https://testserver.evil.example/"),
)


def leads_to(place: str) -> tuple[str, str]:
    """Scheme and host, as browsers read it: they drop tabs, and take a backslash for a slash."""
    address = urlsplit(urljoin("http://testserver/account/login/", place.replace("\t", "").replace("\\", "/")))
    return address.scheme, address.netloc


def test_nothing_leads_elsewhere(alice: User) -> None:
    """`next` and its like at the doors that know one, before and after the login."""
    for elsewhere in ELSEWHERE:
        asked = dict.fromkeys(("next", "redirect_to", "return", "url", "continue"), elsewhere)
        client = Client()
        answers = [client.post("/account/login/", {"login": alice.email, "password": PASSWORD, **asked})]
        answers += [client.get(door, asked) for door in ("/account/login/", "/admin/login/")]
        answers += [client.post("/account/logout/", asked), client.get("/admin/login/", asked)]
        for answer in answers:
            assert leads_to(answer.get("Location", "/")) == ("http", "testserver"), (elsewhere, answer["Location"])


def test_a_sign_up_makes_an_owner_and_nothing_more(db: None) -> None:
    visitor = SignUp()
    more = {"is_superuser": "1", "is_staff": "1", "tenant": "ten_x", "plan": "scale", "id": "1", "slug": "x"}
    visitor.sign_up(**more)
    with all_tenants(reason="the suite looks at what was made"):
        assert not User.objects.filter(is_superuser=True).exists()
        assert not Tenant.objects.filter(slug="x").exists()
