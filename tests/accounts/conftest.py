"""People who sign up: each a browser of their own, with a public address so that limits by address apply."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants

PASSWORD = "correct horse battery"


def answers(**changed: str) -> dict[str, str]:
    """A form that is filled in rightly."""
    return {
        "business": "Nina’s Salon",
        "vertical": "salon",
        "region": "DE",
        "time_zone": "Europe/Berlin",
        "phone": "030 901820",
        "name": "Nina Novak",
        "email": "nina@salon.example",
        "password": PASSWORD,
        "attempt": "page-1",
        **changed,
    }


@dataclass
class Visitor:
    """Somebody at the public pages."""

    address: str = "93.184.216.34"
    client: Client = field(default_factory=Client)

    def send(self, **changed: str) -> Any:
        return self.client.post("/signup/", answers(**changed), REMOTE_ADDR=self.address)

    def enter(self, code: str) -> Any:
        return self.client.post("/signup/code/", {"code": code}, REMOTE_ADDR=self.address)

    def sign_up(self, **changed: str) -> Tenant:
        """The whole way; the business that came of it."""
        before = len(mail.outbox)
        assert self.send(**changed)["Location"] == "/signup/code/"
        assert len(mail.outbox) == before + 1
        assert self.enter(code_in(mail.outbox[-1]))["Location"] == "/admin/"
        with all_tenants(reason="test"):
            return Tenant.objects.latest("created_at")


def code_in(message: Any) -> str:
    found = re.match(r"(\d{6}) is your CallSphere code", message.subject)
    assert found, message.subject
    return found[1]


def businesses() -> int:
    with all_tenants(reason="test"):
        return Tenant.objects.count()


@pytest.fixture(autouse=True)
def _limits_begin_anew() -> None:
    cache.clear()


@pytest.fixture
def visitor(db: None) -> Visitor:
    return Visitor()
