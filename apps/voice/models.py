"""What a business wants kept of its calls, and the files that are."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone

from apps.conversations.models import Call
from apps.tenants.base import TenantModel


class CallPolicy(TenantModel):
    """What is kept of a business's calls; without a row, nothing but the transcript."""

    id_prefix = "cpo"

    records = models.BooleanField(
        "record calls", default=False, help_text="Caller and agent, as they heard each other."
    )
    consent = models.CharField(
        "consent line",
        max_length=200,
        blank=True,
        help_text="Spoken before the greeting, such as “This call is recorded.” A call in which the caller did not "
        "hear it to its end is not kept.",
    )
    black_box = models.BooleanField(
        default=False, help_text="Keeps each call's events, without its audio, so that support can replay it."
    )
    keep_days = models.PositiveSmallIntegerField(
        "days to keep", default=90, validators=[MinValueValidator(1), MaxValueValidator(3_650)]
    )

    class Meta(TenantModel.Meta):
        verbose_name = "recording of calls"
        verbose_name_plural = "recording of calls"
        constraints = [models.UniqueConstraint(fields=["tenant"], name="one_call_policy_per_tenant")]

    def __str__(self) -> str:
        return "Recording of calls"

    def clean(self) -> None:
        if self.records and not self.consent.strip():
            raise ValidationError({"consent": "Calls are recorded only with a consent line."})


class CallFile(TenantModel):
    """A file about a call, in the default storage; it goes with its row."""

    id_prefix = "cfi"

    class Kind(models.TextChoices):
        RECORDING = "recording", "Recording"
        LOG = "log", "Black box"

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="files")
    kind = models.CharField(max_length=16, choices=Kind)
    name = models.CharField(max_length=200, help_text="In the storage.")
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    seconds = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    delete_at = models.DateTimeField(db_index=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["call", "kind"], name="one_file_per_kind_and_call")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.call_id}"


@receiver(post_delete, sender=CallFile)
def _delete_file(instance: CallFile, **_: Any) -> None:
    """With the row, also when the call or the whole business is deleted."""
    transaction.on_commit(lambda: default_storage.delete(instance.name))
