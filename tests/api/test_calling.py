"""Who may call, and how: keys, scopes, sessions, roles, methods, bodies, rates; every refusal in the one envelope."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.tenants.models import ApiKey, Role, Tenant, User
from apps.tenants.rest.resources import MAX_BODY
from apps.tenants.scope import tenant_scope
from tests.api.conftest import Program, program
from tests.conftest import PASSWORD, make_member

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_a_key_nobody_gets_in(clinic: Tenant) -> None:
    for headers in ({}, {"Authorization": "Bearer sk_wrong"}, {"Authorization": "Basic ???"}):
        answer = Client().get("/api/contacts", headers=headers)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        error = answer.json()["error"]
        assert error["code"] == "bad_api_key"
        assert error["request_id"] == answer["X-Request-ID"]


def test_a_revoked_key_is_none(crm: Program, clinic: Tenant) -> None:
    assert crm.get("contacts").status_code == 200
    with tenant_scope(clinic.pk):
        ApiKey.objects.update(revoked_at=timezone.now())
    assert crm.get("contacts").status_code == 401


def test_a_key_may_do_what_its_scopes_say(clinic: Tenant) -> None:
    reader = program(clinic, "contacts:read")
    assert reader.get("contacts").status_code == 200
    refused = reader.post("contacts", {"given_name": "Ada"})
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "scope_missing"
    assert refused.json()["error"]["scope"] == "contacts:write"
    assert reader.get("bookings").status_code == 403
    writer = program(clinic, "contacts:write")
    assert writer.post("contacts", {"given_name": "Ada"}).status_code == 201
    assert writer.get("contacts").status_code == 403


def test_a_person_calls_with_the_admins_session(clinic: Tenant, alice: User) -> None:
    person = Client(enforce_csrf_checks=True)
    person.force_login(alice)
    assert person.get("/api/contacts").status_code == 200
    body = {"given_name": "Ada"}
    refused = person.post("/api/contacts", body, content_type="application/json")
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "forbidden"
    person.get("/account/password/change/")
    token = person.cookies["csrftoken"].value
    made = person.post("/api/contacts", body, content_type="application/json", headers={"X-CSRFToken": token})
    assert made.status_code == 201


def test_a_persons_role_counts(clinic: Tenant) -> None:
    staff = Client()
    staff.force_login(make_member("staff@riverside.example", clinic, Role.STAFF))
    assert staff.get("/api/contacts").status_code == 200
    made = staff.post("/api/contacts", {"given_name": "Ada"}, content_type="application/json")
    assert made.status_code == 201
    refused = staff.delete(f"/api/contacts/{made.json()['id']}")
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "not_permitted"
    assert staff.get("/api/webhooks").status_code == 403


def test_a_person_of_no_business_and_an_administrator_of_none(clinic: Tenant, charlie: User) -> None:
    for user in (charlie, User.objects.create_superuser("root@callsphere.example", PASSWORD)):
        person = Client()
        person.force_login(user)
        assert person.get("/api/contacts").json()["error"]["code"] == "no_tenant"


def test_a_key_counts_before_a_session(clinic: Tenant, rival: Program, alice: User) -> None:
    rival.http.force_login(alice)
    rival.post("contacts", {"given_name": "Bob"})
    assert len(rival.get("contacts").json()["data"]) == 1
    assert rival.http.get("/api/contacts").json()["data"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("PUT", "contacts", "{}", {}, 405, "method_not_allowed"),
        ("POST", "usage", "{}", {}, 405, "method_not_allowed"),
        ("GET", "contacts", "", {"Accept": "text/csv"}, 406, "not_acceptable"),
        ("POST", "contacts", "{", {}, 400, "malformed_request"),
        ("POST", "contacts", "[]", {}, 422, "invalid_input"),
        ("POST", "contacts", '{"given_name": "x\\u0000"}', {}, 422, "invalid_input"),
        ("POST", "contacts", '{"given_name": "Ada", "nick": "A"}', {}, 422, "invalid_input"),
        ("POST", "contacts", '{"given_name": "Ada", "phone": "12"}', {}, 422, "invalid_phone"),
        ("POST", "contacts", " " * (MAX_BODY + 1), {}, 413, "body_too_large"),
        ("GET", "contacts?colour=red", "", {}, 422, "invalid_input"),
        ("GET", "contacts?updated_after=yesterday", "", {}, 422, "invalid_input"),
        ("GET", "contacts?updated_after=2026-11-24T10:00:00", "", {}, 422, "invalid_input"),
        ("GET", "contacts?limit=0", "", {}, 422, "invalid_input"),
        ("GET", "contacts?limit=²", "", {}, 422, "invalid_input"),
        ("GET", "contacts?cursor=%00", "", {}, 422, "invalid_input"),
        ("GET", "contacts?phone=%00", "", {}, 422, "invalid_input"),
        ("GET", "contacts/con_x", "", {}, 404, "not_found"),
        ("GET", "contacts/%00", "", {}, 404, "not_found"),
        ("GET", "nothing", "", {}, 404, "not_found"),
        ("GET", "tickets", "", {}, 404, "not_found"),
    ],
)  # fmt: skip
def test_refusals(
    crm: Program, method: str, path: str, body: str, headers: dict[str, str], status: int, code: str
) -> None:
    headers = {"Authorization": f"Bearer {crm.secret}", **headers}
    answer = crm.http.generic(method, f"/api/{path}", body, "application/json", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.content
    if status == 405:
        assert "GET" in answer["Allow"]


def test_the_field_is_named(crm: Program) -> None:
    assert crm.post("contacts", {"given_name": "Ada", "phone": "1"}).json()["error"]["field"] == "phone"
    error = crm.post("contacts", {"given_name": "", "email": "no"}).json()["error"]
    assert error["field"] == "given_name"
    assert [problem["field"] for problem in error["problems"]] == ["given_name", "email"]


def test_a_body_that_is_no_json(crm: Program) -> None:
    headers = {"Authorization": f"Bearer {crm.secret}"}
    answer = crm.http.post("/api/contacts", {"given_name": "Ada"}, headers=headers)
    assert answer.status_code == 415


def test_head_and_options(crm: Program) -> None:
    assert crm("HEAD", "contacts").status_code == 200
    options = Client().options("/api/contacts")
    assert options.status_code == 204
    assert set(options["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_too_many_requests(crm: Program, rival: Program, settings: pytest.FixtureRequest) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3  # type: ignore[attr-defined]
    answers = [crm.get("contacts") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers[:3]] == ["2", "1", "0"]
    assert 1 <= int(answers[3]["Retry-After"]) <= 20
    assert rival.get("contacts").status_code == 200
