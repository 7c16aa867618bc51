"""What REDIS_URL says: one server, a master that Sentinels watch, or a Cluster. Pure; settings check it at the start.

    redis://[user:password@]host:6379/0                 one server; rediss:// with TLS, unix:///path/of.sock
    redis+sentinel://[user:password@]host:26379,host2:26379/mymaster[/0]?sentinel_password=…
    redis+cluster://[user:password@]host:6379,host2:6379

`rediss+sentinel://` and `rediss+cluster://` speak TLS to every server; `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`
and `ssl_check_hostname` may follow as parameters.
"""

from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

Address = tuple[str, int]
"""(host, port)."""

_SINGLE = ("redis", "rediss", "unix")
_PORTS = {"sentinel": 26379, "cluster": 6379}
_TLS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname")
_GUARDS = {"sentinel_username": "username", "sentinel_password": "password"}


@dataclass(frozen=True, slots=True)
class Topology:
    """Where Redis is. `options` and `guard_options` are redis-py's keywords for a server's and a Sentinel's."""

    kind: Literal["single", "sentinel", "cluster"]
    url: str
    nodes: tuple[Address, ...] = ()
    """Of the Sentinels, or of the Cluster's servers that are asked first."""
    service: str = ""
    """What the Sentinels call the master."""
    is_tls: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    guard_options: dict[str, Any] = field(default_factory=dict)


def parse(url: str) -> Topology:
    """Raises ValueError with what is wrong; it quotes no password."""
    scheme, _, _ = url.partition("://")
    if scheme in _SINGLE:
        return Topology("single", url)
    secure, _, kind = scheme.partition("+")
    if secure not in ("redis", "rediss") or kind not in _PORTS:
        raise ValueError("expected redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://")
    parts = urlsplit(url)
    who, _, hosts = parts.netloc.rpartition("@")
    nodes = tuple(_address(host, _PORTS[kind]) for host in hosts.split(",") if host)
    if not nodes:
        raise ValueError(f"{scheme}:// names no host")
    options = _login(who)
    guard_options: dict[str, Any] = {}
    tls: dict[str, Any] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name in _GUARDS and kind == "sentinel":
            guard_options[_GUARDS[name]] = value
        elif name in _TLS and secure == "rediss":
            tls[name] = value.lower() in ("1", "true", "yes") if name == "ssl_check_hostname" else value
        else:
            raise ValueError(f"{scheme}:// knows no parameter {name!r}")
    path = [word for word in parts.path.split("/") if word]
    service = ""
    if kind == "sentinel":
        if not path:
            raise ValueError("redis+sentinel:// needs the master's name as its path: …/mymaster")
        service, path = path[0], path[1:]
        if path:
            options["db"] = _number(path.pop(0))
    if path:
        raise ValueError(f"{scheme}:// has nothing after {'the database' if service else 'its hosts'}")
    is_tls = secure == "rediss"
    return Topology(
        kind="sentinel" if kind == "sentinel" else "cluster",
        url=url,
        nodes=nodes,
        service=service,
        is_tls=is_tls,
        options=options | tls,
        guard_options=guard_options | tls,
    )


def _address(text: str, port: int) -> Address:
    if text.startswith("["):  # IPv6
        host, _, rest = text[1:].partition("]")
        number = rest.removeprefix(":")
    else:
        host, _, number = text.partition(":")
    return host, _number(number) if number else port


def _number(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(f"{text!r} is no number")
    return int(text)


def _login(who: str) -> dict[str, Any]:
    user, _, password = who.partition(":")
    found = {"username": unquote(user), "password": unquote(password)}
    return {name: value for name, value in found.items() if value}
