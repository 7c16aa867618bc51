"""Putting a backup in the place of what is there; all that can be refused is refused before anything is touched."""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import dj_database_url
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.utils import ConnectionHandler

from apps.common import redis
from apps.common.errors import AppError
from apps.operations.backup import archive, erasures, facts, files, postgresql, sqlite
from apps.operations.backup.archive import FILES, BadBackup, Manifest
from apps.operations.backup.erasures import Erasure
from apps.tenants import keys, rls
from apps.tenants.models import Tenant

Tell = Callable[[str], None]


class NotEmpty(AppError):
    """Somebody's work is there."""

    code = "not_empty"
    status = 409


def restore(path: Path, *, overwrite: bool, wanted: Iterable[Erasure], tell: Tell) -> Manifest:
    """Restores a backup; says each thing that was done.

    Args:
        overwrite: throw away what is in the database and in the storage.
        wanted: erasures to be repeated, beside those on record in the database that is overwritten.

    Raises:
        BadBackup: it is damaged or does not fit; nothing was changed.
        NotEmpty: and `overwrite` was not said; nothing was changed.
    """
    manifest = archive.verify(path)
    tell(f"Backup of {manifest.created_at}, CallSphere {manifest.version}: checksums of all parts are right.")
    forgotten = [*wanted]
    _check(manifest, overwrite=overwrite)
    if not facts.is_empty():
        forgotten += erasures.recorded()
    redis.client().ping()
    with tempfile.TemporaryDirectory(dir=settings.VAR_DIR, prefix="restore-") as scratch:
        kept = _unpack(path, manifest, Path(scratch))
        load = postgresql.load if connection.vendor == "postgresql" else sqlite.load
        load(kept, Path(scratch))
    tell(f"Database: {sum(manifest.tables.values())} rows in {len(manifest.tables)} tables.")
    _files(path, manifest, tell)
    tell(f"Redis: {_clear_redis()} keys of before are deleted.")
    _compare(manifest, tell)
    call_command("migrate", verbosity=0)  # what this release adds; and in any case walls and the runtime role's rights
    _look_through_the_wall(tell)
    _secrets(manifest, tell)
    asked, left = erasures.repeat(forgotten)
    tell(f"Erasures: {asked} contacts were there again and are erased{f', {left} by the next worker' if left else ''}.")
    return manifest


def _check(manifest: Manifest, *, overwrite: bool) -> None:
    if manifest.database != connection.vendor:
        raise BadBackup(f"It is of {manifest.database}, this server's database is {connection.vendor}.")
    if newer := facts.unknown(manifest.migrations):
        raise BadBackup(
            f"It is of a newer release ({manifest.version}): this one does not know {newer[0]}. Restore it with that."
        )
    if not overwrite and not facts.is_empty():
        raise NotEmpty("The database is not empty. --overwrite throws away what is in it, and all files.")
    if not overwrite and next(files.walk(), None) is not None:
        raise NotEmpty("There are files in the storage. --overwrite throws them away.")


def _unpack(path: Path, manifest: Manifest, scratch: Path) -> Path:
    """The database's part as a file."""
    kept = scratch / Path(manifest.database_part).name

    def take(name: str, source: IO[bytes]) -> None:
        if name == manifest.database_part:
            with kept.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)

    archive.each(path, take)
    return kept


def _files(path: Path, manifest: Manifest, tell: Tell) -> None:
    def take(name: str, source: IO[bytes]) -> None:
        if name.startswith(FILES):
            files.put(name.removeprefix(FILES), source)

    others = files.keep_only(manifest.files)
    archive.each(path, take)
    tell(f"Files: {len(manifest.files)} written, {others} of before deleted.")
    if manifest.missing_files:
        tell(f"  {len(manifest.missing_files)} files were missing already when the backup was made.")


def _clear_redis() -> int:
    """What is there speaks of rows that are not there any more; it all comes anew."""
    client = redis.client()
    cleared = 0
    for key in client.scan_iter(match=keys.EVERYBODYS, count=1_000):
        cleared += client.unlink(key)
    return cleared


def _compare(manifest: Manifest, tell: Tell) -> None:
    found = {table: facts.count(facts.live_read, table) for table in facts.tables(facts.live_read)}
    wrong = sorted(table for table in {*found, *manifest.tables} if found.get(table) != manifest.tables.get(table))
    if wrong:
        raise BadBackup(f"After the restore {len(wrong)} tables have not as many rows as before, such as {wrong[0]}.")
    tell("Every table has as many rows as when the backup was made.")


def _look_through_the_wall(tell: Tell) -> None:
    """As the runtime role: it is held by row-level security, and sees no tenant unasked."""
    url = settings.DATABASE_RUNTIME_URL
    if connection.vendor != "postgresql" or not url:
        return
    owner = connection.settings_dict
    options = {name: value for name, value in owner["OPTIONS"].items() if name != "pool"}
    runtime = ConnectionHandler({DEFAULT_DB_ALIAS: {**owner, **dj_database_url.parse(url), "OPTIONS": options}})[
        DEFAULT_DB_ALIAS
    ]
    try:
        rls.assert_runtime_role(runtime)
        with runtime.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {runtime.ops.quote_name(Tenant._meta.db_table)}")  # noqa: S608
            [seen] = cursor.fetchone()
    except ImproperlyConfigured as error:
        raise BadBackup(f"All is restored, but no server will start: {error}") from None
    finally:
        runtime.close()
    if seen:
        raise BadBackup(f"All is restored, but {runtime.settings_dict['USER']} sees {seen} tenants unasked.")
    tell(f"Walls: row-level security holds {runtime.settings_dict['USER']}, which owns nothing.")


def _secrets(manifest: Manifest, tell: Tell) -> None:
    if manifest.key not in facts.fingerprints():
        tell("WARNING: the SECRET_KEY is another one than when the backup was made. Restore that, too.")
    closed = facts.unreadable()
    if closed:
        tell(f"WARNING: {closed} secrets do not open: of webhooks, or of second factors, which cannot log in.")
    else:
        tell("All sealed secrets open.")
