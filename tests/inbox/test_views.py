"""Who may read and answer: roles, sessions, forged requests, and another tenant's people."""

import uuid

import pytest

from apps.conversations.models import Conversation, TeamDesk
from apps.tenants.models import Membership, Role, WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.client import Visitor
from tests.inbox.team import Member

VERBS = ("take", "say", "typing", "return", "close", "seen")


def test_staff_read_and_answer_and_do_not_decide(dana: Member, visitor: Visitor, widget: WidgetKey) -> None:
    conversation = visitor.conversation or ""
    assert [row["id"] for row in dana.get("conversations")["conversations"]] == [conversation]
    dana.act("take", conversation)
    dana.say(conversation, "Hi.")
    dana.act("return", conversation)
    assert dana.post("wishes", notify="none").json()["notify"] == "none"
    refused = dana.post("wishes", sensitive_words="lawyer")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    with tenant_scope(widget.tenant_id):
        assert not TeamDesk.objects.exists()


def test_an_owner_decides(alice: Member, widget: WidgetKey) -> None:
    assert alice.get("wishes")["may_decide"]
    assert alice.post("wishes", sensitive_words=" lawyer\n", closed_words="Later.").json()["closed_words"] == "Later."
    assert alice.get("wishes")["sensitive_words"] == "lawyer"
    assert alice.post("wishes", closed_words="x" * 501).json()["error"]["field"] == "closed_words"
    assert alice.post("wishes", notify="sometimes").json()["error"]["field"] == "notify"


def test_a_strangers_conversation_is_not_there(bob: Member, visitor: Visitor, widget: WidgetKey) -> None:
    conversation = visitor.conversation or ""
    run = visitor.ask("hello").run["run"]
    assert bob.get("conversations", view="all")["conversations"] == []
    assert bob.get("conversations", view="all", ids=conversation)["conversations"] == []
    assert bob.get("conversations", view="all", q="hello")["conversations"] == []
    for path in (f"conversations/{conversation}", f"runs/{run}/stream"):
        assert bob.http.get(f"/api/inbox/{path}").status_code == 404, path
    for verb in VERBS:
        refused = bob.try_to(verb, conversation, text="Hi", message_id=uuid.uuid4().hex)
        if verb == "typing":
            assert refused.json() == {"ok": False}
        else:
            assert refused.status_code == 404, verb
    with tenant_scope(widget.tenant_id):
        assert Conversation.objects.get(pk=conversation).attention == ""


def test_of_a_running_answer_the_team_reads_no_token(alice: Member, visitor: Visitor) -> None:
    run = visitor.ask("hello").run["run"]
    with alice.http.stream("GET", f"/api/inbox/runs/{run}/stream") as stream:
        text = "".join(stream.iter_lines())
    assert "tok" in text
    assert "done" in text
    assert (visitor.token or "-") not in text


def test_another_visitor_follows_nothing(server: str, visitor: Visitor, widget: WidgetKey) -> None:
    other = Visitor(server, widget.key)
    other.ask("hello")
    base = f"/api/chat/conversations/{visitor.conversation}"
    assert other.http.get(f"{base}/stream", headers=other.headers()).status_code == 404
    assert other.http.get(f"{base}/stream").status_code == 401
    assert (
        other.http.post(f"{base}/callback", json={"email": "a@b.example"}, headers=other.headers()).status_code == 404
    )


def test_nobody_is_sent_to_log_in(server: str, visitor: Visitor) -> None:
    address = f"/api/inbox/conversations/{visitor.conversation}"
    for path in ("conversations", f"conversations/{visitor.conversation}", "stream", "wishes", "runs/run_x/stream"):
        assert visitor.http.get(f"/api/inbox/{path}").status_code == 401, path
    page = visitor.http.get("/inbox/?c=conv_x", follow_redirects=False)
    assert page.status_code == 302
    assert page.headers["location"].startswith("/admin/login/?next=/inbox/%3Fc%3Dconv_x")
    assert visitor.http.post(f"{address}/take", json={}).status_code == 403


def test_a_request_from_another_page_does_nothing(alice: Member, visitor: Visitor, widget: WidgetKey) -> None:
    address = f"/api/inbox/conversations/{visitor.conversation}/take"
    assert alice.http.post(address, json={}).status_code == 403
    token = {"X-CSRFToken": alice.http.cookies.get("csrftoken") or "", "Origin": "https://evil.example"}
    assert alice.http.post(address, json={}, headers=token).status_code == 403
    with tenant_scope(widget.tenant_id):
        assert Conversation.objects.get().attention == ""


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "  ", "message_id": "m" * 32}, "text"),
        ({"text": "x" * 4001, "message_id": "m" * 32}, "text"),
        ({"text": "a\0b", "message_id": "m" * 32}, "text"),
        ({"text": "x", "message_id": ""}, "message_id"),
        ({"text": 1}, "text"),
    ],
)
def test_bad_words_are_named(alice: Member, visitor: Visitor, body: dict[str, object], field: str) -> None:
    alice.act("take", visitor.conversation or "")
    refused = alice.try_to("say", visitor.conversation or "", **body)
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, field)


def test_an_unknown_verb_is_not_there(alice: Member, visitor: Visitor) -> None:
    assert alice.try_to("steal", visitor.conversation or "").status_code == 404


def test_whose_role_changes_is_cut_off(alice: Member, widget: WidgetKey, monkeypatch: pytest.MonkeyPatch) -> None:
    from apps.inbox import streams

    monkeypatch.setattr(streams, "HEARTBEAT", 0.5)
    with alice.http.stream("GET", "/api/inbox/stream") as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: ready"
        with tenant_scope(widget.tenant_id):
            Membership.objects.update(role=Role.STAFF)
        list(lines)  # to its end
