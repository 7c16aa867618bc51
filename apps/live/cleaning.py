"""Taking a person out of Redis: whatever of a tenant's keys is about them goes."""

from collections.abc import Callable
from typing import Any, Final

from apps.common.redis import client
from apps.tenants import keys
from apps.tenants.data_rights import Subject

_BATCH: Final = 500
About = Callable[[str], bool]


def clean(tenant_id: str, subject: Subject, about: About) -> int:
    """Looks through every key of the tenant; how many keys, fields and entries went.

    A key that names one of the person's conversations, runs or calls goes as a whole. Of others, the entries and fields
    that are about them go. What a live view keeps of the floor goes as a whole, too, with the lease of its keeper: it
    begins anew from the database.
    """
    ids = subject.conversations | subject.ids
    gone = 0
    for raw in list(client().scan_iter(keys.of_tenant(tenant_id), count=_BATCH)):
        name = raw.decode()
        parts = set(name.split(":"))
        if parts & ids:
            gone += int(client().delete(raw))
        elif keys.is_floor(name):
            gone += _forget_view(tenant_id, raw, about)
        else:
            gone += _CLEANERS.get(client().type(raw), _leave)(raw, about)
    return gone


def _forget_view(tenant_id: str, key: bytes, about: About) -> int:
    """The floor's view when it is about them; a keeper without its lease makes room for one that reads anew."""
    kind = client().type(key)
    if kind == b"string" and not about(_text(client().get(key) or b"")):
        return 0
    if kind == b"stream" and not any(about(_all(fields)) for _, fields in client().xrange(key)):
        return 0
    client().delete(keys.floor_keeper(tenant_id))
    return int(client().delete(key))


def _clean_stream(key: bytes, about: About) -> int:
    gone, after = 0, "-"
    while entries := client().xrange(key, after, "+", count=_BATCH):
        found = [entry for entry, fields in entries if about(_all(fields))]
        gone += int(client().xdel(key, *found)) if found else 0
        after = f"({entries[-1][0].decode()}"
    return gone


def _clean_hash(key: bytes, about: About) -> int:
    found = [field for field, value in client().hscan_iter(key) if about(f"{_text(field)} {_text(value)}")]
    return int(client().hdel(key, *found)) if found else 0


def _clean_string(key: bytes, about: About) -> int:
    return int(client().delete(key)) if about(_text(client().get(key) or b"")) else 0


def _clean_list(key: bytes, about: About) -> int:
    found = {value for value in client().lrange(key, 0, -1) if about(_text(value))}
    return sum(int(client().lrem(key, 0, value)) for value in found)


def _clean_set(key: bytes, about: About) -> int:
    found = [value for value in client().sscan_iter(key) if about(_text(value))]
    return int(client().srem(key, *found)) if found else 0


def _clean_sorted(key: bytes, about: About) -> int:
    found = [value for value, _ in client().zscan_iter(key) if about(_text(value))]
    return int(client().zrem(key, *found)) if found else 0


def _leave(key: bytes, about: About) -> int:
    return 0  # gone since it was listed


_CLEANERS: dict[bytes, Callable[[bytes, About], int]] = {
    b"stream": _clean_stream,
    b"hash": _clean_hash,
    b"string": _clean_string,
    b"list": _clean_list,
    b"set": _clean_set,
    b"zset": _clean_sorted,
}


def _all(fields: dict[bytes, bytes]) -> str:
    return " ".join(_text(value) for value in fields.values())


def _text(value: Any) -> str:
    return bytes(value).decode("utf-8", "replace")
