"""The people on call, the rotations in which they take turns, and who stands in for whom."""

import datetime as dt

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from apps.business.models import Staff
from apps.telephony.models import E164
from apps.tenants.base import TenantModel
from apps.verticals.after_hours.models.trades import Trade


class Responder(TenantModel):
    """Somebody who is called at night, and comes by day."""

    id_prefix = "rsp"

    staff = models.OneToOneField(Staff, on_delete=models.CASCADE, related_name="responder")
    trade = models.CharField(max_length=16, choices=Trade, default=Trade.OTHER)
    phone = models.CharField(max_length=16, validators=[E164], help_text="E.164, such as +12125550100.")
    is_active = models.BooleanField("can be called", default=True)

    class Meta(TenantModel.Meta):
        ordering = ["staff__name", "id"]
        indexes = [models.Index(fields=["tenant", "phone"], name="responder_by_phone")]

    def __str__(self) -> str:
        return self.staff.name


class Rotation(TenantModel):
    """A ladder: people who take turns at being called first. Whose turn it is not is called after, in order."""

    id_prefix = "rot"

    name = models.CharField(max_length=80)
    trade = models.CharField(
        "for", max_length=16, choices=Trade, blank=True, help_text="Empty = whatever has no rotation of its own."
    )
    starts_on = models.DateField("first turn begins")
    handover = models.TimeField("turns end at", default=dt.time(8))
    turn_days = models.PositiveSmallIntegerField(
        "days per turn", default=7, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )

    class Meta(TenantModel.Meta):
        ordering = ["trade", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "trade"], name="one_rotation_per_trade"),
            models.CheckConstraint(condition=Q(turn_days__gt=0), name="turns_take_days"),
        ]

    def __str__(self) -> str:
        return self.name


class RotationMember(TenantModel):
    """Somebody's place in a rotation."""

    id_prefix = "rtm"

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="members")
    responder = models.ForeignKey(Responder, on_delete=models.CASCADE, related_name="places")
    position = models.PositiveSmallIntegerField(default=1)

    class Meta(TenantModel.Meta):
        ordering = ["rotation", "position", "id"]
        verbose_name = "member"
        constraints = [models.UniqueConstraint(fields=["rotation", "responder"], name="once_in_a_rotation")]

    def __str__(self) -> str:
        return f"{self.position}. {self.responder}"


class Override(TenantModel):
    """Somebody is away for a time: on leave, or in a swap with who takes their place."""

    id_prefix = "ovr"

    responder = models.ForeignKey(Responder, on_delete=models.CASCADE, related_name="overrides", verbose_name="away")
    instead = models.ForeignKey(
        Responder,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="stands_in",
        help_text="Empty = the next in turn.",
    )
    rotation = models.ForeignKey(
        Rotation,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="overrides",
        help_text="Empty = in every rotation.",
    )
    starts_at = models.DateTimeField("from", default=timezone.now)
    ends_at = models.DateTimeField("until")
    reason = models.CharField(max_length=120, blank=True, help_text="Such as leave, or a swap.")

    class Meta(TenantModel.Meta):
        ordering = ["-starts_at", "id"]
        verbose_name = "leave or swap"
        verbose_name_plural = "leave and swaps"
        indexes = [models.Index(fields=["tenant", "ends_at"], name="override_by_end")]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="override_ends_after_start"),
            models.CheckConstraint(
                condition=Q(instead__isnull=True) | ~Q(instead=F("responder")), name="nobody_stands_in_for_themselves"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.responder} is away"
