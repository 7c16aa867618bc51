"""A model that sends anything: each call is answered or refused in words; a stranger learns nothing of anybody."""

import datetime as dt
import json
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.agents.sdk import Tool, ToolRefused, ToolResult
from apps.business.models import Booking
from apps.verticals.real_estate.maintenance import report
from apps.verticals.real_estate.models import MaintenanceNote, RentPayment
from apps.verticals.real_estate.tools import TOOLS
from tests.verticals.real_estate.conftest import Agency, Visit, pay

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
JUNK: st.SearchStrategy[Any] = st.one_of(
    *(TEXT, st.integers(), st.booleans(), st.none(), st.floats(allow_nan=False), st.lists(TEXT, max_size=2))
)
BY_FORMAT = {
    "date": st.dates().map(str) | st.dates(dt.date(2026, 11, 20), dt.date(2026, 12, 20)).map(str),
    "time": st.times().map(str) | st.sampled_from(["09:30", "24:00", "03:00"]),
    "phone": st.sampled_from(["+12125550101", "2125550199", "911", "++"]),
    "email": st.sampled_from(["a@example.com", "a@", "@"]),
}
SECRETS = ("secret", "Linden", "$777")


def plausible(name: str, schema: dict[str, Any], ids: list[str]) -> st.SearchStrategy[Any]:
    """Values that get past the schema more often than junk does."""
    if name.endswith("_id"):
        return st.sampled_from(ids)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "integer":
        return st.integers(-1, 45)
    if schema["type"] == "number":
        return st.floats(-10, 2e6, allow_nan=False) | st.sampled_from([0, 1e9, 0.001, 6])
    if schema["type"] == "array":
        return st.lists(TEXT, min_size=1, max_size=3)
    return BY_FORMAT.get(schema.get("format", ""), TEXT | st.sampled_from(["burst pipe", "22 Ellery Street"]))


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
@pytest.mark.parametrize("identified", [False, True], ids=["stranger", "renter"])
def test_anything_is_answered_or_refused(harbour: Agency, tool: Tool, identified: bool) -> None:
    viewing = harbour.view(harbour.jack.contact, harbour.cottage, dt.datetime(2026, 11, 24, 10))
    payment = pay(harbour.jacks, 777, status="pending")
    request, _ = report(
        home=harbour.jacks.property, renter=harbour.jack, category="other", priority="low",
        description="secret reason", now=harbour.now, actor="system",
    )  # fmt: skip
    people = [harbour.mia.pk, harbour.jack.pk]
    ids = [*people, viewing.pk, request.pk, harbour.cottage.pk, harbour.rental.property_id, "lst_x", "", "' OR 1=1"]
    payments = list(RentPayment.objects.values())

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(arguments(tool, ids))
    def play(sent: dict[str, Any]) -> None:
        visit = Visit(harbour)
        if identified:
            visit.identified_as(harbour.mia)
        with transaction.atomic():
            try:
                answer: ToolResult | ToolRefused = visit.call_text(tool, json.dumps(sent))
            except ToolRefused as refusal:
                answer = refusal
            told = f"{answer.say} {answer.data}"
            if tool.name != "get_property_info":  # an address is no secret
                assert not any(secret in told for secret in SECRETS)
            assert viewing.pk not in told
            assert request.pk not in told
            assert Booking.objects.get(pk=viewing.booking_id).status == "scheduled"
            assert not MaintenanceNote.objects.filter(request=request).exists()
            assert RentPayment.objects.filter(pk=payment.pk, status="pending").exists()
            if not identified:
                assert list(RentPayment.objects.values()) == payments
            transaction.set_rollback(True)

    play()


@pytest.mark.parametrize("text", ["{", "[]", "null", '"x"', '{"a": 1}', "{'a': 1}"])
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_text_that_is_no_object_of_arguments(visit: Visit, tool: Tool, text: str) -> None:
    with pytest.raises(ToolRefused):
        visit.call_text(tool, text)
