"""/api/webhooks: the endpoints that are told of events, and the log of what they were told."""

from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.models import WebhookDelivery, WebhookEndpoint
from apps.api.webhooks import catalogue, endpoints
from apps.common.errors import NotFound
from apps.tenants.access import OWNERS_ONLY
from apps.tenants.rest.fields import Filters, Instant, Strict
from apps.tenants.rest.resources import Listed, Resource, Shown


class WebhookShown(serializers.ModelSerializer):
    """`failing_since`: nothing has arrived since then. `disabled_at`: when we switched it off, and why."""

    events = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = WebhookEndpoint
        fields: tuple[str, ...] = (
            "id", "url", "description", "events", "is_active", "failing_since", "disabled_at", "disabled_reason",
            "created_at", "updated_at",
        )  # fmt: skip


class NewWebhookShown(WebhookShown):
    """With the secret, this once."""

    secret = serializers.CharField(help_text="whsec_…: sign with it. It is not shown again.")

    class Meta(WebhookShown.Meta):
        fields: tuple[str, ...] = (*WebhookShown.Meta.fields, "secret")


class SecretShown(serializers.Serializer):
    secret = serializers.CharField(help_text="whsec_…: the one before counts for 24 hours more.")


class WebhookBody(Strict):
    url = serializers.CharField(max_length=endpoints.MAX_URL, help_text="Such as https://example.com/callsphere.")
    events = serializers.ListField(child=serializers.CharField(max_length=60), min_length=1, max_length=100)
    description = serializers.CharField(max_length=120, allow_blank=True, required=False)


class WebhookChanges(WebhookBody):
    is_active = serializers.BooleanField(required=False)


class DeliveryShown(serializers.ModelSerializer):
    """`answered` is the status code of the last answer, `response_head` its beginning; `error` why there was none."""

    class Meta:
        model = WebhookDelivery
        fields = (
            "id", "event_id", "event", "object_id", "status", "attempts", "next_at", "tried_at", "answered",
            "duration_ms", "error", "response_head", "happened_at",
        )  # fmt: skip


class ReplayedShown(serializers.Serializer):
    replayed = serializers.IntegerField()


class WebhookResource(Listed, Shown, Resource):
    resource = "webhooks"
    rights = OWNERS_ONLY
    serializer_class = WebhookShown

    def rows(self) -> Any:
        return WebhookEndpoint.objects.all()

    @extend_schema(request=WebhookBody, responses={201: NewWebhookShown})
    def create(self, request: Request) -> Response:
        """Be told of events at an address; the answer holds the secret that they are signed with."""
        endpoint, secret = endpoints.create(**self.read(WebhookBody), actor=self.caller.actor)
        response = self.told_of(endpoint, status=201)
        response.data = {**response.data, "secret": secret}
        return response

    @extend_schema(request=WebhookChanges, responses=WebhookShown)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change an endpoint; `is_active` switches it off and on."""
        endpoint, changes = self.row(locked=True), self.read(WebhookChanges, partial=True)
        endpoints.change(endpoint=endpoint, changes=changes, actor=self.caller.actor)
        return self.told_of(endpoint)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete an endpoint with its log."""
        endpoints.delete(endpoint=self.row(locked=True), actor=self.caller.actor)
        return Response(status=204)

    @extend_schema(request=None, responses=SecretShown)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: str) -> Response:
        """Make a new secret; for 24 hours what is sent is signed with both."""
        secret = endpoints.rotate(endpoint=self.row(), now=timezone.now(), actor=self.caller.actor)
        return Response({"secret": secret})

    @extend_schema(request=None, responses={202: DeliveryShown})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send `webhook.test` to the endpoint; what comes of it is in its deliveries."""
        delivery = endpoints.try_out(endpoint=self.row(), now=timezone.now(), actor=self.caller.actor)
        return Response(DeliveryShown(delivery).data, status=202)

    @extend_schema(request=None, responses={202: ReplayedShown})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Send everything again that was given up."""
        count = endpoints.replay_failed(endpoint=self.row(), now=timezone.now(), actor=self.caller.actor)
        return Response({"replayed": count}, status=202)


class DeliveryFilters(Filters):
    lookups: ClassVar = {"happened_after": "happened_at__gt"}
    status = serializers.ChoiceField(WebhookDelivery.Status.choices, required=False)
    event = serializers.CharField(required=False, max_length=60)
    happened_after = Instant(required=False)


class DeliveryResource(Listed, Shown, Resource):
    """Kept for 30 days."""

    resource = "deliveries"
    scoped = "webhooks"
    rights = OWNERS_ONLY
    serializer_class = DeliveryShown
    filters = DeliveryFilters

    def rows(self) -> Any:
        return WebhookDelivery.objects.filter(endpoint=self.kwargs.get("parent")).select_related("endpoint")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What an endpoint was told, the newest first."""
        if not WebhookEndpoint.objects.filter(pk=self.kwargs["parent"]).exists():
            raise NotFound("There is no such webhook.")
        return super().list(request, *args, **kwargs)

    @extend_schema(request=None, responses={202: DeliveryShown})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, parent: str, pk: str) -> Response:
        """Send an event once more, under its own id."""
        delivery = endpoints.replay(delivery=self.row(), now=timezone.now(), actor=self.caller.actor)
        return Response(DeliveryShown(delivery).data, status=202)


class EventShown(serializers.Serializer):
    name = serializers.CharField()
    resource = serializers.CharField(help_text="What its `data` is, as /api/<resource>/<id> shows it.")


class EventsShown(serializers.Serializer):
    data = EventShown(many=True)


class EventResource(Resource):
    resource = "events"
    scoped = "webhooks"
    rights = OWNERS_ONLY
    pagination_class = None

    def rows(self) -> Any:
        return WebhookEndpoint.objects.none()

    @extend_schema(responses=EventsShown)
    def known(self, request: Request) -> Response:
        """The events that an endpoint of this business can choose."""
        kinds = catalogue.kinds(vertical=self.caller.tenant.vertical)
        return Response({"data": [{"name": kind.name, "resource": kind.resource.resource} for kind in kinds]})
