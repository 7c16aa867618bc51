"""The team is told by e-mail: once, those who want it, and nobody while somebody looks."""

from datetime import UTC, datetime, timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail as outbox

from apps.common import redis
from apps.conversations import attention, turns
from apps.conversations.models import Conversation
from apps.inbox import mail
from apps.inbox.models import Notify, Seat
from apps.tenants import keys
from apps.tenants.models import AuditEntry, Membership, Role, Tenant
from apps.tenants.scope import tenant_scope
from tests.conftest import make_member

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
SOON = NOW + mail.PATIENCE


@pytest.fixture
def waiting(clinic: Tenant) -> Conversation:
    """At Riverside, where Alice and Dana work."""
    make_member("alice@riverside.example", clinic)
    make_member("dana@riverside.example", clinic, Role.STAFF)
    with tenant_scope(clinic.pk):
        conversation = turns.start(agent="grace", channel="chat", now=NOW, visitor="vis_x")
        turns.add_visitor_turn(conversation=conversation, text="My secret", message_id="m", run="r", now=NOW)
        attention.ask(conversation_id=conversation.pk, reason="request", about="My secret", now=NOW)
    return conversation


def told() -> list[str]:
    """Whom; and forgets it."""
    found = [message.to[0] for message in outbox.outbox]
    outbox.outbox.clear()
    return found


def test_everybody_once_after_a_moment(waiting: Conversation) -> None:
    assert mail.tell(NOW) == 0
    assert mail.tell(SOON) == 2
    message = outbox.outbox[0]
    assert message.subject == "Somebody is waiting for a person at Riverside Clinic"
    assert f"/inbox/?c={waiting.pk}" in str(message.body)
    assert "secret" not in str(message.body) + message.subject
    assert told() == ["alice@riverside.example", "dana@riverside.example"]
    assert mail.tell(SOON + timedelta(hours=1)) == 0
    with tenant_scope(waiting.tenant_id):
        assert AuditEntry.objects.filter(action="inbox.team_told").count() == 1


def test_again_only_when_the_visitor_has_written_and_not_at_once(waiting: Conversation) -> None:
    mail.tell(SOON)
    told()
    with tenant_scope(waiting.tenant_id):
        later = SOON + timedelta(minutes=1)
        turns.add_visitor_turn(conversation=waiting, text="Hello?", message_id="m2", run="r2", now=later)
    assert mail.tell(later + timedelta(seconds=1)) == 0
    assert mail.tell(SOON + mail.AGAIN) == 2


def test_not_who_does_not_want_it(waiting: Conversation) -> None:
    with tenant_scope(waiting.tenant_id):
        membership = Membership.objects.get(user__email="alice@riverside.example")
        Seat.objects.create(membership=membership, notify=Notify.NONE, since=NOW)
    mail.tell(SOON)
    assert told() == ["dana@riverside.example"]


def test_nobody_while_somebody_looks(waiting: Conversation) -> None:
    looking = keys.inbox_looking(waiting.tenant_id)
    redis.client().set(looking, 1)
    assert mail.tell(SOON) == 0
    redis.client().delete(looking)
    assert mail.tell(SOON) == 2


def test_nobody_about_what_somebody_has(waiting: Conversation) -> None:
    with tenant_scope(waiting.tenant_id):
        attention.take(conversation_id=waiting.pk, user="1", name="Alice", now=NOW, actor="user:1")
    assert mail.tell(SOON) == 0


def test_several_in_one_message(waiting: Conversation) -> None:
    with tenant_scope(waiting.tenant_id):
        second = turns.start(agent="grace", channel="chat", now=NOW, visitor="vis_y")
        attention.ask(conversation_id=second.pk, reason="sensitive", now=NOW)
    assert mail.tell(SOON) == 2
    assert outbox.outbox[0].subject.startswith("2 people are waiting")
    assert str(outbox.outbox[0].body).count("/inbox/?c=") == 2


def test_what_could_not_be_sent_is_sent_later(waiting: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as down:

        def refuse(*_: object) -> None:
            raise SMTPServerDisconnected("away")

        down.setattr("django.core.mail.EmailMessage.send", refuse)
        assert mail.tell(SOON) == 0
    assert mail.tell(SOON + timedelta(seconds=mail.EVERY)) == 2
