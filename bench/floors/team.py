"""The sales floor of the benchmark: every agent talks, and what is said is committed and published as always."""

import random
import time
from datetime import UTC, datetime

import msgspec
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from apps.business.models import Contact
from apps.common import redis
from apps.conversations import events
from apps.conversations.models import Conversation, Turn
from apps.dashboard.tickets import LIFETIME, Ticket
from apps.plans.subscriptions import start_trial, subscribe
from apps.tenants import keys
from apps.tenants.models import Membership, Role, Tenant, User
from apps.tenants.scope import all_tenants, tenant_scope
from apps.verticals.sales import dialed, team
from apps.verticals.sales.models import Campaign, DialedCall, DialingRules, Lead, TeamAgent

EMAIL, PASSWORD = "manager@bench.example", "callsphere-bench"


class Team:
    """Makes itself in an empty database; `migrates` it first."""

    def __init__(self, agents: int, *, migrates: bool = True) -> None:
        if migrates:
            call_command("migrate", verbosity=0)
        now = datetime.now(UTC)
        with all_tenants(reason="the benchmark makes its tenant"):
            self.tenant = Tenant.objects.create(slug="bench", name="Bench Sales", vertical="sales", time_zone="UTC")
        self.user = User.objects.create_user(EMAIL, PASSWORD, is_staff=True, name="Mara Manager")
        with tenant_scope(self.tenant.pk):
            Membership.objects.create(user=self.user, role=Role.MANAGER)
            start_trial(now=now)
            subscribe(plan="scale", now=now)
            DialingRules.objects.create()
            self.campaign = Campaign.objects.create(name="Webinar", purpose="the webinar")
            self.calls = [self._call(number, now) for number in range(agents)]
        self.numbers = [0] * agents
        self.turn = 0

    def _call(self, number: int, now: datetime) -> DialedCall:
        phone = f"+1303555{number:04}"
        contact = Contact.objects.create(given_name="Lead", family_name=f"Number {number}", phone=phone)
        lead = Lead.objects.create(contact=contact, phone=phone, company="Whitfield Plumbing", source="Form")
        agent = TeamAgent.objects.create(name=f"Agent {number:02}", kind="outbound")
        conversation = Conversation.objects.create(agent="outbound", channel="phone", started_at=now, last_at=now)
        return DialedCall.objects.create(
            lead=lead,
            campaign=self.campaign,
            agent=agent,
            phone=phone,
            state=DialedCall.State.TALKING,
            conversation_id=conversation.pk,
            claimed_at=now,
            answered_at=now,
        )

    def say(self, count: int) -> None:
        """Adds so many turns, to one call after the other, in one transaction, and publishes them."""
        now = datetime.now(UTC)
        with transaction.atomic():
            turns = [self._turn(now) for _ in range(count)]
            Turn.objects.bulk_create(turns)
            for turn in turns:
                events.publish(
                    events.TurnAdded(
                        conversation=turn.conversation_id,
                        at=now.timestamp(),
                        turn=turn.pk,
                        number=turn.number,
                        role=turn.role,
                        text=turn.text,
                        agent="",
                    )
                )

    def _turn(self, now: datetime) -> Turn:
        index, self.turn = self.turn % len(self.calls), self.turn + 1
        self.numbers[index] += 1
        return Turn(
            conversation_id=self.calls[index].conversation_id,
            number=self.numbers[index],
            role=Turn.Role.VISITOR,
            text=f"@{time.time():.3f}@ What does it come to for a team of our size?",
            created_at=now,
        )

    def _to_repeat(self) -> DialedCall | None:
        """The call that has been over for longest, with somebody whom nobody calls now."""
        called = DialedCall.objects.exclude(state="ended").values("lead")
        return DialedCall.objects.filter(state="ended").exclude(lead__in=called).order_by("ended_at").first()

    def tickets(self, count: int) -> list[str]:
        """As the page's interface would give them to so many people."""
        ticket = Ticket(self.tenant.pk, str(self.user.pk), self.user.name, Role.MANAGER.value)
        secrets = [f"bench-{self.turn}-{time.monotonic_ns()}-{number}" for number in range(count)]
        with redis.client().pipeline(transaction=False) as pipe:
            for secret in secrets:
                pipe.set(keys.floor_ticket(secret), msgspec.json.encode(ticket), ex=LIFETIME)
            pipe.execute()
        return secrets

    def session(self) -> str:
        """The cookie of a session in which the manager is logged in, `name=key`."""
        client = Client()
        client.force_login(self.user)
        return client.cookies[settings.SESSION_COOKIE_NAME].output(attrs=[], header="").strip()

    def act(self, seed: int) -> int:
        """One thing that happens on a floor, by chance: says something, pauses an agent, ends or begins a call."""
        chance = random.Random(seed)
        now = datetime.now(UTC)
        what = chance.choice(("say", "say", "pause", "end", "begin"))
        if what == "say":
            self.say(chance.randrange(1, 8))
        elif what == "pause":
            agent = chance.choice(list(TeamAgent.objects.order_by("name")))
            team.set_paused(agent=agent, is_paused=not agent.is_paused, now=now, actor="system")
        elif what == "end":
            if (call := DialedCall.objects.filter(state="talking").order_by("pk").first()) is not None:
                with transaction.atomic():
                    dialed.end(call=call, ending=DialedCall.Ending.ANSWERED, seconds=60, now=now)
        elif (call := self._to_repeat()) is not None:
            busy = DialedCall.objects.exclude(state="ended").exclude(agent=None).values("agent")
            agent = TeamAgent.objects.exclude(pk__in=busy).first()
            with transaction.atomic():
                begun = DialedCall.objects.create(
                    lead_id=call.lead_id, campaign=self.campaign, agent=agent, phone=call.phone, claimed_at=now
                )
                begun.state = DialedCall.State.DIALING
                begun.save(update_fields=["state"])
                dialed.events.publish(
                    dialed.events.DialBegun(
                        at=now.timestamp(),
                        call=begun.pk,
                        lead=begun.lead_id,
                        agent=agent.pk if agent else "",
                        campaign="",
                    )
                )
        return seed
