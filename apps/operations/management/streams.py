"""A file that is named on the command line, or comes on standard input."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError


@contextmanager
def at_hand(source: str) -> Iterator[Path]:
    """The file itself; what comes on standard input (`-`) is kept until it was read twice."""
    if source != "-":
        path = Path(source)
        if not path.is_file():
            raise CommandError(f"There is no file {source}.")
        yield path
        return
    with tempfile.NamedTemporaryFile(dir=settings.VAR_DIR, prefix="restore-") as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept, 1 << 20)
        kept.flush()
        yield Path(kept.name)
