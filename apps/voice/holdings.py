"""Recordings and black boxes of a person's calls: their rows go with the call, and the files with their rows."""

from collections.abc import Callable

from apps.tenants import data_rights
from apps.tenants.data_rights import Subject
from apps.voice.models import CallFile, CallPolicy
from apps.voice.spool import folder


def register() -> None:
    """From the app's ready()."""
    data_rights.register_files(CallFile, _files_of)
    data_rights.register_cleaner("Files of calls under way", _clean_spool)
    data_rights.nothing_personal(CallPolicy, reason="The business's own choice.")


def _files_of(file: CallFile) -> list[tuple[str, str]]:
    return [(f"{file.call_id}-{file.name.rpartition('/')[2]}", file.name)]


def _clean_spool(tenant_id: str, subject: Subject, about: Callable[[str], bool]) -> int:
    """What a process that died has left of their calls on this machine."""
    left = [path for path in folder().glob("*") if path.name.split(".")[0] in subject.ids]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)
