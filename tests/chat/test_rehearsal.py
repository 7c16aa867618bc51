"""The rehearsal itself: it fails what should fail, and says why."""

from pathlib import Path

import pytest

from apps.agents.registry import verticals
from apps.chat.rehearsal import BadScenario, Expectation, Line, Scenario, _read, rehearse
from apps.common.database import in_thread
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants


@pytest.mark.django_db(transaction=True)
async def test_what_is_wrong_is_named() -> None:
    line = Line("What are your opening hours?", calls=["get_services"], says=["midnight"], never=["Monday"])
    expectations = [
        Expectation("healthcare.Appointment", {"booking__status": "no_such_status"}),
        Expectation("healthcare.Appointment", {"no_such_field": 1}),
        Expectation("healthcare.NoSuchModel"),
    ]
    report = await rehearse(
        verticals()["healthcare"], Scenario("Hours", "2026-11-23T10:00", [line], expect=expectations)
    )
    assert len(report.problems) == 6
    assert "expected the calls get_services; got get_office_hours" in report.problems[0]
    assert "did not say “midnight”" in report.problems[1]
    assert "said “Monday”" in report.problems[2]
    assert "0 instead of 1" in report.problems[3]
    assert "no_such_field" in report.problems[4]
    assert "NoSuchModel" in report.problems[5]
    assert [who for who, _ in report.transcript] == ["visitor", "tool", "agent"]


@pytest.mark.django_db(transaction=True)
async def test_nothing_is_left_behind() -> None:
    await rehearse(verticals()["healthcare"], Scenario("Hello", "2026-11-23T10:00", [Line("hello")]))

    def left() -> bool:
        with all_tenants(reason="test"):
            return Tenant.objects.exists()

    assert not await in_thread(left)


@pytest.mark.once
@pytest.mark.parametrize("text", ["", "name: x", "name: x\nnow: y\nturns: [{visitor: yes}]", "[", "turns: {}\nx: 1"])
def test_a_bad_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "01_bad.yaml"
    path.write_text(text)
    with pytest.raises(BadScenario, match=r"01_bad\.yaml"):
        _read(path)
