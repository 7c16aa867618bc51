"""/api/bookings, and what a booking is made of: /api/staff, /api/services and /api/availability."""

from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.business import bookings
from apps.business.calendar import free_slots
from apps.business.models import Booking, BookingStatus, Contact, Service, Staff
from apps.common.errors import InvalidInput
from apps.tenants.access import SET_UP
from apps.tenants.rest.fields import Filters, Instant, RowField, Strict
from apps.tenants.rest.resources import Listed, Resource, Shown

MAX_DAYS = 31


class BookingShown(serializers.ModelSerializer):
    """`contact`, `staff` and `service` are ids."""

    class Meta:
        model = Booking
        fields = (
            "id", "reference", "status", "contact", "staff", "service", "starts_at", "ends_at", "notes",
            "conversation_id", "cancelled_at", "cancel_reason", "created_at", "updated_at",
        )  # fmt: skip


class BookingBody(Strict):
    contact = RowField(Contact)
    staff = RowField(Staff)
    service = RowField(Service, required=False, allow_null=True)
    starts_at = Instant()
    minutes = serializers.IntegerField(
        required=False, min_value=5, max_value=1_440, help_text="Without it, what the service takes; else 30."
    )
    notes = serializers.CharField(max_length=bookings.MAX_NOTES, allow_blank=True, required=False)


class MoveBody(Strict):
    starts_at = Instant()
    staff = RowField(Staff, required=False, help_text="Without it, the same.")


class CancelBody(Strict):
    reason = serializers.CharField(max_length=bookings.MAX_REASON, allow_blank=True, required=False)


class BookingFilters(Filters):
    lookups: ClassVar = {
        "starts_after": "starts_at__gte",
        "starts_before": "starts_at__lt",
        "updated_after": "updated_at__gt",
    }
    status = serializers.ChoiceField(BookingStatus.choices, required=False)
    contact = RowField(Contact, required=False)
    staff = RowField(Staff, required=False)
    starts_after = Instant(required=False)
    starts_before = Instant(required=False)
    updated_after = Instant(required=False)


class BookingResource(Listed, Shown, Resource):
    resource = "bookings"
    serializer_class = BookingShown
    filters = BookingFilters
    events: ClassVar = {
        "booking.created": "booking.created",
        "booking.rescheduled": "booking.changed",
        "booking.changed": "booking.changed",
        "booking.cancelled": "booking.cancelled",
    }

    def rows(self) -> Any:
        return Booking.objects.all()

    @extend_schema(request=BookingBody, responses={201: BookingShown})
    def create(self, request: Request) -> Response:
        """Book a time.

        Hours, closures, time off and other bookings count as they do for the agents. A refusal with `free` names free
        starts near the one that was asked for, in the business's own time.
        """
        values = self.read(BookingBody)
        minutes = values.pop("minutes", None)
        booking = bookings.book(
            **values,
            duration=timedelta(minutes=minutes) if minutes else None,
            now=timezone.now(),
            actor=self.caller.actor,
        )
        return self.told_of(booking, status=201)

    @extend_schema(request=CancelBody, responses=BookingShown)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel a booking; its time is free again."""
        standing, values = self.row(), self.read(CancelBody)
        booking = bookings.cancel(booking=standing, **values, now=timezone.now(), actor=self.caller.actor)
        return self.told_of(booking)

    @extend_schema(request=MoveBody, responses=BookingShown)
    @action(detail=True, methods=["post"])
    def reschedule(self, request: Request, pk: str) -> Response:
        """Move a booking, all or nothing; its reference and duration stay."""
        standing, values = self.row(), self.read(MoveBody)
        booking = bookings.reschedule(booking=standing, **values, now=timezone.now(), actor=self.caller.actor)
        return self.told_of(booking)


class StaffShown(serializers.ModelSerializer):
    class Meta:
        model = Staff
        fields = ("id", "name", "title", "is_active")


class StaffFilters(Filters):
    is_active = serializers.BooleanField(required=False)


class StaffResource(Listed, Shown, Resource):
    """Who can be booked."""

    resource = "staff"
    scoped = "bookings"
    rights = SET_UP
    serializer_class = StaffShown
    filters = StaffFilters

    def rows(self) -> Any:
        return Staff.objects.all()


class ServiceShown(serializers.ModelSerializer):
    """`price_cents` is null for a price on request."""

    class Meta:
        model = Service
        fields = (
            "id", "name", "code", "category", "description", "duration_minutes", "price_cents", "currency",
            "is_active", "bookable",
        )  # fmt: skip


class ServiceResource(Listed, Shown, Resource):
    """What can be booked."""

    resource = "services"
    scoped = "bookings"
    rights = SET_UP
    serializer_class = ServiceShown
    filters = StaffFilters

    def rows(self) -> Any:
        return Service.objects.all()


class SlotShown(serializers.Serializer):
    staff = serializers.CharField(source="staff.pk")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class SlotsShown(serializers.Serializer):
    data = SlotShown(many=True)


class AvailabilityFilters(Filters):
    first_day = serializers.DateField(help_text="A date of the business's calendar, such as 2026-11-24.")
    last_day = serializers.DateField(required=False, help_text=f"Up to {MAX_DAYS} days; without it, the first.")
    staff = RowField(Staff, required=False)
    service = RowField(Service, required=False)


class AvailabilityResource(Resource):
    resource = "availability"
    scoped = "bookings"
    filters = AvailabilityFilters
    is_list = True
    pagination_class = None

    def rows(self) -> Any:
        return Booking.objects.none()

    @extend_schema(responses=SlotsShown)
    def free(self, request: Request) -> Response:
        """When somebody is free, on the half hour."""
        filters = AvailabilityFilters(data=request.query_params.dict())
        filters.is_valid(raise_exception=True)
        values = filters.validated_data
        first, last = values["first_day"], values.get("last_day", values["first_day"])
        if not 0 <= (last - first).days < MAX_DAYS:
            raise InvalidInput(f"The last day is 0 to {MAX_DAYS - 1} days after the first.", field="last_day")
        slots = free_slots(
            staff=values.get("staff"),
            service=values.get("service"),
            date_from=first,
            date_to=last,
            now=timezone.now(),
        )
        return Response({"data": SlotShown(slots, many=True).data})
