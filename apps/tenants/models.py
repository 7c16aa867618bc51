"""Tenants, the people who belong to them, their keys, and the trail of what was done."""

import hashlib
import secrets
import zoneinfo
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from apps.tenants.base import PrefixedIdModel, TenantModel
from apps.tenants.key_scopes import EVERYTHING
from apps.tenants.rest.models import KeptAnswer
from apps.tenants.scope import EVERY_TENANT, current_scope

__all__ = [
    "ApiKey",
    "AuditEntry",
    "KeptAnswer",
    "Membership",
    "Role",
    "Tenant",
    "User",
    "WidgetKey",
    "check_domain",
    "check_domains",
    "check_time_zone",
    "hash_secret",
]


def check_time_zone(name: str) -> None:
    """Raises ValidationError unless `name` is an IANA time zone."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"“{name}” is not an IANA time zone such as America/New_York.")


def check_domain(name: str) -> None:
    """Raises ValidationError unless `name` is an origin such as https://shop.example or *.shop.example."""
    RegexValidator(
        r"^(https?://)?(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?\Z",
        f"“{name}” is not a domain such as shop.example or https://shop.example:8443.",
    )(name)


def check_domains(names: Any) -> None:
    """Raises ValidationError unless `names` is a list of domains."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValidationError("Expected a list of domains.")
    for name in names:
        check_domain(name)


class OwnRowManager(models.Manager["Tenant"]):
    """A tenant sees its own row only; raises outside a scope."""

    def get_queryset(self) -> models.QuerySet["Tenant"]:
        scope = current_scope()
        rows = super().get_queryset()
        return rows if scope == EVERY_TENANT else rows.filter(pk=scope)


class Tenant(PrefixedIdModel):
    """One business on the platform."""

    id_prefix = "ten"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    vertical = models.SlugField(help_text="The industry pack the business started with.")
    time_zone = models.CharField(max_length=64, default="America/New_York", validators=[check_time_zone])
    locale = models.CharField(max_length=16, default="en-US")
    region = models.CharField(
        max_length=2,
        default="US",
        help_text="Two-letter country; phone numbers without a country code are read in it.",
    )
    tagline = models.CharField(max_length=160, blank=True)
    phone = models.CharField(max_length=20, blank=True, help_text="E.164, such as +12125550100.")
    email = models.EmailField(blank=True)
    address = models.CharField(max_length=200, blank=True)
    requires_second_factor = models.BooleanField(
        "two-factor login for everybody",
        default=False,
        db_default=False,
        help_text="Who has not set it up yet is led there, and sees nothing of the business until then.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OwnRowManager()

    class Meta:
        ordering = ["name"]
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """A person who logs in, by e-mail address. What they may see comes from their memberships."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=120, blank=True)
    first_name = last_name = None  # type: ignore[assignment]  # one field fits the world's names

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[misc,assignment]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.email


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    MANAGER = "manager", "Manager"
    STAFF = "staff", "Staff"


class Membership(TenantModel):
    """A person's role at a tenant."""

    id_prefix = "mem"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=16, choices=Role, default=Role.STAFF)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="one_membership_per_tenant")]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"


def hash_secret(secret: str) -> str:
    """SHA-256 in hex. Keys carry 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiKey(TenantModel):
    """A tenant's key for the API. The secret is shown once; we keep its hash and its first characters."""

    id_prefix = "key"

    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16, editable=False)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(
        "what it may do", default=list, blank=True, help_text="Scopes such as contacts:read; * = everything."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @classmethod
    def issue(cls, *, name: str, scopes: Sequence[str] = (EVERYTHING,)) -> tuple["ApiKey", str]:
        """A saved key of the tenant in scope, and its secret (`sk_…`), which cannot be read again."""
        secret = f"sk_{secrets.token_urlsafe(32)}"
        key = cls(name=name, prefix=secret[:8], secret_hash=hash_secret(secret), scopes=list(scopes))
        key.save()
        return key, secret


MAX_MESSAGES = 1_000_000
MAX_TOKENS = 1_000_000_000
"""What a limit may say at most: what follows from it stays a whole number in Redis's Lua, too (below 2**53)."""


def new_widget_key() -> str:
    return f"wk_{secrets.token_urlsafe(18)}"


def _limit(
    name: str, meaning: str, *, at_least: int = 1, at_most: int = MAX_MESSAGES
) -> "models.PositiveIntegerField[int | None, int | None]":
    return models.PositiveIntegerField(
        name,
        null=True,
        blank=True,
        validators=[MinValueValidator(at_least), MaxValueValidator(at_most)],
        help_text=f"{meaning} Empty = what your plan sets.",
    )


class WidgetKey(TenantModel):
    """A public key that puts one of the tenant's agents on a web page. A limit without a value is the plan's."""

    id_prefix = "wid"

    key = models.CharField(max_length=64, unique=True, default=new_widget_key, editable=False)
    name = models.CharField(max_length=80, default="Website")
    agent = models.SlugField(blank=True, help_text="Slug of the agent that answers; empty = the front agent.")
    allowed_domains = models.JSONField(
        default=list,
        blank=True,
        validators=[check_domains],
        help_text='Where the widget may be embedded, such as ["shop.example", "*.shop.example"]; empty = anywhere.',
    )
    in_apps = models.BooleanField(
        "also in mobile apps",
        default=False,
        help_text="An app's web view has no domain to compare, so this lets any page show the chat in a frame.",
    )
    visitor_messages = _limit("messages a minute, of one visitor", "One person's browser.")
    address_messages = _limit("messages a minute, of one address", "Everybody behind one internet connection.")
    widget_messages = _limit("messages an hour, of this chat", "All its visitors together.")
    # Below this not even one message with its instructions and its answer would fit.
    widget_tokens = _limit(
        "tokens an hour, of this chat", "What its answers may read and write.", at_least=20_000, at_most=MAX_TOKENS
    )
    title = models.CharField(max_length=60, blank=True, help_text="Heading of the chat; empty = the business's name.")
    accent = models.CharField(
        max_length=7,
        default="#2563eb",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", "Expected #rrggbb.")],
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.name


class AuditEntry(TenantModel):
    """Who did what. Rows are only ever added."""

    id_prefix = "aud"

    at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    actor = models.CharField(max_length=120, help_text="user:<id>, agent:<slug>, key:<id> or system.")
    action = models.CharField(max_length=80)
    target = models.CharField(max_length=80, blank=True)
    details = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        ordering = ["-at", "-id"]
        verbose_name_plural = "audit trail"

    def __str__(self) -> str:
        return f"{self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ValidationError("The audit trail is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise ValidationError("The audit trail is append-only.")
