"""/api/usage: what the business has used in the current period, as its page “Usage” shows it."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.common.errors import NotFound
from apps.plans.models import Subscription
from apps.plans.report import Share, report
from apps.tenants.access import RECORD
from apps.tenants.rest.resources import Resource


class UseShown(serializers.Serializer):
    """`tokens` are read and written together; `cost` is of the models, in millionths of a dollar."""

    interactions = serializers.IntegerField()
    messages = serializers.IntegerField()
    tokens = serializers.IntegerField()
    call_seconds = serializers.IntegerField()
    cost = serializers.IntegerField()


class DayShown(serializers.Serializer):
    day = serializers.DateField()
    use = UseShown()


class AgentUseShown(serializers.Serializer):
    name = serializers.CharField()
    use = UseShown()


class UsageShown(serializers.Serializer):
    """`included` is what the plan holds; days are those of the business."""

    plan = serializers.CharField()
    status = serializers.CharField()
    included = serializers.IntegerField()
    period_started_at = serializers.DateTimeField()
    period_ends_at = serializers.DateTimeField()
    total = UseShown()
    days = DayShown(many=True)
    agents = AgentUseShown(many=True)


class UsageResource(Resource):
    resource = "usage"
    rights = RECORD
    pagination_class = None

    def rows(self) -> Any:
        return Subscription.objects.select_related("tenant")

    @extend_schema(responses=UsageShown)
    def current(self, request: Request) -> Response:
        """What was used in the current period, by day and by agent."""
        now = timezone.now()
        subscription = self.rows().first()
        if subscription is None:
            raise NotFound("This business has no plan.")
        period = subscription.period(now=now)
        found = report(period=period, zone=self.caller.tenant.zone, now=now)
        return Response(
            {
                "plan": subscription.plan,
                "status": subscription.trial_state(now=now).status,
                "included": subscription.terms.interactions,
                "period_started_at": serializers.DateTimeField().to_representation(period.started_at),
                "period_ends_at": serializers.DateTimeField().to_representation(period.ends_at),
                "total": UseShown(found.total).data,
                "days": [{"day": share.day, "use": UseShown(share.use).data} for share in found.days],
                "agents": [_named(share) for share in found.agents],
            }
        )


def _named(share: Share) -> dict[str, Any]:
    return {"name": share.name, "use": UseShown(share.use).data}
