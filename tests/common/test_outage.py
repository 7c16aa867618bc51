"""While the database or Redis is away: everybody is told to come back, nobody that something went wrong."""

from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client
from redis.exceptions import ConnectionError

from apps.business.models import Booking
from apps.tenants.models import Tenant
from tests.api.conftest import program


def _away(*_: Any, **__: Any) -> Any:
    raise OperationalError("terminating connection due to administrator command")


def test_the_api_says_when_to_come_back(clinic: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    crm = program(clinic)
    monkeypatch.setattr(Booking.objects, "all", _away)
    answer = crm.get("bookings")
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer.json()["error"]["code"] == "unavailable"


def test_a_json_view_says_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.dashboard.views.ticket_of", _away)
    monkeypatch.setattr("apps.dashboard.views.check_not_forged", lambda request: None)
    answer = Client().post("/api/dashboard/tickets")
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")


@pytest.mark.parametrize("error", [OperationalError("gone"), ConnectionError("gone")])
def test_a_page_says_when_to_come_back(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Met in the midst of the middleware, where the login is looked up."""
    answer = _answer_to(error, monkeypatch)
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert b"back in a moment" in answer.content


def test_what_is_our_own_fault_is_not_taken_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _answer_to(ValueError("ours"), monkeypatch).status_code == 500


def _answer_to(error: Exception, monkeypatch: pytest.MonkeyPatch) -> Any:
    def raising(request: HttpRequest) -> Any:
        raise error

    monkeypatch.setattr(
        "django.contrib.sessions.middleware.SessionMiddleware.process_request", lambda *_: raising(_[1])
    )
    return Client(raise_request_exception=False).get("/pricing/")
