"""The file of a backup: a tar of the database, the files, and last the manifest with a checksum of each.

Nothing is ever extracted to a path that the archive names, and nothing is believed before all of it was read.
"""

import hashlib
import io
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

import msgspec

from apps.common.errors import AppError

FORMAT: Final = "callsphere.backup.v1"
MANIFEST: Final = "manifest.json"
FILES: Final = "files/"
_PIECE: Final = 1 << 20
_MOST_MANIFEST: Final = 256 << 20


class BadBackup(AppError):
    """It is none, is damaged or cut off, or does not fit this server."""

    code = "bad_backup"
    status = 422


class Part(msgspec.Struct, frozen=True):
    size: int
    """Bytes."""
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds and how it was made."""

    format: str = FORMAT
    version: str
    """Of CallSphere."""
    created_at: str
    """ISO 8601, UTC: the moment of the database's snapshot, after which nothing is in it."""
    database: str
    """postgresql or sqlite."""
    server: str
    """Its version."""
    migrations: list[tuple[str, str]]
    tables: dict[str, int]
    """Rows of each table, counted in the same snapshot."""
    key: str
    """Fingerprint of the SECRET_KEY."""
    missing_files: list[str]
    """Files that a row names and the storage did not have."""
    parts: dict[str, Part]

    @property
    def database_part(self) -> str:
        """The name of the part with the database."""
        return next(name for name in self.parts if not name.startswith(FILES))

    @property
    def files(self) -> dict[str, Part]:
        """By their name in the storage."""
        return {name.removeprefix(FILES): part for name, part in self.parts.items() if name.startswith(FILES)}


class Writer:
    """Writes an archive to a stream that need not be able to seek."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self.parts: dict[str, Part] = {}

    def add(self, name: str, source: IO[bytes], size: int) -> None:
        """Adds a part of exactly `size` bytes.

        Raises:
            OSError: the source ends before that.
        """
        read = _Hashing(source)
        self._put(name, read, size)
        self.parts[name] = Part(size, read.digest())

    def close(self, manifest: Manifest) -> None:
        data = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
        self._put(MANIFEST, io.BytesIO(data), len(data))
        self._tar.close()

    def _put(self, name: str, source: Any, size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, int(time.time())
        self._tar.addfile(info, source)


class _Hashing:
    """Reads a source, and knows the checksum of what was read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self._hash.update(data)
        return data

    def digest(self) -> str:
        return self._hash.hexdigest()


def verify(path: Path) -> Manifest:
    """Reads the whole archive and compares each part with the manifest.

    Raises:
        BadBackup: see there.
    """
    found: dict[str, Part] = {}
    manifest: bytes | None = None
    with _reading(path):
        for name, size, source in _members(path):
            if manifest is not None or name in found:
                raise BadBackup(f"{path.name} holds {name} where nothing may be.")
            if name == MANIFEST:
                manifest = source.read(min(size, _MOST_MANIFEST))
                continue
            hashed = hashlib.sha256()
            while data := source.read(_PIECE):
                hashed.update(data)
            found[name] = Part(size, hashed.hexdigest())
    if manifest is None:
        raise BadBackup(f"{path.name} ends before its manifest: it was cut off.")
    return _checked(path, manifest, found)


def _checked(path: Path, data: bytes, found: dict[str, Part]) -> Manifest:
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.DecodeError as error:
        raise BadBackup(f"The manifest of {path.name} cannot be read: {error}") from None
    if manifest.format != FORMAT:
        raise BadBackup(f"{path.name} is a {manifest.format}; this release reads {FORMAT}.")
    wrong = sorted(name for name in {*manifest.parts, *found} if manifest.parts.get(name) != found.get(name))
    if wrong:
        raise BadBackup(f"{path.name} is damaged: {len(wrong)} parts differ from the manifest, such as {wrong[0]}.")
    if sum(not name.startswith(FILES) for name in manifest.parts) != 1:
        raise BadBackup(f"{path.name} does not hold one database.")
    return manifest


def each(path: Path, take: Callable[[str, IO[bytes]], None]) -> None:
    """Gives each part of a verified archive, in its order, by its name and as a stream."""
    with _reading(path):
        for name, _, source in _members(path):
            if name != MANIFEST:
                take(name, source)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise BadBackup(f"{path.name} is no backup, or is damaged: {error}") from None


def _members(path: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """(name, size, stream) of each part; a stream must be read before the next is asked for."""
    with tarfile.open(path, mode="r:") as tar:
        for info in tar:
            source = tar.extractfile(info) if info.isreg() else None
            if source is None or not _is_plain(info.name):
                raise BadBackup(f"{path.name} holds {info.name}, which is no part of a backup.")
            yield info.name, info.size, source


def _is_plain(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and str(path) == name
