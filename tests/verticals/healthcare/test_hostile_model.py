"""A model that sends anything: each call is answered or refused in words; a stranger changes and learns nothing."""

import datetime as dt
import json
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.agents.sdk import Tool, ToolRefused, ToolResult
from apps.business.models import Booking
from apps.verticals.healthcare.models import Appointment
from apps.verticals.healthcare.tools import TOOLS
from tests.verticals.healthcare.conftest import Clinic, Visit

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
JUNK: st.SearchStrategy[Any] = st.one_of(
    *(TEXT, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False), st.lists(TEXT, max_size=2))
)
BY_FORMAT = {
    "date": st.dates().map(str) | st.dates(dt.date(2026, 11, 20), dt.date(2026, 12, 20)).map(str),
    "time": st.times().map(str) | st.sampled_from(["09:30", "24:00", "09:30Z", "03:00"]),
    "phone": st.sampled_from(["+12125550101", "2125550199", "911", "++"]),
    "email": st.sampled_from(["a@example.com", "a@", "@"]),
}


def plausible(name: str, schema: dict[str, Any], ids: list[str]) -> st.SearchStrategy[Any]:
    """Values that get past the schema more often than junk does."""
    if name.endswith("_id"):
        return st.sampled_from(ids)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "integer":
        return st.integers(-10, 200)
    return BY_FORMAT.get(schema.get("format", ""), TEXT)


@st.composite
def arguments(draw: st.DrawFn, tool: Tool, ids: list[str]) -> dict[str, Any]:
    properties = tool.schema["function"]["parameters"]["properties"]
    sent = {}
    for name, schema in properties.items():
        kind = draw(st.sampled_from(["plausible"] * 8 + ["junk", "absent"]))
        if kind != "absent":
            sent[name] = draw(JUNK if kind == "junk" else plausible(name, schema, ids))
    return sent


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
@pytest.mark.parametrize("identified", [False, True], ids=["stranger", "patient"])
def test_anything_is_answered_or_refused(riverside: Clinic, tool: Tool, identified: bool) -> None:
    own = riverside.book(riverside.maria, riverside.nair, dt.datetime(2026, 11, 24, 9, 30))
    other = riverside.book(riverside.james, riverside.hart, dt.datetime(2026, 11, 24, 11), reason="secret reason")
    ids = [riverside.maria.pk, riverside.james.pk, riverside.nair.pk, own.pk, other.pk, "pat_x", "", "' OR 1=1"]
    before = (list(Booking.objects.values()), list(Appointment.objects.values()))

    foreign = Booking.objects.filter(pk=other.booking_id).values().get()

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(arguments(tool, ids))
    def play(sent: dict[str, Any]) -> None:
        visit = Visit(riverside)
        if identified:
            visit.identified_as(riverside.maria)
        with transaction.atomic():
            try:
                answer: ToolResult | ToolRefused = visit.call_text(tool, json.dumps(sent))
            except ToolRefused as refusal:
                answer = refusal
            assert "secret reason" not in f"{answer.say} {answer.data}"
            assert other.pk not in str(answer.data)
            after = (list(Booking.objects.values()), list(Appointment.objects.values()))
            if not identified:
                assert after == before
            assert Booking.objects.filter(contact=riverside.james.contact).values().get() == foreign
            transaction.set_rollback(True)

    play()


@pytest.mark.parametrize("text", ["{", "[]", "null", '"x"', "{}" * 3, '{"a": 1}', "\\", "{'a': 1}"])
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_text_that_is_no_object_of_arguments(visit: Visit, tool: Tool, text: str) -> None:
    with pytest.raises(ToolRefused):
        visit.call_text(tool, text)
