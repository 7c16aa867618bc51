"""Files that grow during a call, written by a thread, so that no call ever waits for a disk."""

import asyncio
import gzip
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, cast

from django.conf import settings

logger = logging.getLogger(__name__)

MOST_WAITING = 4 * 1024 * 1024
"""Bytes of one file that wait for the disk; a file whose disk is slower than that is given up."""
_pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")


def folder() -> Path:
    """Where files lie until their call is over."""
    return Path(settings.VAR_DIR) / "calls"


class Spool:
    """One file. `path` is whole after `close`."""

    def __init__(self, name: str, *, compressed: bool = False) -> None:
        self.path = folder() / name
        self.lost = False
        """Something could not be written: the file is of no use."""
        self._compressed = compressed
        self._file: IO[Any] | None = None
        self._plain: IO[Any] | None = None
        self._waiting = 0

    def write(self, make: Callable[[], bytes], *, size: int) -> None:
        """Appends what `make` returns, soon, in order. `size` is about what it holds in memory until then."""
        if self.lost:
            return
        if self._waiting + size > MOST_WAITING:
            self.lost = True
            logger.warning("A call's file is given up, the disk is too slow", extra={"file": self.path.name})
            return
        self._waiting += size
        _pool.submit(self._append, make, size)

    async def close(self, *, head: Callable[[int], bytes] | None = None) -> bool:
        """Closes the file; False when it is not whole. `head` makes its first bytes anew from its size."""
        done: Future[None] = _pool.submit(self._finish, head)
        await asyncio.wrap_future(done)
        return not self.lost and self._file is not None

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def _append(self, make: Callable[[], bytes], size: int) -> None:
        try:
            self._open().write(make())
        except OSError as error:
            self._fail(error)
        finally:
            self._waiting -= size

    def _open(self) -> IO[Any]:
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._plain = self._file = self.path.open("wb")
            if self._compressed:
                self._file = cast(IO[Any], gzip.GzipFile(fileobj=self._plain, mode="wb", compresslevel=1))
        return self._file

    def _finish(self, head: Callable[[int], bytes] | None) -> None:
        if self._file is None:
            return
        try:
            if head is not None:
                size = self._file.tell()
                self._file.seek(0)
                self._file.write(head(size))
            for file in (self._file, self._plain):
                if file is not None:
                    file.close()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.lost = True
        logger.warning("A call's file cannot be written", extra={"file": self.path.name, "error": type(error).__name__})
