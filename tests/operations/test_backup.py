"""What a restore refuses, and that it then has touched nothing."""

import gzip
import io
import tarfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection

from apps.operations.backup import archive, erasures, facts, files
from apps.operations.backup.archive import FORMAT, MANIFEST, BadBackup, Manifest, Part, Writer
from apps.operations.backup.erasures import Erasure
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope

SOUND = b"RIFF" * 1_000


def manifest(**fields: Any) -> Manifest:
    told: dict[str, Any] = {
        "version": "0.1.0",
        "created_at": "2026-11-30T10:00:00+00:00",
        "database": connection.vendor,
        "server": "1",
        "migrations": [],
        "tables": {},
        "key": "",
        "missing_files": [],
        "parts": {},
    }
    return Manifest(**(told | fields))


def made(path: Path, **fields: Any) -> Path:
    """A whole backup of next to nothing."""
    with path.open("wb") as stream:
        writer = Writer(stream)
        writer.add("database.dump", io.BytesIO(b"rows"), 4)
        writer.add("files/calls/a.wav", io.BytesIO(SOUND), len(SOUND))
        writer.close(manifest(parts=writer.parts, **fields))
    return path


def with_members(path: Path, members: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(data), kind, "/etc/passwd" if kind == tarfile.SYMTYPE else ""
            tar.addfile(info, io.BytesIO(data))
    return path


def flipped(path: Path) -> Path:
    data = bytearray(made(path).read_bytes())
    data[data.index(b"RIFF")] ^= 1
    path.write_bytes(data)
    return path


def cut(path: Path) -> Path:
    path.write_bytes(made(path).read_bytes()[:3_000])
    return path


def without_its_end(path: Path) -> Path:
    """Cut off exactly between two parts: a whole tar all the same."""
    members = {}
    with tarfile.open(made(path)) as tar:
        for info in tar:
            source = tar.extractfile(info)
            assert source is not None
            members[info.name] = source.read()
    del members[MANIFEST]
    return with_members(path, members)


def with_a_stranger(path: Path) -> Path:
    parts = {"database.dump": b"rows", "files/x": b"x"}
    told = msgspec.json.encode(manifest(parts={"database.dump": Part(4, "0" * 64)}))
    return with_members(path, {**parts, MANIFEST: told})


def no_tar(path: Path) -> Path:
    path.write_text("hello")
    return path


def of_another_format(path: Path) -> Path:
    return made(path, format="callsphere.backup.v9")


DAMAGED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a bit is wrong": (flipped, "1 parts differ from the manifest, such as files/calls/a.wav"),
    "cut off": (cut, "is no backup, or is damaged"),
    "cut off between two parts": (without_its_end, "ends before its manifest"),
    "a part that the manifest does not know": (with_a_stranger, "is damaged"),
    "of another format": (of_another_format, f"this release reads {FORMAT}"),
    "a path that leads elsewhere": (lambda path: with_members(path, {"files/../../x": b""}), "no part of a backup"),
    "an absolute path": (lambda path: with_members(path, {"/etc/cron.d/x": b""}), "no part of a backup"),
    "a link": (lambda path: with_members(path, {"files/x": b""}, tarfile.SYMTYPE), "no part of a backup"),
    "no tar": (no_tar, "is no backup"),
    "a manifest of something else": (lambda path: with_members(path, {MANIFEST: b"[]"}), "cannot be read"),
    "no database": (
        lambda path: with_members(path, {MANIFEST: msgspec.json.encode(manifest())}),
        "does not hold one database",
    ),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_backup_is_known(what: str, tmp_path: Path) -> None:
    damage, words = DAMAGED[what]
    with pytest.raises(BadBackup, match=words):
        archive.verify(damage(tmp_path / "backup.tar"))
    with pytest.raises(CommandError, match=words):
        call_command("backup", str(tmp_path / "backup.tar"), verify=True)


def test_a_whole_one_is_known_and_read_part_by_part(tmp_path: Path) -> None:
    path = made(tmp_path / "backup.tar", tables={"a": 2})
    found = archive.verify(path)
    assert found.tables == {"a": 2}
    assert found.database_part == "database.dump"
    assert found.files == {"calls/a.wav": found.parts["files/calls/a.wav"]}
    read: dict[str, bytes] = {}
    archive.each(path, lambda name, source: read.update({name: source.read()}))
    assert read == {"database.dump": b"rows", "files/calls/a.wav": SOUND}


def test_a_file_that_shrinks_while_it_is_read_breaks_the_backup(tmp_path: Path) -> None:
    with (tmp_path / "backup.tar").open("wb") as stream, pytest.raises(OSError, match="unexpected end"):
        Writer(stream).add("files/x", io.BytesIO(b"short"), 100)


def test_a_backup_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "backup.tar"
    path.write_text("precious")
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", str(path))
    with pytest.raises(CommandError, match="no folder"):
        call_command("backup", str(tmp_path / "nowhere" / "backup.tar"))
    assert path.read_text() == "precious"


@pytest.mark.django_db
def test_what_does_not_fit_is_refused_before_anything_is_touched(clinic: Tenant, tmp_path: Path) -> None:
    other = "sqlite" if connection.vendor == "postgresql" else "postgresql"
    newer = [("tenants", "0001_initial"), ("tenants", "0099_of_a_newer_release")]
    for fields, words in (
        ({"database": other}, f"It is of {other}"),
        ({"migrations": newer, "version": "9.0"}, r"newer release \(9\.0\).*tenants\.0099_of_a_newer_release"),
        ({}, "not empty"),
    ):
        path = made(tmp_path / f"{len(words)}.tar", **fields)
        with pytest.raises(CommandError, match=words):
            call_command("restore", str(path))
    assert not facts.is_empty()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "rows", [b"rows", gzip.compress(b"no database at all" * 1_000, mtime=0)], ids=["no archive", "no database"]
)
def test_a_restore_that_breaks_off_has_changed_nothing(rows: bytes, clinic: Tenant, tmp_path: Path) -> None:
    part = {"postgresql": "database.dump", "sqlite": "database.sqlite3.gz"}[connection.vendor]
    with (tmp_path / "backup.tar").open("wb") as stream:
        writer = Writer(stream)
        writer.add(part, io.BytesIO(rows), len(rows))
        writer.close(manifest(parts=writer.parts))
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("restore", str(tmp_path / "backup.tar"), overwrite=True)
    with tenant_scope(clinic.pk):
        clinic.refresh_from_db()


@pytest.mark.django_db
def test_a_fresh_database_is_empty(db: None) -> None:
    assert facts.is_empty()


def test_a_file_of_no_row_is_left_out_and_one_that_is_gone_is_named(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "files"
    for name in ("calls/ten/known.wav", "calls/ten/newer.wav", "something/else.txt"):
        default_storage.save(name, ContentFile(b"x"))
    with (tmp_path / "backup.tar").open("wb") as stream:
        writer = Writer(stream)
        missing = files.save(writer, "files/", {"calls/ten/known.wav", "exports/ten/gone.zip"})
    assert list(writer.parts) == ["files/calls/ten/known.wav", "files/something/else.txt"]
    assert missing == ["exports/ten/gone.zip"]
    files.put("something/else.txt", io.BytesIO(b"new"))
    assert files.keep_only(["something/else.txt"]) == 2
    assert list(files.walk()) == ["something/else.txt"]
    assert default_storage.open("something/else.txt").read() == b"new"


def test_erasures_are_lines_and_none_is_skipped() -> None:
    kept = Erasure("ten_1", "con_1")
    assert list(erasures.parse([kept.line(), "", kept.line()])) == [kept, kept]
    with pytest.raises(BadBackup, match="Line 2"):
        list(erasures.parse([kept.line(), '{"tenant": "ten_1"}']))


def test_the_version_is_that_of_the_project(settings: Any) -> None:
    with (settings.BASE_DIR / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["version"] == settings.VERSION
