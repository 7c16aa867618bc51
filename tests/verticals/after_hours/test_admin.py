"""The line's pages in the admin: the owner works with them, another business's rows do not exist there."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.tenants.models import Role, User
from apps.tenants.scope import tenant_scope
from apps.verticals.after_hours import escalation
from apps.verticals.after_hours.models import Building, Incident, LineRules, LogEntry, Override
from tests.conftest import make_member
from tests.verticals.after_hours.conftest import CALLER, DRIP, FLOOD, Line, make_responder, make_rotation

PAGES = ("incident", "visit", "responder", "rotation", "override", "building", "guidance", "linerules")
_INLINES = ("rungs", "outreach", "log")
LINES = {f"{name}-{kind}_FORMS": 0 for name in _INLINES for kind in ("TOTAL", "INITIAL")}


@pytest.fixture
def owner(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def page(name: str, *arguments: str) -> str:
    return reverse(f"admin:after_hours_{name}", args=arguments)


def test_the_lists_show_what_the_line_works_with(line: Line, owner: Client) -> None:
    line.report(contact=line.dana)
    for name, words in (
        ("incident", ["AH-1001", "A pipe burst", "Dana Whitfield", "The Alder", "Ringing"]),
        ("rotation", ["Plumbing", "Nadia Flores", "Owen Brandt", "Everything else"]),
        ("responder", ["Nadia Flores", line.nadia.phone]),
        ("building", ["12 River Road", "Harbor Lofts"]),
        ("guidance", ["Water runs"]),
        ("linerules", ["Escalation rules", "Helen Marsh"]),
    ):
        shown = owner.get(page(f"{name}_changelist")).content.decode()
        for word in words:
            assert word in shown, (name, word)
    for name in PAGES:
        assert owner.get(page(f"{name}_changelist")).status_code == 200, name
        if name not in ("visit", "linerules"):
            assert owner.get(page(f"{name}_add")).status_code == 200, name
    assert "AH-1001" in owner.get(page("incident_changelist"), {"q": "ah-1001"}).content.decode()


def test_an_incident_is_taken_down_corrected_and_taken(line: Line, owner: Client) -> None:
    form: dict[str, Any] = {"description": FLOOD, "trade": "other", "contact": line.dana.pk, "callback_phone": CALLER}
    form |= {"building": line.alder.pk, "address": "", "unit": ""}
    assert owner.post(page("incident_add"), form).status_code == 302
    incident = Incident.objects.get()
    assert (incident.channel, incident.trade, incident.state) == ("staff", "plumbing", "escalated")
    escalation.climb(line.now.replace(year=2030))
    shown = owner.get(page("incident_change", incident.pk)).content.decode()
    for word in ("Primary", "Nadia Flores", "burst pipe", "By Entered by the team"):
        assert word in shown
    change: dict[str, Any] = {"callback_phone": CALLER, "building": line.alder.pk, "address": "", "unit": "7"}
    change |= {"note": "Use the bell", "taken_by": line.rosa.pk} | LINES
    assert owner.post(page("incident_change", incident.pk), change).status_code == 302
    incident.refresh_from_db()
    assert (incident.unit, incident.acknowledged_by, incident.state) == ("7", line.rosa, "acknowledged")
    assert {"corrected", "note", "acknowledged"} <= set(incident.log.values_list("kind", flat=True))
    again = owner.post(page("incident_change", incident.pk), change | {"note": ""}, follow=True)
    assert "does not ring any more" in again.content.decode()
    assert owner.post(page("incident_delete", incident.pk), {"post": "yes"}).status_code == 403


def test_the_team_closes_and_leaves_to_the_office(line: Line, owner: Client) -> None:
    first, second = line.report(), line.report(DRIP, conversation_id="c")
    both = [first.pk, second.pk]
    left = owner.post(
        page("incident_changelist"), {"action": "downgrade_selected", "_selected_action": both}, follow=True
    ).content.decode()
    assert "1 incident left to the office." in left
    assert "AH-1002 does not ring." in left
    owner.post(page("incident_changelist"), {"action": "close_selected", "_selected_action": both})
    assert set(Incident.objects.values_list("state", flat=True)) == {"closed"}
    again = owner.post(page("incident_changelist"), {"action": "close_selected", "_selected_action": both}, follow=True)
    assert "Report AH-1001 is closed." in again.content.decode()
    assert LogEntry.objects.filter(kind="closed").count() == 2


def test_leave_and_swaps_are_checked(line: Line, owner: Client) -> None:
    form = {"responder": line.nadia.pk, "instead": line.nadia.pk, "rotation": "", "reason": "Leave"}
    form |= {"starts_at_0": "2026-12-01", "starts_at_1": "08:00", "ends_at_0": "2026-12-08", "ends_at_1": "08:00"}
    assert "stand in for themselves" in owner.post(page("override_add"), form).content.decode()
    backwards = form | {"instead": line.owen.pk, "ends_at_0": "2026-11-01"}
    assert "must be after the start" in owner.post(page("override_add"), backwards).content.decode()
    assert owner.post(page("override_add"), form | {"instead": line.owen.pk}).status_code == 302
    assert "away for some of that time" in owner.post(page("override_add"), form | {"instead": ""}).content.decode()
    assert Override.objects.get().instead == line.owen


def test_a_rotation_is_for_one_trade_and_shows_who_is_on_call(line: Line, owner: Client) -> None:
    form = {"name": "More plumbing", "trade": "plumbing", "starts_on": "2026-11-23", "handover": "08:00"}
    form |= {"turn_days": "7", "members-TOTAL_FORMS": "0", "members-INITIAL_FORMS": "0"}
    assert owner.post(page("rotation_add"), form).status_code == 200
    assert owner.post(page("rotation_add"), form | {"trade": "noise"}).status_code == 302
    assert "Owen Brandt" in owner.get(page("rotation_change", line.plumbing.pk)).content.decode()


def test_quiet_hours_have_two_ends_and_rules_are_one(line: Line, owner: Client) -> None:
    form = {"name": "", "street_address": "9 New Street", "homes": "3", "quiet_from": "22:00", "quiet_until": ""}
    assert "a beginning and an end" in owner.post(page("building_add"), form).content.decode()
    assert owner.post(page("building_add"), form | {"quiet_until": "07:00"}).status_code == 302
    assert Building.objects.filter(street_address="9 New Street").exists()
    assert owner.get(page("linerules_add")).status_code == 403
    LineRules.objects.all().delete()
    assert owner.get(page("linerules_add")).status_code == 200


def test_staff_work_with_incidents_and_look_up_the_rest(line: Line, client: Client) -> None:
    client.force_login(make_member("nora@riverside.example", line.tenant, Role.STAFF))
    for name, status in (
        ("incident", 200),
        ("override", 200),
        ("rotation", 403),
        ("responder", 403),
        ("building", 403),
    ):
        assert client.get(page(f"{name}_changelist")).status_code == 200, name
        assert client.get(page(f"{name}_add")).status_code == status, name


def test_the_lists_cost_the_same_for_many(line: Line, owner: Client) -> None:
    def queries(name: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert owner.get(page(f"{name}_changelist")).status_code == 200
        return len(captured)

    line.report(contact=line.dana)
    owner.get(page("incident_changelist"))
    before = {name: queries(name) for name in ("incident", "rotation")}
    for number in range(5):
        line.report(contact=line.dana, conversation_id=f"c{number}")
    for number, trade in enumerate(("hvac", "electrical", "lockout")):
        make_rotation(trade, trade, make_responder(f"Person {number}", 40 + number), line.rosa)
    assert {name: queries(name) for name in before} == before


def test_another_businesss_rows_do_not_exist(line: Line, harbor: Line, owner: Client) -> None:
    with tenant_scope(harbor.tenant.pk):
        rows = {"incident": harbor.report().pk}
    rows |= {"responder": harbor.nadia.pk, "rotation": harbor.plumbing.pk, "building": harbor.alder.pk}
    for name, pk in rows.items():
        for view in ("change", "history"):
            assert owner.get(page(f"{name}_{view}", pk)).status_code == 404, name
        assert pk not in owner.get(page(f"{name}_changelist")).content.decode()


def test_a_stranger_gets_nothing(line: Line, charlie: User, client: Client) -> None:
    client.force_login(charlie)
    for name in PAGES:
        assert client.get(page(f"{name}_changelist")).status_code in (403, 404)
