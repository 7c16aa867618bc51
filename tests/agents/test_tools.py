"""Tools: the schema from the signature, the reading of arguments, and the runner with a hostile caller."""

import asyncio
import datetime as dt
import json
import threading
import time
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.sdk import Phone, Time, Tool, ToolContext, ToolRefused, ToolResult, tool
from apps.agents.tools.definition import MAX_TEXT
from apps.agents.tools.runner import MAX_ARGUMENTS, Outcome, run_tool
from apps.business.models import Contact
from apps.common import database
from apps.conversations import turns
from apps.conversations.journal import ToolJournal
from apps.conversations.models import Conversation, ToolCall
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope


@tool(label="Noting", writes=True)
def note(
    ctx: ToolContext,
    *,
    text: Annotated[str, "What to note."],
    day: Annotated[dt.date | None, "When."] = None,
    at: Time | None = None,
    kind: Literal["a", "b"] = "a",
    phone: Phone | None = None,
    more: Annotated[str | None, "More."] = None,
    minutes: int = 30,
) -> ToolResult:
    """Note something. Returns contact_id."""
    contact = Contact.objects.create(given_name=text)
    if text == "refuse":
        raise ToolRefused("no", "No.", field="text", data={"free": ["10:00"]})
    if text == "crash":
        raise RuntimeError("secret detail")
    if text == "slow":
        time.sleep(0.6)
    return ToolResult("Noted.", {"contact_id": contact.pk})


def test_the_schema_is_the_signature() -> None:
    function = note.schema["function"]
    assert function["name"] == "note"
    assert function["description"] == "Note something. Returns contact_id."
    parameters = function["parameters"]
    assert parameters["required"] == ["text"]
    assert parameters["additionalProperties"] is False
    assert parameters["properties"] == {
        "text": {"type": "string", "description": "What to note.", "maxLength": MAX_TEXT},
        "day": {"type": "string", "format": "date", "description": "When."},
        "at": {"type": "string", "format": "time"},
        "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
        "phone": {"type": "string", "format": "phone", "maxLength": 40},
        "more": {"type": "string", "description": "More.", "maxLength": MAX_TEXT},
        "minutes": {"type": "integer", "default": 30},
    }


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ("", "text"),
        ("{", None),
        ("[]", None),
        ("null", None),
        ('{"text": 5}', "text"),
        ('{"text": "x", "day": "tomorrow"}', "day"),
        ('{"text": "x", "kind": "c"}', "kind"),
        ('{"text": "x", "minutes": "many"}', "minutes"),
        ('{"text": "x", "tenant_id": "ten_1"}', "tenant_id"),
        ('{"text": "a\\u0000b"}', None),
        (json.dumps({"text": "x" * (MAX_TEXT + 1)}), "text"),
        (json.dumps({"text": "x", "more": "x" * (MAX_TEXT + 1)}), "more"),
    ],
)
def test_wrong_arguments_are_named(arguments: str, field: str | None) -> None:
    with pytest.raises(ToolRefused) as refusal:
        note.read(arguments)
    assert refusal.value.code == "invalid_arguments"
    assert refusal.value.field == field
    assert refusal.value.data["problem"]


@given(st.text())
def test_no_text_at_all_breaks_the_reading(arguments: str) -> None:
    with pytest.raises(ToolRefused):
        note.read(arguments)


def test_a_tool_needs_a_docstring_and_keywords() -> None:
    def undescribed(ctx: ToolContext) -> ToolResult:
        return ToolResult("")

    with pytest.raises(ValueError, match="docstring"):
        tool(label="x")(undescribed)


@pytest.fixture
def conversation(transactional_db: None) -> Conversation:
    from tests.conftest import make_tenant

    tenant = make_tenant("riverside", "Riverside Clinic")
    with tenant_scope(tenant.pk):
        return turns.start(agent="grace", channel="chat", now=dt.datetime.now(dt.UTC))


def run(conversation: Conversation, *, key: str = "k", name: str = "note", text: str = "hi", **options: Any) -> Outcome:
    context = ToolContext(
        tenant_id=conversation.tenant_id,
        conversation_id=conversation.pk,
        channel="chat",
        agent="grace",
        now=dt.datetime.now(dt.UTC),
        contact_id=None,
        bind_contact=lambda contact_id: None,
    )
    arguments = options.get("arguments", json.dumps({"text": text}))
    journal = ToolJournal(conversation.pk, None, "run", key, "call", name, arguments, "grace", 1)
    tools: dict[str, Tool] = {"note": options.get("tool", note)}
    return asyncio.run(run_tool(tools=tools, name=name, arguments=arguments, context=context, journal=journal))


def contacts(conversation: Conversation) -> list[str]:
    with tenant_scope(conversation.tenant_id):
        return list(Contact.objects.values_list("given_name", flat=True))


def recorded(conversation: Conversation) -> ToolCall:
    with tenant_scope(conversation.tenant_id):
        return ToolCall.objects.get()


def test_a_call_has_its_effect_and_its_record(conversation: Conversation) -> None:
    outcome = run(conversation)
    assert outcome.result["ok"] is True
    assert contacts(conversation) == ["hi"]
    assert (recorded(conversation).status, recorded(conversation).result) == ("done", outcome.result)


def test_the_same_call_again_is_answered_from_the_record(conversation: Conversation) -> None:
    first = run(conversation)
    assert run(conversation) == first
    assert contacts(conversation) == ["hi"]


@pytest.mark.parametrize(("text", "status", "code"), [("refuse", "refused", "no"), ("crash", "failed", "tool_failed")])
def test_what_a_tool_did_before_it_failed_is_undone(
    conversation: Conversation, text: str, status: str, code: str
) -> None:
    outcome = run(conversation, text=text)
    assert (outcome.status, outcome.result["error"]["code"]) == (status, code)
    assert "secret" not in json.dumps(outcome.result)
    assert contacts(conversation) == []
    assert recorded(conversation).status == status


def test_a_refusal_brings_the_facts_that_help(conversation: Conversation) -> None:
    result = run(conversation, text="refuse").result
    assert result == {
        "ok": False,
        "say": "No.",
        "error": {"code": "no", "message": "No.", "field": "text"},
        "data": {"free": ["10:00"]},
    }


def let_the_threads_finish() -> None:
    """Returns when nothing runs in the ORM's threads: all of them meet at a barrier."""
    meeting = threading.Barrier(database.THREADS)
    for met in [database._pool.submit(meeting.wait, 20) for _ in range(database.THREADS)]:
        met.result()


def test_a_slow_tool_is_given_up_and_leaves_no_effect(conversation: Conversation) -> None:
    hasty = Tool(note.name, note.description, note.label, note.writes, 0.1, note.function)
    outcome = run(conversation, text="slow", tool=hasty)
    let_the_threads_finish()
    # Either it was given up and undone, or it was just in time and is told so: never one thing done, another said.
    assert (outcome.status == "done") == bool(contacts(conversation))
    assert recorded(conversation).status == outcome.status


def test_tools_that_are_not_the_agents_do_not_run(conversation: Conversation) -> None:
    assert run(conversation, name="drop_tables").result["error"]["code"] == "unknown_tool"
    assert contacts(conversation) == []


def test_arguments_have_a_limit(conversation: Conversation) -> None:
    outcome = run(conversation, arguments=json.dumps({"text": "x" * MAX_ARGUMENTS}))
    assert outcome.result["error"]["code"] == "invalid_arguments"


def test_a_record_is_the_tenants_own(conversation: Conversation, other_tenant: Tenant) -> None:
    run(conversation)
    with tenant_scope(other_tenant.pk):
        assert not ToolCall.objects.exists()
