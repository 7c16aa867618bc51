"""What browsers are told of every kind of answer."""

import re
from typing import Any

import httpx2 as httpx
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.tenants.models import Tenant, User, WidgetKey
from tests.chat.conftest import open_for_business
from tests.conftest import PASSWORD

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
DATA = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def policy(answer: Any) -> dict[str, str]:
    """Directives of its policy, without the nonce's letters."""
    text = re.sub(r"'nonce-[\w-]{22}'", "NONCE", answer.headers["Content-Security-Policy"])
    return dict(part.split(" ", 1) for part in text.split("; "))


def nonces(answer: Any) -> set[str]:
    return set(re.findall(r"'nonce-([\w-]{22})'", answer.headers["Content-Security-Policy"]))


@pytest.fixture
def widget(transactional_db: None, clinic: Tenant) -> WidgetKey:
    return open_for_business(clinic, key="wk_riverside")


@pytest.mark.parametrize("path", ["/", "/pricing/", "/signup/", "/account/login/", "/api/docs/", "/nothing/here/"])
def test_a_page_runs_our_files_and_what_carries_its_nonce(db: None, path: str) -> None:
    answer = Client().get(path)
    for name, value in ALWAYS.items():
        assert answer.headers[name] == value
    found = policy(answer)
    assert found["script-src"] == found["style-src"] == "'self' NONCE"
    assert found["default-src"] == found["frame-ancestors"] == found["base-uri"] == "'none'"
    assert found["form-action"] == found["connect-src"] == "'self'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert nonces(answer).isdisjoint(nonces(Client().get(path))), "a nonce counts once"
    inline = re.findall(r"<(?:style|script)(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", answer.content.decode())
    assert all(f'nonce="{nonce}"' in tag for nonce in nonces(answer) for tag in inline)


def test_only_the_admin_may_do_what_its_package_needs(clinic: Tenant, alice: User) -> None:
    client = Client()
    client.login(username=alice.email, password=PASSWORD)
    found = policy(client.get("/admin/"))
    assert found["script-src"] == "'self' 'unsafe-eval' NONCE"
    assert found["style-src"] == "'self' 'unsafe-inline'"
    assert found["frame-ancestors"] == "'none'"
    assert "unsafe" not in str(policy(client.get("/inbox/")))


@pytest.mark.parametrize("path", ["/admin/", "/inbox/", "/account/email/", "/api/contacts", "/admin/nothing/here/"])
def test_what_a_session_shows_is_kept_by_nobody(clinic: Tenant, alice: User, path: str) -> None:
    client = Client()
    client.login(username=alice.email, password=PASSWORD)
    assert "no-store" in client.get(path).headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/healthz", "/api/chat/conversations/x", "/api/inbox/conversations", "/api/nothing"])
def test_data_is_no_page(server: str, transactional_db: None, path: str) -> None:
    answer = httpx.get(server + path)
    for name, value in ALWAYS.items():
        assert answer.headers[name] == value
    assert answer.headers["Content-Security-Policy"] == DATA
    assert answer.headers["Cache-Control"] == "no-store"
    assert "microphone" not in answer.headers["Permissions-Policy"]


def test_a_stream_has_them_too(server: str, widget: WidgetKey) -> None:
    asked = {"message": "Hi", "widget": widget.key}
    with httpx.stream("POST", f"{server}/api/chat/stream", json=asked, timeout=90) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Security-Policy"] == DATA
        assert answer.headers["Cache-Control"] == "no-cache, no-transform"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        for _ in answer.iter_raw():
            pass


def test_a_static_file_is_what_it_says(server: str) -> None:
    assert httpx.get(f"{server}/static/site/site.js").headers["X-Content-Type-Options"] == "nosniff"
    picture = httpx.get(f"{server}/static/site/logo.svg")
    assert "default-src 'none'" in picture.headers["Content-Security-Policy"]


def test_the_frame_of_the_widget_says_who_may_show_it(server: str, widget: WidgetKey) -> None:
    frame = httpx.get(f"{server}/widget/frame/{widget.key}")
    assert policy(frame)["frame-ancestors"] == "*"
    assert policy(frame)["script-src"] == "'self'"
    assert "microphone=(self)" in frame.headers["Permissions-Policy"]
    assert frame.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert httpx.get(f"{server}/widget/v1.js").headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("path", ["/", "/healthz"])
def test_over_tls_browsers_are_told_to_stay_there(db: None, settings: Settings, path: str) -> None:
    client = Client()
    assert "Strict-Transport-Security" not in client.get(path).headers
    told = client.get(path, secure=True).headers["Strict-Transport-Security"]
    assert told == "max-age=31536000; includeSubDomains"
    settings.SECURE_HSTS_PRELOAD = True
    assert "preload" in Client().get(path, secure=True).headers["Strict-Transport-Security"]


def test_a_form_without_its_token_gets_a_page_of_ours(db: None, alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert f'nonce="{nonces(answer).pop()}"' in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_payment_pages_are_where_the_admins_forms_may_lead(clinic: Tenant, alice: User, settings: Settings) -> None:
    settings.PAYMENT_PAGES = ["https://*.stripe.com"]
    client = Client()
    client.login(username=alice.email, password=PASSWORD)
    assert policy(client.get(reverse("admin:index")))["form-action"] == "'self' https://*.stripe.com"
