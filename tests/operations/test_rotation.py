"""SECRET_KEY is replaced: what the old one signed and sealed goes on to count, then nothing needs it any more."""

from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.api.models import WebhookEndpoint
from apps.api.webhooks import endpoints
from apps.chat import tokens
from apps.common.sealing import Unreadable, seal, unseal
from apps.operations import rotation
from apps.operations.rotation import Outcome
from apps.tenants.models import KeptAnswer, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.conftest import PASSWORD

OLD, NEW = "the key of before, which is long enough", "the key that follows, which is long enough, too"
EVENTS = ["booking.created"]


@pytest.fixture
def sealed(clinic: Tenant, other_tenant: Tenant, alice: User, settings: Settings) -> dict[str, Any]:
    """Values of two businesses and a person, sealed under OLD; OLD is replaced by NEW."""
    settings.SECRET_KEY = OLD
    found: dict[str, Any] = {"endpoints": []}
    for tenant in (clinic, other_tenant):
        with tenant_scope(tenant.pk):
            endpoint, _ = endpoints.create(url="https://shop.example/hook", events=EVENTS, actor="system")
            last = endpoints.rotate(endpoint=endpoint, now=timezone.now(), actor="system")
            KeptAnswer.objects.create(actor="system", key="k", fingerprint="f", answer=seal("said before"))
            found["endpoints"].append((tenant.pk, endpoint.pk, last))
    TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    return found


def test_everything_is_sealed_anew_and_nothing_needs_the_old_key(
    sealed: dict[str, Any], alice: User, settings: Settings
) -> None:
    assert rotation.rotate() == {
        "answers that are kept": Outcome(2, 0),
        "secrets of webhooks": Outcome(2, 0),
        "seeds of two-factor logins": Outcome(1, 0),
    }
    settings.SECRET_KEY_FALLBACKS = []
    for tenant_id, endpoint_id, last in sealed["endpoints"]:
        with tenant_scope(tenant_id):
            secrets = WebhookEndpoint.objects.get(pk=endpoint_id).secrets(at=timezone.now())
            assert secrets[0] == last
            assert len(secrets) == 2
            assert unseal(KeptAnswer.objects.get().answer) == "said before"
    seed = Authenticator.objects.get(user=alice, type="totp").data["secret"]
    assert unseal(seed, purpose="mfa:") == "JBSWY3DPEHPK3PXP"
    assert {outcome.resealed for outcome in rotation.rotate().values()} == {0}, "it may be repeated"


def test_the_command_says_what_it_did_and_when_the_old_key_may_go(sealed: dict[str, Any]) -> None:
    out = StringIO()
    call_command("rotate_secrets", stdout=out)
    assert "secrets of webhooks: 2 sealed anew, 0 unreadable" in out.getvalue()
    assert "30 days" in out.getvalue()


def test_what_no_known_key_opens_fails_the_command_and_is_left_as_it_is(
    sealed: dict[str, Any], settings: Settings
) -> None:
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(CommandError, match="no known key"):
        call_command("rotate_secrets", stdout=StringIO())
    settings.SECRET_KEY_FALLBACKS = [OLD]
    assert rotation.rotate()["secrets of webhooks"] == Outcome(2, 0)


def test_a_login_and_a_visitor_go_on_until_the_old_key_goes(alice: User, settings: Settings) -> None:
    settings.SECRET_KEY = OLD
    client = Client()
    client.login(username=alice.email, password=PASSWORD)
    token = tokens.new_visitor(tenant_id="ten_1", widget_key="wid_1").token()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    assert client.get("/admin/").status_code == 200
    assert tokens.read(token).tenant_id == "ten_1"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(tokens.BadToken):
        tokens.read(token)
    other = Client()
    other.cookies["sessionid"] = client.cookies["sessionid"].value
    assert other.get("/admin/").status_code == 200, "after its first answer the session is the new key's"


def test_a_seal_is_for_its_purpose(settings: Settings) -> None:
    with pytest.raises(Unreadable):
        unseal(seal("word"), purpose="mfa:")
