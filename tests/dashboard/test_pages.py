"""The floor's page, and the leads that its picker finds: for whom, and for whom not."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.tenants.models import Role, Tenant, User
from apps.tenants.scope import tenant_scope
from apps.verticals.sales.models import Lead
from tests.conftest import PASSWORD, make_member
from tests.dashboard.conftest import Floor, make_floor


@pytest.fixture
def floor(transactional_db: None) -> Floor:
    """Nothing here opens a socket, so no server has to let go of it."""
    return make_floor("summit", "+13035550199")


@pytest.fixture
def rival(floor: Floor) -> Floor:
    return make_floor("ridge", "+13035550198")


def logged_in(user: User) -> Client:
    client = Client()
    assert client.login(username=user.email, password=PASSWORD)
    return client


def found(client: Client, text: str = "") -> set[str]:
    answer = client.get("/api/dashboard/leads", {"q": text})
    assert answer.status_code == 200, answer.content
    return {lead["id"] for lead in answer.json()["leads"]}


def leads_of(floor: Floor) -> set[str]:
    with tenant_scope(floor.tenant.pk):
        return set(Lead.objects.values_list("pk", flat=True))


def test_who_is_not_logged_in_logs_in_and_comes_back(floor: Floor, olivia: User) -> None:
    client = Client()
    answer = client.get("/dashboard/")
    assert answer.status_code == 302
    assert answer["Location"] == "/admin/login/?next=/dashboard/"
    login = client.get(answer["Location"])["Location"]
    assert login == "/account/login/?next=%2Fdashboard%2F"
    form = {"login": olivia.email, "password": PASSWORD, "next": "/dashboard/"}
    assert client.post(login, form)["Location"] == "/dashboard/"


def test_the_page_is_its_own_tenants_and_allows_no_foreign_code(floor: Floor, rival: Floor, olivia: User) -> None:
    answer = logged_in(olivia).get("/dashboard/")
    page = answer.content.decode()
    assert floor.tenant.name in page
    assert rival.tenant.name not in page
    assert rival.tenant.pk not in page
    assert answer.context["config"]["role"] == "owner"
    policy = answer["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["Cache-Control"] == "no-store"
    assert "Live floor" in logged_in(olivia).get(reverse("admin:index")).content.decode()


def test_a_business_without_a_team_is_told_so(clinic: Tenant, alice: User) -> None:
    answer = logged_in(alice).get("/dashboard/")
    assert answer.status_code == 200
    assert "No sales floor yet" in answer.content.decode()
    assert "page.js" not in answer.content.decode()
    assert "Live floor" not in logged_in(alice).get(reverse("admin:index")).content.decode()


def test_who_belongs_to_no_business_sees_none(transactional_db: None, charlie: User) -> None:
    client = logged_in(charlie)
    assert client.get("/dashboard/")["Location"] == "/admin/"
    assert client.get("/api/dashboard/leads").status_code == 404


def test_a_platform_administrator_sees_the_floor_they_opened(floor: Floor) -> None:
    root = User.objects.create_superuser("root@callsphere.example", PASSWORD)
    client = logged_in(root)
    assert client.get("/dashboard/")["Location"] == "/admin/"
    client.post(reverse("admin:tenants_tenant_open", args=[floor.tenant.pk]))
    answer = client.get("/dashboard/")
    assert answer.context["tenant"] == floor.tenant.name
    assert answer.context["config"]["role"] == "owner"
    assert found(client) == leads_of(floor)


def test_leads_of_another_tenant_are_not_found(floor: Floor, rival: Floor, olivia: User, rita: User) -> None:
    own, foreign = leads_of(floor), leads_of(rival)
    assert own
    assert foreign
    for text in ("", "a", "5550", *foreign):
        assert found(logged_in(olivia), text) <= own
        assert not found(logged_in(rita), text) & own
    assert Client().get("/api/dashboard/leads").status_code == 401
    elsewhere = logged_in(olivia).get("/api/dashboard/leads", headers={"Origin": "https://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in elsewhere


def test_leads_are_found_by_name_company_and_phone(floor: Floor, olivia: User) -> None:
    client = logged_in(olivia)
    with tenant_scope(floor.tenant.pk):
        lead = Lead.objects.select_related("contact").earliest("pk")
        Lead.objects.filter(pk=lead.pk).update(company="Żubr & Söhne", company_key="zubr & sohne")
    for text in (
        "ZUBR",
        "söhne",
        lead.contact.given_name[:3].upper(),
        lead.phone,
        lead.phone[-7:],
        f"({lead.phone[2:5]})",
    ):
        assert lead.pk in found(client, text), text
    assert found(client, f"{lead.contact.given_name} zubr") == {lead.pk}
    assert found(client, "nobody of this name") == set()
    assert found(client, "\0") == leads_of(floor)
    with tenant_scope(floor.tenant.pk):
        Lead.objects.filter(pk=lead.pk).update(status=Lead.Status.CLOSED)
    assert lead.pk not in found(client)


def test_staff_command_nothing_and_so_choose_no_lead(floor: Floor) -> None:
    client = logged_in(make_member("sam@summit.example", floor.tenant, Role.STAFF))
    assert client.get("/dashboard/").context["config"]["role"] == "staff"
    assert client.get("/api/dashboard/leads").status_code == 403
    assert client.post("/api/dashboard/leads").status_code == 405
