"""The files of the storage, whatever that is: walked, read and written by Django's own interface."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import IO

from django.core.files import File
from django.core.files.storage import default_storage

from apps.operations.backup.archive import BadBackup, Writer
from apps.operations.backup.facts import NAMED


def walk(folder: str = "") -> Iterator[str]:
    """The name of every file, folder by folder."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(files):
        yield str(PurePosixPath(folder, name))
    for name in sorted(folders):
        yield from walk(str(PurePosixPath(folder, name)))


def save(writer: Writer, prefix: str, named: set[str]) -> list[str]:
    """Adds all files that the snapshot knows; those that a row names and that are not there.

    A file is written once and never changed, so it may be read after the snapshot. One that came after it has no row
    in it, and would lie in a restored storage for ever.
    """
    owned = tuple(folder for folder, _, _ in NAMED)
    saved = set()
    for name in walk():
        if name.startswith(owned) and name not in named:
            continue
        try:
            with default_storage.open(name, "rb") as source:
                writer.add(f"{prefix}{name}", source, source.size)
        except FileNotFoundError:
            continue  # deleted a moment ago: its time was up
        saved.add(name)
    return sorted(named - saved)


def put(name: str, source: IO[bytes]) -> None:
    """Writes a file under exactly this name."""
    default_storage.delete(name)
    written = default_storage.save(name, File(source))
    if written != name:
        raise BadBackup(f"The storage wrote {written} in place of {name}.")


def keep_only(names: Iterable[str]) -> int:
    """Deletes all others; how many."""
    wanted = set(names)
    others = [name for name in walk() if name not in wanted]
    for name in others:
        default_storage.delete(name)
    return len(others)
