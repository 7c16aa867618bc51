"""Two full tenants: every model has rows in both."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection, models

from apps.accounts import checklist, invitations
from apps.agents import releases
from apps.agents.knowledge import sources
from apps.agents.models import Agent, SavedQuestion
from apps.agents.questions import rounds
from apps.agents.registry import verticals
from apps.analysis.models import Analysis, Contribution
from apps.api.models import WebhookDelivery, WebhookEndpoint
from apps.business.models import Contact, DataRequest, Retention
from apps.conversations import turns
from apps.conversations.models import Call, Conversation, PersonWanted, TeamDesk, ToolCall
from apps.dashboard.models import Command
from apps.inbox.models import Seat, Seen
from apps.plans import usage
from apps.plans.models import Invoice, UsageBill
from apps.plans.subscriptions import start_trial
from apps.telephony import numbers
from apps.telephony.models import OptOut, PlacedCall, TextMessage, Voicemail
from apps.tenants import audit
from apps.tenants.base import TenantModel
from apps.tenants.models import ApiKey, KeptAnswer, Membership, Tenant, User, WidgetKey
from apps.tenants.rls import tenant_models
from apps.tenants.scope import tenant_scope
from apps.voice.models import CallFile, CallPolicy
from tests.conftest import make_member, make_tenant


def fill(tenant: Tenant, *, owner: str) -> User:
    """Puts rows of every model into a tenant; its owner."""
    user = make_member(owner, tenant)
    now = datetime.now(UTC)
    with tenant_scope(tenant.pk):
        start_trial(now=now)
        for vertical in verticals().values():
            releases.install(vertical=vertical)
            if vertical.demo is not None:
                vertical.demo.load(now.astimezone(tenant.zone))
        agent = Agent.objects.filter(is_front=True).get()
        draft = releases.draft_of(agent=agent)
        SavedQuestion.objects.create(agent=agent, question="Are you open?", says=["open"])
        rounds.begin(version=draft, actor="system", now=now)
        WidgetKey().save()
        ApiKey.issue(name="CRM")
        numbers.assign(number="+12125550100" if tenant.slug == "riverside" else "+442071838750")
        _fill_telephony(tenant)
        _fill_api()
        source = sources.add(title=f"Rules of {tenant.slug}", data=b"Park behind the house.", actor="system")
        source.pieces.create(source=source, position=0, text="Park behind the house.", terms="park behind hous")
        audit.record(actor="system", action="test.filled")
        invitations.invite(email=f"new@{tenant.slug}.example", role="staff", inviter=user, now=now)
        checklist.first_steps()
        Command.objects.create(user=str(user.pk), who="Owner", key="k", name="agent.pause", ack={"ok": True})
        conversation = turns.start(agent=agent.slug, channel="chat", now=now, visitor="vis_x")
        turns.add_visitor_turn(conversation=conversation, text="hello", message_id="m", run="r", now=now)
        turn = turns.add_agent_turn(
            conversation=conversation, text="Hi!", run="r", agent=agent.slug, agent_version=1, ended="stop", now=now
        )
        ToolCall.objects.create(
            conversation=conversation, turn=turn, run="r", key="k", call="c", name="n", arguments="{}"
        )
        call = Call.objects.create(conversation=conversation, carrier="twilio", carrier_call=f"CA-{tenant.slug}")
        CallPolicy.objects.create(records=True, consent="This call is recorded.")
        CallFile.objects.create(call=call, kind="recording", name=f"{tenant.slug}.wav", size=1, delete_at=now)
        DataRequest.objects.create(kind="export", contact_id=Contact.objects.earliest("pk").pk, actor="system")
        Retention.objects.create(transcript_days=90)
        turns.identify(conversation_id=conversation.pk, contact_id=Contact.objects.earliest("pk").pk, now=now)
        _fill_inbox(conversation, now)
        usage.count_answer(conversation_id=conversation.pk, input_tokens=1, output_tokens=1, now=now)
        analysis = Analysis.objects.create(conversation=conversation, status="done", covers_at=now, intent="Say hello")
        Contribution.objects.create(analysis=analysis, agent=agent.slug, version=1, at=now)
        _fill_billing(tenant, now)
    return user


def _fill_inbox(conversation: Conversation, now: datetime) -> None:
    membership = Membership.objects.earliest("pk")
    PersonWanted.objects.create(conversation=conversation, reason="request")
    TeamDesk.objects.create(sensitive_words="lawyer")
    Seat.objects.create(membership=membership, since=now)
    Seen.objects.create(membership=membership, conversation=conversation, at=now)


def _fill_billing(tenant: Tenant, now: datetime) -> None:
    Invoice.objects.create(provider_id=f"in_{tenant.slug}", status="paid", total_cents=14_900, issued_at=now)
    UsageBill.objects.create(started_at=now, ends_at=now, charged=1, cents=5)


def _fill_api() -> None:
    endpoint = WebhookEndpoint(url="https://example.com/hook", events=["contact.created"], is_active=False)
    endpoint.take_secret("whsec_test")
    endpoint.save()
    WebhookDelivery.objects.create(endpoint=endpoint, event="contact.created", status="failed")
    KeptAnswer.objects.create(actor="key:k", key="k", fingerprint="f")


def _fill_telephony(tenant: Tenant) -> None:
    ours, theirs = "+12125550100", "+12125550177"
    PlacedCall.objects.create(number=ours, to=theirs, carrier_call=f"CA-out-{tenant.slug}")
    TextMessage.objects.create(direction="inbound", number=ours, other=theirs, body="hi", status="received")
    OptOut.objects.create(number=theirs)
    Voicemail.objects.create(number=ours, caller=theirs, carrier_call="CA1", recording=f"RE-{tenant.slug}")


@pytest.fixture
def mine(transactional_db: None) -> Tenant:
    """Riverside, full; `bob@harbor.example` must see nothing of it."""
    tenant = make_tenant("riverside", "Riverside Clinic")
    fill(tenant, owner="alice@riverside.example")
    return tenant


@pytest.fixture
def theirs(transactional_db: None) -> Tenant:
    """Harbor, full; owned by `bob@harbor.example`."""
    tenant = make_tenant("harbor", "Harbor Salon", time_zone="Europe/London")
    fill(tenant, owner="bob@harbor.example")
    return tenant


@pytest.fixture
def rows_of() -> Callable[[Tenant], dict[type[TenantModel], list[str]]]:
    """The primary keys of a tenant's rows, by model."""

    def collect(tenant: Tenant) -> dict[type[TenantModel], list[str]]:
        with tenant_scope(tenant.pk):
            return {model: list(model.objects.order_by("pk").values_list("pk", flat=True)) for model in tenant_models()}

    return collect


def table_of(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
