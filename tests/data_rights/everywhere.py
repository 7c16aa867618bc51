"""Looks for words everywhere: every column of every table, every key of Redis, every file."""

import gzip
import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

from apps.common.redis import client
from apps.tenants.scope import all_tenants
from apps.voice import spool


def forms(*, given: str, family: str, phone: str, email: str) -> list[str]:
    """What somebody may be found by: the name, the number in every way it is written, the address.

    Args:
        phone: of North America, as E.164.
    """
    area, exchange, line = phone[2:5], phone[5:8], phone[8:]
    numbers = [
        phone,
        phone[1:],
        phone[2:],
        f"({area}) {exchange}-{line}",
        *(f"{area}{mark}{exchange}{mark}{line}" for mark in ("-", " ", ".")),
        f"+1 {area}-{exchange}-{line}",
        f"1-{area}-{exchange}-{line}",
    ]
    return [given, family, f"{given} {family}", f"{family}, {given}", email, *numbers]


def places(words: Iterable[str]) -> dict[str, set[str]]:
    """Which tables, keys of Redis and files hold one of the words, in any case."""
    wanted = [word.casefold() for word in words]

    def holds(text: str) -> bool:
        folded = text.casefold()
        return any(word in folded or word.encode("unicode_escape").decode() in folded for word in wanted)

    return {
        "database": {table for table, text in _tables() if holds(text)},
        "redis": {key for key, text in _redis() if holds(f"{key} {text}")},
        "files": {name for name, text in _files() if holds(f"{name} {text}")},
    }


def _tables() -> Iterator[tuple[str, str]]:
    with all_tenants(reason="the test looks everywhere"), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            for row in cursor.fetchall():
                yield table, " ".join(str(value) for value in row)


def _redis() -> Iterator[tuple[str, str]]:
    redis = client()
    readers = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"stream": redis.xrange,
        b"set": redis.smembers,
        b"list": lambda key: redis.lrange(key, 0, -1),
        b"zset": lambda key: redis.zrange(key, 0, -1),
    }
    for key in redis.scan_iter("*", count=500):
        reader = readers.get(redis.type(key))
        if reader is not None:
            yield key.decode(), str(reader(key))


def _files() -> Iterator[tuple[str, str]]:
    for folder in (Path(settings.MEDIA_ROOT), spool.folder()):
        for path in folder.rglob("*"):
            if path.is_file():
                yield str(path), _read(path)


def _read(path: Path) -> str:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    if path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = b"\n".join(archive.read(name) for name in archive.namelist())
    return data.decode("utf-8", "replace")
