"""/api/tickets: the problems that are looked after, for a business of this industry."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.tenants.key_scopes import Scoped
from apps.tenants.rest.fields import Filters, Instant, RowField, Strict
from apps.tenants.rest.resources import Listed, Resource, Shown
from apps.verticals.it_helpdesk import tickets
from apps.verticals.it_helpdesk.models import Category, Device, Employee, Priority, Ticket, TicketStatus

SCOPED = (
    Scoped("tickets", "Tickets", "See tickets.", "Open tickets, add notes, escalate, close.", vertical="it_helpdesk"),
)


class TicketShown(serializers.ModelSerializer):
    """`employee` is the caller, `technician` who looks after it."""

    reference = serializers.CharField(read_only=True)

    class Meta:
        model = Ticket
        fields = (
            "id", "reference", "status", "category", "priority", "problem", "organization", "employee", "device",
            "technician", "conversation_id", "escalation_reason", "due_at", "opened_at", "escalated_at", "closed_at",
        )  # fmt: skip


class TicketBody(Strict):
    problem = serializers.CharField(max_length=tickets.MAX_PROBLEM)
    employee = RowField(Employee, required=False, help_text="Without one, the caller is not verified.")
    device = RowField(Device, required=False)
    category = serializers.ChoiceField(Category.choices, required=False, help_text="Without one, by the words.")


class NoteBody(Strict):
    text = serializers.CharField(max_length=tickets.MAX_NOTE)


class ReasonBody(Strict):
    reason = serializers.CharField(max_length=300)


class TicketFilters(Filters):
    lookups: ClassVar = {"opened_after": "opened_at__gt", "opened_before": "opened_at__lt"}
    status = serializers.ChoiceField(TicketStatus.choices, required=False)
    priority = serializers.ChoiceField(Priority.choices, required=False)
    category = serializers.ChoiceField(Category.choices, required=False)
    employee = RowField(Employee, required=False)
    opened_after = Instant(required=False)
    opened_before = Instant(required=False)


class TicketResource(Listed, Shown, Resource):
    resource = "tickets"
    vertical = "it_helpdesk"
    serializer_class = TicketShown
    filters = TicketFilters
    order = "-number"
    events: ClassVar = {f"ticket.{what}": f"ticket.{what}" for what in ("opened", "taken_up", "escalated", "closed")}

    def rows(self) -> Any:
        return Ticket.objects.all()

    @extend_schema(request=TicketBody, responses={201: TicketShown})
    def create(self, request: Request) -> Response:
        """Open a ticket; who looks after it and until when follow from what it is about."""
        values = {"employee": None, **self.read(TicketBody)}
        ticket = tickets.open_ticket(**values, now=timezone.now(), actor=self.caller.actor)
        return self.told_of(ticket, status=201)

    @extend_schema(request=NoteBody, responses=TicketShown)
    @action(detail=True, methods=["post"])
    def notes(self, request: Request, pk: str) -> Response:
        """Add a note to a ticket's history."""
        ticket = self.row()
        tickets.add_note(ticket=ticket, **self.read(NoteBody), now=timezone.now(), actor=self.caller.actor)
        return self.told_of(self.row())

    @extend_schema(request=ReasonBody, responses=TicketShown)
    @action(detail=True, methods=["post"])
    def escalate(self, request: Request, pk: str) -> Response:
        """Hand a ticket to the next level."""
        ticket, values = self.row(), self.read(ReasonBody)
        return self.told_of(tickets.escalate(ticket=ticket, **values, now=timezone.now(), actor=self.caller.actor))

    @extend_schema(request=ReasonBody, responses=TicketShown)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Close a ticket."""
        ticket, values = self.row(), self.read(ReasonBody)
        return self.told_of(tickets.close(ticket=ticket, **values, now=timezone.now(), actor=self.caller.actor))


RESOURCES = (TicketResource,)
