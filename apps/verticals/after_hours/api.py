"""/api/incidents: what was reported to the line, for a business of this industry."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.business.contacts import MAX_NOTES
from apps.common.ids import new_id
from apps.tenants.key_scopes import Scoped
from apps.tenants.rest.fields import Filters, Instant, Strict
from apps.tenants.rest.resources import Listed, Resource, Shown
from apps.verticals.after_hours import incidents
from apps.verticals.after_hours.intake import Report, from_api
from apps.verticals.after_hours.models import Incident
from apps.verticals.after_hours.models.incidents import IncidentState

SCOPED = (
    Scoped(
        "incidents", "Reports", "See what was reported.", "Report something, and close reports.", vertical="after_hours"
    ),
)


class IncidentShown(serializers.ModelSerializer):
    """`score` is the urgency, 0 to 1; `place` where it is, as the people on call read it."""

    place = serializers.CharField(read_only=True)
    reference = serializers.CharField(read_only=True)

    class Meta:
        model = Incident
        fields = (
            "id", "reference", "state", "channel", "trade", "description", "score", "is_danger", "place", "contact",
            "callback_phone", "conversation_id", "acknowledged_by", "reported_at", "escalated_at", "acknowledged_at",
            "closed_at",
        )  # fmt: skip


class ReportBody(Strict):
    description = serializers.CharField(max_length=incidents.MAX_DESCRIPTION)
    phone = serializers.CharField(max_length=40, allow_blank=True, required=False)
    address = serializers.CharField(max_length=200, allow_blank=True, required=False)
    unit = serializers.CharField(max_length=20, allow_blank=True, required=False)


class CloseBody(Strict):
    reason = serializers.CharField(max_length=MAX_NOTES, allow_blank=True, required=False, default="")


class IncidentFilters(Filters):
    lookups: ClassVar = {"reported_after": "reported_at__gt", "reported_before": "reported_at__lt"}
    state = serializers.ChoiceField(IncidentState.choices, required=False)
    reported_after = Instant(required=False)
    reported_before = Instant(required=False)


class IncidentResource(Listed, Shown, Resource):
    resource = "incidents"
    vertical = "after_hours"
    serializer_class = IncidentShown
    filters = IncidentFilters
    order = "-number"
    events: ClassVar = {
        f"incident.{what}": f"incident.{event}"
        for what, event in (
            ("reported", "reported"),
            ("escalated", "escalated"),
            ("taken", "acknowledged"),
            ("downgraded", "downgraded"),
            ("missed", "missed"),
            ("closed", "closed"),
        )
    }

    def rows(self) -> Any:
        return Incident.objects.select_related("building")

    @extend_schema(request=ReportBody, responses={201: IncidentShown})
    def create(self, request: Request) -> Response:
        """Report something; from the business's threshold on, the people on call are rung at once."""
        key = request.headers.get("Idempotency-Key") or new_id("rep")
        report = Report(key=key, **self.read(ReportBody))
        incident, _ = from_api(report, now=timezone.now(), actor=self.caller.actor)
        return self.told_of(incident, status=201)

    @extend_schema(request=CloseBody, responses=IncidentShown)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Close a report: nobody is called for it again."""
        incident, values = self.row(), self.read(CloseBody)
        closed = incidents.close(incident=incident, **values, now=timezone.now(), actor=self.caller.actor)
        return self.told_of(closed)


RESOURCES = (IncidentResource,)
