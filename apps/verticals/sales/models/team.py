"""Who sells: people, and the agents of the floor."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.business.models import Staff
from apps.tenants.base import TenantModel


class SalesRep(TenantModel):
    """A person who takes meetings and looks after leads."""

    id_prefix = "rep"

    staff = models.OneToOneField(Staff, on_delete=models.CASCADE, related_name="sales_rep")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="login",
        help_text="With a staff login they see their own leads and calls.",
    )
    sells = models.CharField(max_length=120, blank=True, help_text="Such as: field service, over 50 employees.")

    class Meta(TenantModel.Meta):
        verbose_name = "sales rep"
        ordering = ["staff__name", "id"]

    def __str__(self) -> str:
        return self.staff.name


class TeamAgent(TenantModel):
    """An agent of the floor: of a kind (a blueprint), with a name of its own, on one call at a time."""

    id_prefix = "tag"

    name = models.CharField(max_length=60)
    kind = models.SlugField(help_text="Slug of the agent whose instructions it follows, such as outbound.")
    is_paused = models.BooleanField("paused", default=False, help_text="Takes no calls.")
    version = models.PositiveIntegerField(
        default=0, editable=False, help_text="Grows with each command; one that expects an older state is refused."
    )
    changed_at = models.DateTimeField(default=timezone.now, editable=False, help_text="Paused, or let go on.")

    class Meta(TenantModel.Meta):
        verbose_name = "agent of the floor"
        verbose_name_plural = "floor"
        ordering = ["kind", "name", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "name"], name="one_team_agent_per_name")]

    def __str__(self) -> str:
        return self.name
