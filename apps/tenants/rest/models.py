"""Answers that are kept for who asks the same again."""

from django.db import models
from django.utils import timezone

from apps.tenants.base import TenantModel


class KeptAnswer(TenantModel):
    """What a POST with an `Idempotency-Key` did and was told. Written with what it did, in one transaction."""

    id_prefix = "ans"

    actor = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="Of the method, the address and the body.")
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.TextField(blank=True, help_text="Sealed: it may hold a secret, or somebody's data.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "actor", "key"], name="one_answer_per_key")]

    def __str__(self) -> str:
        return self.key
