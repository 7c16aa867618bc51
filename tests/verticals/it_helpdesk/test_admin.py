"""The helpdesk's pages in the admin: the owner works with them, another business's rows do not exist there."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.tenants.models import Role, User
from apps.tenants.scope import tenant_scope
from apps.verticals.it_helpdesk.models import Article, Guide, Outage, Ticket
from tests.conftest import make_member
from tests.verticals.it_helpdesk.conftest import Helpdesk

PAGES = ("organization", "employee", "technician", "device", "ticket", "visit", "guide", "troubleshooting", "article")


@pytest.fixture
def owner(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def page(name: str, *arguments: str) -> str:
    return reverse(f"admin:it_helpdesk_{name}", args=arguments)


def steps(*rows: tuple[str, str, str, str]) -> dict[str, Any]:
    form: dict[str, Any] = {"title": "Coffee", "category": "other", "symptoms": "coffee", "is_active": "on"}
    form |= {"steps-TOTAL_FORMS": len(rows), "steps-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        form[f"steps-{number}-position"] = number + 1
        form |= {
            f"steps-{number}-{name}": value for name, value in zip(("key", "text", "on_yes", "on_no"), row, strict=True)
        }
    return form


def test_the_lists_show_what_the_helpdesk_works_with(bluewire: Helpdesk, owner: Client) -> None:
    bluewire.ticket(bluewire.dana, "No sound", device=bluewire.laptop)
    Article.objects.create(title="Print on both sides", text="x", source="the guide")
    for name, words in (
        ("ticket", ["INC-1001", "No sound", "Dana Whitfield", "Northgate Dental", "Ines Park"]),
        ("organization", ["Northgate Dental", "Meridian Freight"]),
        ("device", ["NB-1", "ThinkPad T14", "Dana Whitfield"]),
        ("guide", ["Paper jam"]),
        ("article", ["Print on both sides"]),
        ("technician", ["Hana Sato"]),
    ):
        shown = owner.get(page(f"{name}_changelist")).content.decode()
        for word in words:
            assert word in shown, (name, word)
    for name in PAGES:
        assert owner.get(page(f"{name}_changelist")).status_code == 200, name
    assert "INC-1001" in owner.get(page("ticket_changelist"), {"q": "inc-1001"}).content.decode()


def test_a_ticket_is_opened_noted_and_worked_on(bluewire: Helpdesk, owner: Client) -> None:
    lines = {"entries-TOTAL_FORMS": 0, "entries-INITIAL_FORMS": 0}
    form = {"employee": bluewire.dana.pk, "device": "", "problem": "No sound", "category": "computer"} | lines
    wrong = owner.post(page("ticket_add"), form | {"priority": "high", "device": bluewire.foreign_laptop.pk})
    assert "does not belong to Northgate Dental" in wrong.content.decode()
    assert owner.post(page("ticket_add"), form | {"priority": "high"}).status_code == 302
    ticket = Ticket.objects.get()
    assert (ticket.number, ticket.priority, ticket.technician) == (1001, "high", bluewire.ines)
    assert owner.get(page("ticket_change", ticket.pk)).status_code == 200
    change: dict[str, Any] = {
        "device": "",
        "category": "computer",
        "priority": "low",
        "technician": bluewire.hana.pk,
        "note": "Called",
    }
    change |= {"due_at_0": "", "due_at_1": ""} | lines
    assert owner.post(page("ticket_change", ticket.pk), change).status_code == 302
    kinds = list(ticket.entries.order_by("at", "id").values_list("kind", flat=True))
    assert sorted(kinds) == ["changed", "note", "opened"]
    for action, status in (("take_up", "in_progress"), ("escalate", "escalated"), ("close", "closed")):
        owner.post(page("ticket_changelist"), {"action": action, "_selected_action": [ticket.pk]})
        ticket.refresh_from_db()
        assert ticket.status == status
    again = owner.post(page("ticket_changelist"), {"action": "close", "_selected_action": [ticket.pk]}, follow=True)
    assert "Ticket INC-1001 is closed." in again.content.decode()
    assert owner.post(page("ticket_delete", ticket.pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([], "at least one step"),
        ([("cup", "Is there a cup?", "nowhere", "")], "which is no step"),
        ([("cup", "Is there a cup?", "", ""), ("bean", "Beans?", "cup", "")], "leads back to itself"),
    ],
)
def test_a_guide_that_leads_nowhere_is_not_saved(bluewire: Helpdesk, owner: Client, rows: Any, problem: str) -> None:
    assert problem in owner.post(page("guide_add"), steps(*rows)).content.decode()
    assert Guide.objects.count() == 1


def test_a_guide_is_written(bluewire: Helpdesk, owner: Client) -> None:
    rows = (("cup", "Is there a cup?", "bean", ""), ("bean", "Are there beans?", "", "human"))
    assert owner.post(page("guide_add"), steps(*rows)).status_code == 302
    assert Guide.objects.get(title="Coffee").steps.count() == 2


def test_a_device_belongs_where_its_user_works(bluewire: Helpdesk, owner: Client) -> None:
    form = {"asset_tag": "NB-9", "kind": "laptop", "model_name": "X", "status": "in_use"}
    form |= {"organization": bluewire.northgate.pk, "employee": bluewire.tom.pk}
    assert "does not work at Northgate Dental" in owner.post(page("device_add"), form).content.decode()
    assert owner.post(page("device_add"), form | {"employee": bluewire.dana.pk}).status_code == 302


def test_two_organizations_never_share_a_code(bluewire: Helpdesk, owner: Client) -> None:
    form = {"name": "Copper Kettle", "plan": "standard", "is_active": "on"}
    form |= {"employees-TOTAL_FORMS": "0", "employees-INITIAL_FORMS": "0"}
    assert owner.post(page("organization_add"), form | {"code": "4719"}).status_code == 200
    assert "four digits" in owner.post(page("organization_add"), form | {"code": "47a9"}).content.decode()
    assert owner.post(page("organization_add"), form | {"code": "1234"}).status_code == 302


def test_staff_work_with_tickets_and_look_up_guides(bluewire: Helpdesk, client: Client) -> None:
    client.force_login(make_member("nora@riverside.example", bluewire.tenant, Role.STAFF))
    assert client.get(page("guide_changelist")).status_code == 200
    for name, status in (("guide", 403), ("organization", 403), ("ticket", 200), ("outage", 200)):
        assert client.get(page(f"{name}_add")).status_code == status, name


def test_another_businesss_rows_do_not_exist(bluewire: Helpdesk, harbor: Helpdesk, owner: Client) -> None:
    with tenant_scope(harbor.tenant.pk):
        rows = {
            "ticket": harbor.ticket(harbor.dana, "No sound").pk,
            "outage": Outage.objects.create(title="Down", category="email").pk,
        }
    rows |= {"organization": harbor.northgate.pk, "employee": harbor.dana.pk, "device": harbor.laptop.pk}
    rows |= {"technician": harbor.ines.pk, "guide": harbor.jam.pk}
    for name, pk in rows.items():
        for view in ("change", "history"):
            assert owner.get(page(f"{name}_{view}", pk)).status_code == 404, name
        assert pk not in owner.get(page(f"{name}_changelist")).content.decode()


def test_a_stranger_gets_nothing(bluewire: Helpdesk, charlie: User, client: Client) -> None:
    client.force_login(charlie)
    for name in PAGES:
        assert client.get(page(f"{name}_changelist")).status_code in (403, 404)
