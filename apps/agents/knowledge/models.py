"""What a business has written down, as it was uploaded and as it is searched."""

from django.db import models
from django.utils import timezone

from apps.tenants.base import TenantModel


class KnowledgeSource(TenantModel):
    """A document that agents answer from. A worker reads it; until it has, what was read before stays in use.

    `status`, `reason`, `notes` and the counts are what came of the last reading. `content` changes whenever what is
    searched does. A worker that reads it holds it by `claim`; who held it too long has died.
    """

    id_prefix = "src"

    class Kind(models.TextChoices):
        PDF = "pdf", "PDF"
        DOCX = "docx", "Word document"
        HTML = "html", "Web page"
        TEXT = "text", "Text"

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting"
        READING = "reading", "Being read"
        READY = "ready", "Ready"
        EMPTY = "empty", "Empty"
        FAILED = "failed", "Failed"

    title = models.CharField(max_length=120, help_text="Agents name it when they answer from it.")
    is_active = models.BooleanField("in use", default=True, help_text="Agents may answer from it.")
    kind = models.CharField(max_length=8, choices=Kind, editable=False)
    file_name = models.CharField(max_length=200, blank=True, editable=False)
    size = models.PositiveIntegerField(default=0, editable=False, help_text="Bytes of the file.")
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING, editable=False)
    reason = models.CharField(max_length=300, blank=True, editable=False, help_text="Why it gave nothing.")
    notes = models.JSONField(default=list, editable=False, help_text="What in it gave nothing.")
    pages = models.PositiveIntegerField(null=True, editable=False)
    characters = models.PositiveIntegerField(default=0, editable=False)
    piece_count = models.PositiveIntegerField(default=0, editable=False)
    content = models.CharField(max_length=32, blank=True, editable=False)
    claim = models.CharField(max_length=32, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    embedded_with = models.CharField(max_length=80, blank=True, editable=False, help_text="Model of all its vectors.")
    embed_at = models.DateTimeField(null=True, editable=False, help_text="Not before this moment is it tried again.")
    embedding_problem = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    uploaded_at = models.DateTimeField(default=timezone.now, editable=False)
    read_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = "document"
        verbose_name_plural = "knowledge"
        ordering = ["title", "id"]
        constraints = [models.UniqueConstraint(fields=["tenant", "title"], name="one_source_per_title")]
        indexes = [models.Index(fields=["status", "claimed_at"], name="sources_to_read")]

    def __str__(self) -> str:
        return self.title

    @property
    def gave_nothing(self) -> bool:
        """Whether its owner has to do something, or no agent will ever answer from it."""
        return self.status in (self.Status.EMPTY, self.Status.FAILED)


class KnowledgeFile(TenantModel):
    """The file of a source as it was uploaded, beside it: lists need not carry it."""

    id_prefix = "sfl"

    source = models.OneToOneField(KnowledgeSource, on_delete=models.CASCADE, related_name="file")
    data = models.BinaryField()

    def __str__(self) -> str:
        return self.source.file_name


class KnowledgePiece(TenantModel):
    """A part of a source that can be found and quoted. `terms` are its stems; `vector` is float32, little-endian."""

    id_prefix = "pce"

    source = models.ForeignKey(KnowledgeSource, on_delete=models.CASCADE, related_name="pieces")
    position = models.PositiveIntegerField()
    text = models.TextField()
    headings = models.JSONField(default=list)
    page = models.PositiveIntegerField(null=True)
    terms = models.TextField()
    vector = models.BinaryField(null=True)

    class Meta(TenantModel.Meta):
        ordering = ["source", "position"]
        constraints = [models.UniqueConstraint(fields=["source", "position"], name="one_piece_per_position")]

    def __str__(self) -> str:
        return f"{self.source}, part {self.position + 1}"
