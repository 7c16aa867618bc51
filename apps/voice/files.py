"""Files about calls: put into the storage when a call is over, deleted when their time is up."""

import datetime as dt
import time
from pathlib import Path

from django.core.files import File
from django.core.files.storage import default_storage

from apps.tenants.scope import all_tenants, current_tenant_id
from apps.voice.models import CallFile
from apps.voice.spool import folder

LEFT_BEHIND = 24 * 3_600
"""Seconds after which a spooled file's process is gone for sure."""


def keep(*, call_id: str, kind: str, path: Path, seconds: float, days: int, now: dt.datetime) -> CallFile:
    """Puts a finished file into the storage, in pieces, and on record for `days`."""
    wanted = f"calls/{current_tenant_id()}/{path.name}"
    with path.open("rb") as opened:
        name = default_storage.save(wanted, File(opened))
    return CallFile.objects.create(
        call_id=call_id,
        kind=kind,
        name=name,
        size=path.stat().st_size,
        seconds=round(seconds),
        created_at=now,
        delete_at=now + dt.timedelta(days=days),
    )


def forget(*, now: dt.datetime) -> int:
    """Deletes the files in scope whose time is up; how many."""
    due = list(CallFile.objects.filter(delete_at__lte=now))
    for file in due:
        file.delete()
    return len(due)


def forget_all(now: dt.datetime) -> int:
    """A duty of the worker: what is due at every business, and what processes that died have left on this machine."""
    with all_tenants(reason="the time of a file is up at every business alike"):
        return forget(now=now) + sweep()


def sweep() -> int:
    """Deletes what processes that died have left in the spool; how many files."""
    old = [path for path in folder().glob("*") if time.time() - path.stat().st_mtime > LEFT_BEHIND]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
