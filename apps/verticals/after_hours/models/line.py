"""The line itself: its rules, the buildings that it answers for, and what callers are told to do until help comes."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.business.models import NameKey
from apps.tenants.base import TenantModel
from apps.verticals.after_hours.core.scoring import THRESHOLD
from apps.verticals.after_hours.models.trades import Trade


class LineRules(TenantModel):
    """When somebody is rung at once, how long each has, and who is alerted when nobody answers. One row a tenant."""

    id_prefix = "aln"

    threshold = models.FloatField(
        "emergency from",
        default=THRESHOLD,
        validators=[MinValueValidator(0.0), MaxValueValidator(1.0)],
        help_text="Score from 0 to 1. From here on the people on call are rung at once.",
    )
    rung_seconds = models.PositiveSmallIntegerField(
        "seconds per person",
        default=120,
        validators=[MinValueValidator(30), MaxValueValidator(900)],
        help_text="How long each has to answer before the next one is called.",
    )
    alert = models.ForeignKey(
        "after_hours.Responder",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="alerted when nobody answers",
        help_text="Called and texted when everybody on call has missed an emergency; usually the owner.",
    )
    alert_email = models.EmailField("and by e-mail at", blank=True)
    escalates_voicemail = models.BooleanField(
        "voicemail is an emergency",
        default=True,
        help_text="Nobody has heard yet what a caller left, so the people on call are rung to listen.",
    )

    class Meta(TenantModel.Meta):
        verbose_name = verbose_name_plural = "escalation rules"
        constraints = [models.UniqueConstraint(fields=["tenant"], name="one_set_of_line_rules")]

    def __str__(self) -> str:
        return "Escalation rules"


class Building(TenantModel):
    """A building that the line answers for."""

    id_prefix = "bld"

    name = models.CharField(max_length=80, blank=True, help_text="Such as The Alder; empty = by its address.")
    street_address = models.CharField(max_length=120, help_text="Such as 12 River Road.")
    city = models.CharField(max_length=80, blank=True)
    homes = models.PositiveSmallIntegerField(default=1)
    water_shutoff = models.CharField(
        "where the water is turned off", max_length=200, blank=True, help_text="Agents tell callers what stands here."
    )
    breaker_panel = models.CharField(
        "where the breakers are", max_length=200, blank=True, help_text="Agents tell callers what stands here."
    )
    quiet_from = models.TimeField("quiet hours from", null=True, blank=True)
    quiet_until = models.TimeField("quiet hours until", null=True, blank=True)
    access = models.CharField(
        "how to get in", max_length=200, blank=True, help_text="For the people on call; agents never tell it."
    )
    is_managed = models.BooleanField("looked after", default=True)
    address_key = NameKey(source="street_address", max_length=120)
    name_key = NameKey(source="name")

    class Meta(TenantModel.Meta):
        ordering = ["address_key", "id"]

    def __str__(self) -> str:
        return f"{self.name}, {self.street_address}" if self.name else self.street_address


class Guidance(TenantModel):
    """What a caller is told to do until somebody comes."""

    id_prefix = "gui"

    trade = models.CharField(max_length=16, choices=Trade)
    situation = models.CharField(max_length=120, help_text="Such as Water is running out.")
    words = models.TextField("callers say", help_text="Words that callers use for it, separated by commas.")
    text = models.CharField("what the agent says", max_length=400)
    is_active = models.BooleanField("in use", default=True)

    class Meta(TenantModel.Meta):
        ordering = ["trade", "situation", "id"]
        verbose_name_plural = "guidance"

    def __str__(self) -> str:
        return self.situation
