"""Two businesses with a row of each kind, and everybody who might come to the admin."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.agents import releases
from apps.agents.blueprints import Vertical
from apps.agents.models import Agent
from apps.agents.registry import verticals
from apps.business import bookings, contacts
from apps.business.models import Booking, Closure, Contact, Service, Staff, StaffService, TimeOff, WeeklyHours
from apps.conversations import turns
from apps.conversations.models import Conversation, ToolCall
from apps.plans.models import Subscription
from apps.plans.subscriptions import start_trial
from apps.tenants.base import TenantModel
from apps.tenants.models import ApiKey, Role, Tenant, User, WidgetKey
from apps.tenants.scope import tenant_scope
from tests.conftest import make_member


@dataclass(frozen=True)
class World:
    """One business and what it has."""

    tenant: Tenant
    contact: Contact
    staff: Staff
    service: Service
    booking: Booking
    conversation: Conversation
    agent: Agent
    widget: WidgetKey


def next_weekday(zone: ZoneInfo, hour: int) -> datetime:
    """The coming Wednesday at that hour of the business's clock: never today, so that it is not over."""
    today = timezone.now().astimezone(zone).date()
    day = today + timedelta(days=(2 - today.weekday()) % 7 or 7)
    return datetime.combine(day, time(hour), zone)


def build(tenant: Tenant, word: str) -> World:
    """A business whose every name holds `word`."""
    now = timezone.now()
    with tenant_scope(tenant.pk):
        vertical: Vertical = verticals()["healthcare"]
        agent = releases.install(vertical=vertical)[0]
        Agent.objects.filter(pk=agent.pk).update(name=f"{word} agent")
        agent.refresh_from_db()
        start_trial(now=now)
        Subscription.objects.update(closing_message=f"{word} is closed")
        contact = contacts.create_contact(given_name=f"{word}contact", family_name="Doe", phone="+12125550142")
        staff = Staff.objects.create(name=f"{word} staff")
        service = Service.objects.create(name=f"{word} service", category=f"{word} kind", price_cents=12_050)
        StaffService.objects.create(staff=staff, service=service)
        for weekday in range(7):
            WeeklyHours.objects.create(weekday=weekday, opens=time(8), closes=time(18))
        WeeklyHours.objects.create(staff=staff, weekday=2, opens=time(9), closes=time(17))
        TimeOff.objects.create(
            staff=staff, starts_at=now + timedelta(days=40), ends_at=now + timedelta(days=41), reason=word
        )
        Closure.objects.create(start_date="2030-12-25", end_date="2030-12-25", reason=f"{word} closed")
        booking = bookings.book(
            contact=contact,
            staff=staff,
            service=service,
            starts_at=next_weekday(tenant.zone, 10),
            notes=f"{word} notes",
            now=now,
        )
        conversation = turns.start(agent=agent.slug, channel="chat", now=now)
        turns.identify(conversation_id=conversation.pk, contact_id=contact.pk, now=now)
        turns.add_visitor_turn(
            conversation=conversation, text=f"{word} <b>asks</b>", message_id="m1", run="r1", now=now
        )
        answer = turns.add_agent_turn(
            conversation=conversation,
            text=f"{word} answers",
            run="r1",
            agent=agent.slug,
            agent_version=1,
            ended="stop",
            now=now,
        )
        ToolCall.objects.create(
            conversation=conversation,
            turn=answer,
            run="r1",
            key="k1",
            call="c1",
            name="get_office_hours",
            arguments='{"day": "<i>monday</i>"}',
            result={"ok": True, "say": f"{word} hours"},
            status=ToolCall.Status.DONE,
            agent=agent.slug,
            agent_version=1,
            duration_ms=7,
        )
        widget = WidgetKey.objects.create(name=f"{word} widget")
        ApiKey.issue(name=f"{word} key")
    return World(tenant, contact, staff, service, booking, conversation, agent, widget)


@pytest.fixture
def mine(clinic: Tenant, alice: User) -> World:
    return build(clinic, "Larkspur")


@pytest.fixture
def theirs(other_tenant: Tenant, bob: User) -> World:
    return build(other_tenant, "Zanzibar")


@pytest.fixture
def login() -> Callable[[User], Client]:
    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def owner(mine: World, alice: User, login: Any) -> Client:
    return login(alice)


@pytest.fixture
def manager(mine: World, login: Any) -> Client:
    return login(make_member("mia@riverside.example", mine.tenant, Role.MANAGER))


@pytest.fixture
def staff_member(mine: World, login: Any) -> Client:
    return login(make_member("stan@riverside.example", mine.tenant, Role.STAFF))


@pytest.fixture
def administrator(db: None, login: Any) -> Client:
    return login(User.objects.create_superuser("root@callsphere.example", "callsphere-tests", name="Root"))


def pages() -> list[Any]:
    """Every page of the admin that is about a tenant's rows."""
    return [page for model, page in admin.site._registry.items() if issubclass(model, TenantModel | Tenant)]


def address(page: Any, name: str, *args: str) -> str:
    return reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_{name}", args=args)
