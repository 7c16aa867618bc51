"""What somebody asked for in a contact's name, and how far it is."""

from django.db import models
from django.utils import timezone

from apps.common.ids import MAX_LENGTH
from apps.tenants.base import TenantModel


class DataRequest(TenantModel):
    """An export or an erasure of a contact. It holds no personal data: the contact is named by id."""

    id_prefix = "drq"

    class Kind(models.TextChoices):
        EXPORT = "export", "Export"
        ERASURE = "erasure", "Erasure"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        WORKING = "working", "Under way"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=12, choices=Kind)
    status = models.CharField(max_length=12, choices=Status, default=Status.WAITING)
    contact_id = models.CharField("contact", max_length=MAX_LENGTH, editable=False)
    actor = models.CharField("asked for by", max_length=120, editable=False)
    step = models.CharField(max_length=80, blank=True, editable=False, help_text="What is being done now.")
    done = models.PositiveIntegerField("steps done", default=0, editable=False)
    steps = models.PositiveIntegerField(default=0, editable=False)
    due_at = models.DateTimeField(default=timezone.now, editable=False)
    claim = models.CharField(max_length=MAX_LENGTH, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    known = models.JSONField(
        default=dict, editable=False, help_text="While an erasure is under way: ids of what was theirs."
    )
    report = models.JSONField(default=dict, editable=False, help_text="What went, what stays and why.")
    file = models.CharField(max_length=200, blank=True, editable=False, help_text="In the storage.")
    size = models.PositiveBigIntegerField(default=0, editable=False, help_text="Bytes.")
    expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["-asked_at", "-id"]
        indexes = [
            # Of all tenants: the worker looks for what is to be done.
            models.Index(
                fields=["due_at"], condition=models.Q(status__in=["waiting", "working"]), name="data_request_due"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "contact_id"],
                condition=models.Q(status__in=["waiting", "working"]),
                name="one_data_request_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {timezone.localtime(self.asked_at):%b %-d %H:%M}"

    @property
    def percent(self) -> int:
        return 100 if self.status == self.Status.DONE else 100 * self.done // self.steps if self.steps else 0


class Retention(TenantModel):
    """How long a business keeps what is said and done; without a row, what its industry is used to."""

    id_prefix = "rtn"

    transcript_days = models.PositiveSmallIntegerField(
        "days to keep conversations", default=90, help_text="With their transcripts and the recordings of calls."
    )
    audit_months = models.PositiveSmallIntegerField("months to keep the audit trail", default=12)

    class Meta(TenantModel.Meta):
        verbose_name = verbose_name_plural = "retention"
        constraints = [
            models.UniqueConstraint(fields=["tenant"], name="one_retention_per_tenant"),
            models.CheckConstraint(
                condition=models.Q(transcript_days__gte=1, transcript_days__lte=2_192), name="transcripts_kept_for"
            ),
            models.CheckConstraint(
                condition=models.Q(audit_months__gte=12, audit_months__lte=120), name="audit_kept_for"
            ),
        ]

    def __str__(self) -> str:
        return "Retention"
