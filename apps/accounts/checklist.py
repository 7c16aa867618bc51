"""The first steps of a new business. Each is done when the facts say so; nobody ticks anything off."""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import FirstSteps
from apps.agents.models import AgentVersion, KnowledgeSource
from apps.business.models import Service, Staff, WeeklyHours
from apps.conversations.models import Turn
from apps.telephony.models import PhoneNumber
from apps.tenants import audit
from apps.tenants.access import SET_UP, may
from apps.tenants.models import AuditEntry, User, WidgetKey
from apps.tenants.scope import current_tenant_id

HOURS_CHANGED = ("weeklyhours.added", "weeklyhours.changed", "weeklyhours.deleted")
_LONGEST = 200
"""An origin is kept up to here."""


@dataclass(frozen=True, slots=True)
class Step:
    """`confirm` is the name of a button that does it at once, where there is nothing to change."""

    slug: str
    title: str
    why: str
    link: str
    is_done: bool
    opens_tab: bool = False
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    steps: list[Step]

    @property
    def done(self) -> int:
        return sum(step.is_done for step in self.steps)

    @property
    def is_complete(self) -> bool:
        return self.done == len(self.steps)


def checklist(request: HttpRequest) -> Checklist | None:
    """What the business in scope still has to do; None for who may not do it, and once it was put away."""
    if not may(request, "change", SET_UP):
        return None
    steps = FirstSteps.objects.first()
    if steps is not None and steps.hidden_at is not None:
        return None
    return Checklist([*_missing(), *_first_steps(request, steps)])


def _missing() -> list[Step]:
    """What a starter pack brings; a business that has it not must begin here, and one that has it never sees these."""
    published = AgentVersion.objects.filter(status=AgentVersion.Status.PUBLISHED, agent__is_active=True)
    steps = (
        Step(
            "staff",
            "Add the people who can be booked",
            "With their own hours and time off.",
            reverse("admin:business_staff_changelist"),
            Staff.objects.filter(is_active=True).exists(),
        ),
        Step(
            "services",
            "List your services",
            "So that agents can name durations and prices.",
            reverse("admin:business_service_changelist"),
            Service.objects.filter(is_active=True).exists(),
        ),
        Step(
            "agent",
            "Publish an agent",
            "Read what it says and may do, change it, publish it.",
            reverse("admin:agents_agent_changelist"),
            published.exists(),
        ),
    )
    return [step for step in steps if not step.is_done]


def _first_steps(request: HttpRequest, steps: FirstSteps | None) -> list[Step]:
    widget = WidgetKey.objects.filter(is_active=True).order_by("created_at").first()
    widgets = reverse("admin:tenants_widgetkey_changelist")
    embedded = steps is not None and steps.embedded_at is not None
    return [
        Step(
            "try",
            "Try your agent",
            "Ask what your customers ask. It answers from what is set up here.",
            reverse("widget-frame", args=[widget.key]) if widget else widgets,
            Turn.objects.filter(role=Turn.Role.VISITOR).exists(),
            opens_tab=widget is not None,
        ),
        Step(
            "hours",
            "Set your opening hours",
            "Agents offer and book times only inside them.",
            reverse("admin:business_weeklyhours_changelist"),
            _hours_are_right(steps),
            confirm="They are right as they are" if WeeklyHours.objects.filter(staff=None).exists() else "",
        ),
        Step(
            "knowledge",
            "Add what your agents should know",
            "A price list, your policies, a handbook: they answer from it and name it.",
            reverse("admin:agents_knowledgesource_changelist"),
            KnowledgeSource.objects.exists(),
        ),
        Step(
            "embed",
            "Put the chat on your website",
            f"Seen on {steps.embedded_on}." if embedded and steps and steps.embedded_on else "One line to copy.",
            reverse("admin:tenants_widgetkey_change", args=[widget.pk]) if widget else widgets,
            embedded,
        ),
        Step(
            "phone",
            "Connect a phone number",
            "Then the same agent answers calls.",
            reverse("admin:telephony_phonenumber_changelist"),
            PhoneNumber.objects.filter(is_active=True).exists(),
        ),
        *_address(request),
    ]


def _address(request: HttpRequest) -> list[Step]:
    """For a login that was made by hand; who signed up has proven the address before."""
    user = request.user
    if not isinstance(user, User):
        return []
    is_proven = EmailAddress.objects.filter(user=user, verified=True).exists()
    why = "So that only you can get a new password." if not is_proven else f"{user.email} is yours."
    return [Step("address", "Confirm your e-mail address", why, reverse("account_email"), is_proven)]


def _hours_are_right(steps: FirstSteps | None) -> bool:
    if steps is not None and steps.hours_confirmed_at is not None:
        return True
    changes = AuditEntry.objects.filter(action__in=HOURS_CHANGED, actor__startswith="user:")
    return changes.exists() and WeeklyHours.objects.filter(staff=None).exists()


def confirm_hours(*, actor: str, now: datetime) -> None:
    """Somebody has looked at the hours and left them as they are."""
    _mark("hours_confirmed_at", now, actor=actor, action="hours.confirmed")


def hide(*, actor: str, now: datetime) -> None:
    """Puts the checklist away, for the whole business."""
    _mark("hidden_at", now, actor=actor, action="checklist.hidden")


def _mark(field: str, now: datetime, *, actor: str, action: str) -> None:
    steps = first_steps()
    if FirstSteps.objects.filter(pk=steps.pk, **{field: None}).update(**{field: now}):
        audit.record(actor=actor, action=action, target=steps.pk)


def first_steps() -> FirstSteps:
    """The row of the business in scope; made when it is first needed, for those that did not sign up."""
    return FirstSteps.objects.get_or_create(tenant_id=current_tenant_id())[0]


_known: set[str] = set()
"""Businesses whose chat stands on a website: that does not change any more, and each page view would ask."""


def note_embedded(origin: str) -> None:
    """A page of another origin has shown the chat of the business in scope; "" = it does not say which."""
    tenant_id = current_tenant_id()
    if tenant_id in _known:
        return
    with transaction.atomic():
        steps = first_steps()
        FirstSteps.objects.filter(pk=steps.pk, embedded_at=None).update(
            embedded_at=timezone.now(), embedded_on=origin[:_LONGEST]
        )
    _known.add(tenant_id)
