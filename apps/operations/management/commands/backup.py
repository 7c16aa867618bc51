"""`manage.py backup DEST`: one file with the database and the files, made while everybody goes on working."""

import os
import shutil
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.common.errors import AppError
from apps.operations.backup import archive, making
from apps.operations.backup.archive import Manifest
from apps.operations.management.streams import at_hand


class Command(BaseCommand):
    help = "Back up the database and the files into one file, or check such a file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dest", help="a new file, a folder to put it in, or - for standard output")
        parser.add_argument("--verify", action="store_true", help="read DEST, or - for standard input, and check it")

    def handle(self, *args: Any, dest: str, verify: bool, **options: Any) -> None:
        try:
            if verify:
                with at_hand(dest) as path:
                    return self._tell(archive.verify(path), "Whole and undamaged")
            if dest == "-":
                manifest = making.write(sys.stdout.buffer, scratch=settings.VAR_DIR)
                sys.stdout.buffer.flush()
                return self._tell(manifest, "Written", to_stderr=True)
            path = _new(Path(dest))
            self._tell(_written(path), f"Written to {path}")
        except AppError as error:
            raise CommandError(str(error)) from error

    def _tell(self, manifest: Manifest, what: str, *, to_stderr: bool = False) -> None:
        out = self.stderr if to_stderr else self.stdout
        size = sum(part.size for part in manifest.parts.values())
        out.write(
            f"{what}: CallSphere {manifest.version}, {manifest.database} {manifest.server}, {manifest.created_at}, "
            f"{sum(manifest.tables.values())} rows in {len(manifest.tables)} tables, {len(manifest.files)} files, "
            f"{size} bytes."
        )
        if manifest.missing_files:
            out.write(f"{len(manifest.missing_files)} files that rows name are not in the storage.")


def _new(dest: Path) -> Path:
    path = dest / f"callsphere-{timezone.now():%Y%m%dT%H%M%SZ}.tar" if dest.is_dir() else dest
    if path.exists():
        raise CommandError(f"{path} exists already; a backup overwrites nothing.")
    if not path.parent.is_dir():
        raise CommandError(f"There is no folder {path.parent}.")
    return path


def _written(path: Path) -> Manifest:
    """Writes it beside its place, for its owner only; under its name stands a whole one or none."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-") as scratch:
        made = Path(scratch) / path.name
        with made.open("xb") as stream:
            os.fchmod(stream.fileno(), 0o600)
            manifest = making.write(stream, scratch=Path(scratch))
            stream.flush()
            os.fsync(stream.fileno())
        shutil.move(made, path)
    return manifest
