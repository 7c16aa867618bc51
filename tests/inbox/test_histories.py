"""Random histories of a conversation: whatever people, rules and time do, one has it and all are told the truth."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.conversations import attention, transcript, turns
from apps.conversations.attention import State
from apps.conversations.models import Conversation, PersonWanted
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.scope import tenant_scope
from apps.tenants.versions import Outdated

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
LEASE = timedelta(minutes=5)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["take", "say", "return", "close"]), st.sampled_from(["1", "2"])),
        st.tuples(st.sampled_from(["ask", "write", "wait"]), st.just("")),
    ),
    max_size=14,
)


class Told:
    """What must be true, kept beside by much simpler means."""

    def __init__(self) -> None:
        self.holder, self.waits, self.closed = "", False, False
        self.active_at = NOW
        self.said: list[str] = []
        self.audited = 0

    def step(self, verb: str, user: str, now: datetime) -> bool:
        """Whether it is to be allowed."""
        if verb == "take":
            if self.holder not in ("", user):
                return False
            self.audited += self.holder != user
            self.active_at = self.active_at if self.holder == user else now
            self.holder, self.waits, self.closed = user, False, False if self.holder != user else self.closed
        elif verb in ("say", "return"):
            if self.holder != user:
                return False
            self.audited += 1
            if verb == "return":
                self.holder = ""
            else:
                self.said.append(f"{user} at {now}")
                self.active_at = now
        elif verb == "close":
            if self.holder not in ("", user):
                return False
            self.holder, self.waits, self.closed = "", False, True
            self.audited += 1
        elif verb == "ask":
            self.waits = not self.holder
        elif verb == "write":
            self.closed = False
        elif verb == "wait" and self.holder and self.active_at < now - LEASE:
            self.holder = ""
            self.said.append("left")
            self.audited += 1
        return True


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_one_has_it_and_the_visitor_reads_all_of_it_once(clinic: Tenant, steps: list[tuple[str, str]]) -> None:
    told, now, read, after = Told(), NOW, [], 0
    with tenant_scope(clinic.pk):
        conversation = turns.start(agent="grace", channel="chat", now=NOW, visitor="vis_x")
        for number, (verb, user) in enumerate(steps):
            now += LEASE + timedelta(seconds=1) if verb == "wait" else timedelta(seconds=1)
            try:
                _do(verb, user, conversation, number, now)
                allowed = True
            except (attention.NotYours, Outdated):
                allowed = False
            assert allowed == told.step(verb, user, now), (verb, user)
            row = Conversation.objects.get(pk=conversation.pk)
            state = State.PERSON if told.holder else State.WAITING if told.waits else State.NONE
            assert row.attention == state
            assert (row.status == "closed") is told.closed
            wanted = PersonWanted.objects.filter(conversation=conversation).first()
            assert (wanted.user if wanted else "") == told.holder
            for turn in transcript.beside_runs(conversation=conversation, after=after):
                after = turn.number
                read.append(turn.text)
        assert read == told.said
        assert AuditEntry.objects.filter(target=conversation.pk).count() == told.audited


def _do(verb: str, user: str, conversation: Conversation, number: int, now: datetime) -> None:
    who: dict[str, Any] = {"conversation_id": conversation.pk, "user": user, "now": now, "actor": f"user:{user}"}
    match verb:
        case "take":
            attention.take(**who, name=f"U{user}")
        case "say":
            attention.say(**who, text=f"{user} at {now}", message_id=str(number))
        case "return":
            attention.give_back(**who, note="Done.")
        case "close":
            attention.close(**who)
        case "ask":
            attention.ask(conversation_id=conversation.pk, reason="request", now=now)
        case "write":
            row = Conversation.objects.get(pk=conversation.pk)
            turns.add_visitor_turn(conversation=row, text="hm", message_id=f"v{number}", run="r", now=now)
            attention.reopen(row)
        case "wait":
            attention.leave(
                conversation_id=conversation.pk, active_before=now - LEASE, words="left", agent_version=1, now=now
            )
