"""What is said of a database in its manifest, and looked at again when it was restored."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from apps.business.data_rights.models import DataRequest
from apps.common.sealing import Unreadable, unseal
from apps.operations.backup.postgresql import UNSAVED
from apps.tenants.scope import all_tenants
from apps.voice.models import CallFile

NAMED: Final = (("calls/", CallFile, "name"), ("exports/", DataRequest, "file"))
"""Folders of the storage in which every file is some row's: (folder, model, field with the name)."""
_FILLED: Final = frozenset({"django_migrations", "django_content_type", "auth_permission", *UNSAVED})
"""Tables that `migrate` fills, or that count for nothing."""
Read = Callable[[str], list[tuple[Any, ...]]]


@dataclass(slots=True)
class Facts:
    """Of one snapshot."""

    tables: dict[str, int] = field(default_factory=dict)
    migrations: list[tuple[str, str]] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    """Files that rows name."""

    def look(self, read: Read) -> None:
        quote = connection.ops.quote_name
        for table in tables(read):
            self.tables[table] = 0 if table in UNSAVED else count(read, table)
        self.migrations = [(app, name) for app, name in read("SELECT app, name FROM django_migrations ORDER BY id")]
        for _, model, name in NAMED:
            table, column = quote(model._meta.db_table), quote(name)
            statement = f"SELECT {column} FROM {table} WHERE {column} <> ''"  # noqa: S608  # names of ours
            self.named.update(row[0] for row in read(statement))


def tables(read: Read) -> list[str]:
    """All of the product's, by name."""
    if connection.vendor == "postgresql":
        found = read("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    else:
        found = read("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1")
    return [row[0] for row in found]


def count(read: Read, table: str) -> int:
    [(rows,)] = read(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")  # noqa: S608  # from the catalog
    return int(rows)


def live_read(statement: str) -> list[tuple[Any, ...]]:
    """Reads from the database that this process works with, of every tenant."""
    with all_tenants(reason="a backup holds every tenant"), connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


def is_empty() -> bool:
    """True where nobody's work would be lost: no tables, or only what `migrate` puts there."""
    return not any(count(live_read, table) for table in tables(live_read) if table not in _FILLED)


def unknown(migrations: list[tuple[str, str]]) -> list[str]:
    """Those that this release does not have: it is older than the backup."""
    loader = MigrationLoader(None)
    known = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():
        known.update((app, name) for app, name in migration.replaces)
    return sorted(f"{app}.{name}" for app, name in {*migrations} - known)


def fingerprints() -> list[str]:
    """Of the SECRET_KEY and those before it. They say nothing of the key, which is long and random."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hmac.new(str(key).encode(), b"callsphere backup", hashlib.sha256).hexdigest()[:32] for key in keys]


def unreadable() -> int:
    """How many secrets in the database this server's keys do not open: of webhooks, and seeds of one-time codes."""
    closed = 0
    with all_tenants(reason="a restore looks whether all secrets open"):
        for model in apps.get_models():
            for column in model._meta.concrete_fields:
                if column.name.startswith("sealed_"):
                    sealed = model._default_manager.exclude(**{column.name: ""})
                    closed += sum(not _opens(unseal, text) for text in sealed.values_list(column.name, flat=True))
    decrypt = get_adapter().decrypt
    for kind, name in ((Authenticator.Type.TOTP, "secret"), (Authenticator.Type.RECOVERY_CODES, "seed")):
        for data in Authenticator.objects.filter(type=kind).values_list("data", flat=True):
            closed += name in data and not _opens(decrypt, data[name])
    return closed


def _opens(read: Callable[[str], str], sealed: str) -> bool:
    try:
        read(sealed)
    except (Unreadable, InvalidToken):
        return False
    return True
