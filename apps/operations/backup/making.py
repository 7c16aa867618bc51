"""Making a backup while everybody goes on working."""

import tempfile
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.common.errors import Unavailable
from apps.operations.backup import files, postgresql, sqlite
from apps.operations.backup.archive import FILES, Manifest, Writer
from apps.operations.backup.facts import Facts, fingerprints


def write(stream: IO[bytes], *, scratch: Path) -> Manifest:
    """Writes the archive.

    Args:
        scratch: a folder with room for the database's dump.

    Raises:
        BadBackup: the database could not be dumped; says why.
    """
    facts = Facts()
    now = timezone.now()
    writer = Writer(stream)
    with tempfile.TemporaryDirectory(dir=scratch, prefix="backup-") as made:
        dump = postgresql.dump if connection.vendor == "postgresql" else sqlite.dump
        path = dump(Path(made), facts.look)
        with path.open("rb") as source:
            writer.add(path.name, source, path.stat().st_size)
    missing = files.save(writer, FILES, facts.named)
    manifest = Manifest(
        version=settings.VERSION,
        created_at=now.isoformat(timespec="seconds"),
        database=connection.vendor,
        server=_server(),
        migrations=facts.migrations,
        tables=facts.tables,
        key=fingerprints()[0],
        missing_files=missing,
        parts=writer.parts,
    )
    writer.close(manifest)
    return manifest


def _server() -> str:
    version = connection.get_database_version()
    if not version:
        raise Unavailable("The database does not say its version.")
    return ".".join(map(str, version))
