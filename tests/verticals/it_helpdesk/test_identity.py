"""Verifying a caller: company, name and code together, one retry, then goodbye."""

import json
from typing import Any

import pytest

from apps.conversations.models import ToolCall
from apps.tenants.scope import tenant_scope
from apps.verticals.it_helpdesk.models import Employee, Organization
from apps.verticals.it_helpdesk.tools import (
    create_ticket,
    get_my_devices,
    get_my_tickets,
    get_organization_info,
    verify_caller,
)
from tests.verticals.it_helpdesk.conftest import Helpdesk, Visit, make_employee

DANA = {"company": "Northgate Dental", "first_name": "Dana", "last_name": "Whitfield", "code": "4719"}


def record(visit: Visit, code: str, status: str = "refused") -> None:
    """What the runner keeps of a call."""
    ToolCall.objects.create(
        conversation_id=visit.context.conversation_id,
        run="r",
        key=str(ToolCall.objects.count()),
        call="c",
        name="verify_caller",
        arguments="{}",
        status=status,
        result={"ok": False, "error": {"code": code}},
    )


@pytest.mark.parametrize(
    "change",
    [{}, {"company": "northgate dental inc."}, {"last_name": "Whitefield"}, {"code": "four seven one nine"}],
)
def test_a_caller_is_verified(bluewire: Helpdesk, stranger: Visit, change: dict[str, str]) -> None:
    result = stranger.call(verify_caller, **DANA | change)
    assert result.say == "Thank you, Dana, I have found you at Northgate Dental."
    assert result.data == {"employee_id": bluewire.dana.pk}
    assert stranger.context.contact_id == bluewire.dana.contact_id


@pytest.mark.parametrize(
    "change",
    [
        {"code": "4718"},
        {"code": "8164"},
        {"company": "Meridian Freight"},
        {"company": "Meridian Freight", "code": "8164"},
        {"first_name": "Tom", "last_name": "Becker"},
        {"last_name": "Nobody"},
    ],
)
def test_one_thing_wrong_is_all_wrong_and_nothing_says_which(stranger: Visit, change: dict[str, str]) -> None:
    refusal = stranger.refused(verify_caller, **DANA | change)
    assert (refusal.code, refusal.field) == ("no_match", "code")
    assert refusal.say.startswith("That does not match what we have on file. Please check your company, your name")
    assert stranger.context.contact_id is None


def test_the_code_is_read_back_digit_by_digit_on_the_phone_only(bluewire: Helpdesk, stranger: Visit) -> None:
    assert "1, 1" not in stranger.refused(verify_caller, **DANA | {"code": "1111"}).say
    call = Visit(bluewire, channel="phone")
    assert "one, two, three, four" in call.refused(verify_caller, **DANA | {"code": "1234"}).say


def test_one_retry_then_goodbye(stranger: Visit) -> None:
    assert stranger.refused(verify_caller, **DANA | {"code": "1111"}).code == "no_match"
    record(stranger, "no_match")
    refusal = stranger.refused(verify_caller, **DANA | {"code": "2222"})
    assert refusal.code == "goodbye"
    assert refusal.say.endswith("Goodbye.")
    record(stranger, "goodbye")
    assert stranger.refused(verify_caller, **DANA).code == "goodbye"


def test_the_retry_may_be_right(stranger: Visit) -> None:
    record(stranger, "no_match")
    assert stranger.call(verify_caller, **DANA).data


def test_parallel_guesses_count(stranger: Visit) -> None:
    for _ in range(3):
        record(stranger, "", status="started")
    assert stranger.refused(verify_caller, **DANA).code == "goodbye"


def test_other_conversations_and_other_refusals_do_not_count(bluewire: Helpdesk, stranger: Visit) -> None:
    other = Visit(bluewire)
    for _ in range(3):
        record(other, "no_match")
        record(stranger, "code_needed")
    assert stranger.call(verify_caller, **DANA).data


@pytest.mark.parametrize("code", ["471", "47190", "abcd"])
def test_what_is_no_code(stranger: Visit, code: str) -> None:
    refusal = stranger.refused(verify_caller, **DANA | {"code": code})
    assert (refusal.code, refusal.field) == ("code_needed", "code")


def test_who_left_and_whose_contract_ended(bluewire: Helpdesk, stranger: Visit, dana: Visit) -> None:
    Employee.objects.filter(pk=bluewire.dana.pk).update(is_active=False)
    assert stranger.refused(verify_caller, **DANA).code == "no_match"
    assert dana.refused(get_my_tickets, employee_id=bluewire.dana.pk).code == "not_verified"
    Employee.objects.filter(pk=bluewire.dana.pk).update(is_active=True)
    Organization.objects.filter(pk=bluewire.northgate.pk).update(is_active=False)
    assert stranger.refused(verify_caller, **DANA).code == "no_match"
    assert dana.refused(get_my_tickets, employee_id=bluewire.dana.pk).code == "not_verified"


def test_two_of_almost_one_name(bluewire: Helpdesk, stranger: Visit) -> None:
    make_employee(bluewire.northgate, "Dana", "Whitfeld")
    assert stranger.call(verify_caller, **DANA).data == {"employee_id": bluewire.dana.pk}
    assert stranger.refused(verify_caller, **DANA | {"last_name": "Whitfild"}).code == "no_match"


def test_another_tenants_caller(harbor: Helpdesk, stranger: Visit) -> None:
    with tenant_scope(harbor.tenant.pk):
        Organization.objects.filter(pk=harbor.northgate.pk).update(code="9999")
    assert stranger.refused(verify_caller, **DANA | {"code": "9999"}).code == "no_match"


@pytest.mark.parametrize(
    ("tool", "more"),
    [(get_my_devices, {}), (get_my_tickets, {}), (get_organization_info, {}), (create_ticket, {"problem": "x"})],
    ids=lambda value: getattr(value, "name", ""),
)
def test_an_id_is_no_proof(bluewire: Helpdesk, harbor: Helpdesk, stranger: Visit, tool: Any, more: dict) -> None:
    refusals = [stranger.refused(tool, employee_id=bluewire.dana.pk, **more)]
    stranger.identified_as(bluewire.dana)
    others = (bluewire.tom.pk, bluewire.laura.pk, harbor.dana.pk, "emp_invented")
    refusals += [stranger.refused(tool, employee_id=one, **more) for one in others]
    assert {(one.code, one.say, json.dumps(one.data)) for one in refusals} == {("not_verified", refusals[0].say, "{}")}
