"""The four real servers on the loopback, each started unprivileged from its file in docker/edge/.

A test differs from an operator in addresses and certificate files, which are replaced in a copy, and in the frame that
a distribution puts around a site (nginx's and Apache's main file), which is written here.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import pytest

from apps.common.ports import free_ports

CONFIGURATIONS = Path(__file__).resolve().parents[2] / "docker" / "edge"
APACHE_MODULES = (
    "mpm_event authz_core alias deflate filter headers http2 proxy proxy_http reqtimeout setenvif socache_shmcb ssl"
)
NOBODY = 65534

Change = tuple[str, str]


@dataclass(frozen=True)
class Addresses:
    """Ports on the loopback; `upstream` is host:port of the product."""

    upstream: str
    http: int
    https: int


@dataclass(frozen=True)
class Kind:
    """A proxy: its program, its file, what of the file is local, and how it is started in a folder."""

    program: str
    file: str
    local: Callable[[Addresses, Path], list[Change]]
    command: Callable[[Addresses, Path], list[str]]


def _certificates(folder: Path) -> list[Change]:
    return [(f"/etc/ssl/callsphere/{name}", str(folder / name)) for name in ("fullchain.pem", "privkey.pem")]


def _nginx(addresses: Addresses, folder: Path) -> list[Change]:
    return [
        ("listen 80;", f"listen 127.0.0.1:{addresses.http};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{addresses.https} ssl"),
        *_certificates(folder),
    ]


def _start_nginx(addresses: Addresses, folder: Path) -> list[str]:
    temporary = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "main.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/log; worker_processes 1;\n"
        f"events {{}}\nhttp {{ {temporary} access_log off; gzip on; include {folder}/nginx.conf; }}\n"
    )
    return ["nginx", "-e", f"{folder}/log", "-p", str(folder), "-c", f"{folder}/main.conf"]


def _caddy(addresses: Addresses, folder: Path) -> list[Change]:
    return [
        ("http_port 80\n", f"http_port {addresses.http}\n\tdefault_bind 127.0.0.1\n\tadmin off\n"),
        ("https_port 443\n", f"https_port {addresses.https}\n"),
        *_certificates(folder),
    ]


def _start_caddy(addresses: Addresses, folder: Path) -> list[str]:
    return ["caddy", "run", "--adapter", "caddyfile", "--config", f"{folder}/Caddyfile"]


def _haproxy(addresses: Addresses, folder: Path) -> list[Change]:
    return [
        ("bind :80\n", f"bind 127.0.0.1:{addresses.http}\n"),
        ("bind :443 ", f"bind 127.0.0.1:{addresses.https} "),
        ("/etc/ssl/callsphere/combined.pem", str(folder / "combined.pem")),
        ("    user haproxy\n    group haproxy\n", ""),  # who is nobody cannot become somebody
    ]


def _start_haproxy(addresses: Addresses, folder: Path) -> list[str]:
    return ["haproxy", "-db", "-f", f"{folder}/haproxy.cfg"]


def _apache(addresses: Addresses, folder: Path) -> list[Change]:
    return [
        ("<VirtualHost *:80>", f"<VirtualHost *:{addresses.http}>"),
        ("<VirtualHost *:443>", f"<VirtualHost *:{addresses.https}>"),
        *_certificates(folder),
    ]


def _start_apache(addresses: Addresses, folder: Path) -> list[str]:
    modules = "\n".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in APACHE_MODULES.split()
    )
    (folder / "main.conf").write_text(
        f"ServerRoot {folder}\nServerName localhost\nDefaultRuntimeDir {folder}\nPidFile {folder}/pid\n"
        f"ErrorLog {folder}/log\nListen 127.0.0.1:{addresses.http}\nListen 127.0.0.1:{addresses.https}\n{modules}\n"
        f"Include {folder}/apache.conf\n"
    )
    return ["apache2", "-D", "FOREGROUND", "-f", f"{folder}/main.conf"]


KINDS = {
    "nginx": Kind("nginx", "nginx.conf", _nginx, _start_nginx),
    "caddy": Kind("caddy", "Caddyfile", _caddy, _start_caddy),
    "haproxy": Kind("haproxy", "haproxy.cfg", _haproxy, _start_haproxy),
    "apache": Kind("apache2", "apache.conf", _apache, _start_apache),
}


@dataclass(frozen=True)
class Edge:
    """A proxy that runs: `url` over TLS, `plain` over HTTP, both by address; ask for certificates.NAME there."""

    url: str
    plain: str


def missing(*programs: str, any_of_them: bool = False) -> None:
    """Leaves the test out when they are not installed, or none of them is; fails it where CI=true."""
    there = [bool(shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")) for program in programs]
    if not (any(there) if any_of_them else all(there)):
        reason = f"{', '.join(programs)} not installed (apt-get install nginx-light caddy haproxy apache2)"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


def changed(text: str, changes: list[Change]) -> str:
    """The text with each change made; each must have something to change."""
    for old, new in changes:
        assert old in text, f"{old!r} is not in the file"
        text = text.replace(old, new)
    return text


@contextmanager
def proxy(name: str, *, upstream: str, certificates: Path, changes: tuple[Change, ...] = ()) -> Iterator[Edge]:
    """A proxy in front of `upstream` (an http:// address), with `changes` made to its file."""
    kind = KINDS[name]
    addresses = Addresses(upstream.removeprefix("http://"), *free_ports(2))
    folder = Path(tempfile.mkdtemp(prefix="cs-edge-"))
    try:
        shutil.copytree(certificates, folder, dirs_exist_ok=True)
        text = (CONFIGURATIONS / kind.file).read_text()
        local = [("127.0.0.1:8000", addresses.upstream), *kind.local(addresses, folder), *changes]
        (folder / kind.file).write_text(changed(text, local))
        command = kind.command(addresses, folder)
        _hand_over(folder)
        with _running(command, folder, addresses):
            yield Edge(f"https://127.0.0.1:{addresses.https}", f"http://127.0.0.1:{addresses.http}")
    finally:
        shutil.rmtree(folder)


def _hand_over(folder: Path) -> None:
    """In a container the suite may be root; the proxies never are."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)


@contextmanager
def _running(command: list[str], folder: Path, addresses: Addresses) -> Iterator[None]:
    output = folder / "output"
    environment = {"PATH": f"{os.environ['PATH']}:/usr/sbin", "HOME": str(folder)}
    nobody = NOBODY if os.geteuid() == 0 else None
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [shutil.which(command[0], path=environment["PATH"]) or command[0], *command[1:]],
            cwd=folder,
            env=environment,
            stdout=sink,
            stderr=subprocess.STDOUT,
            user=nobody,
            group=nobody,
            extra_groups=None if nobody is None else [],
        )
    try:
        deadline = monotonic() + 30
        while not _listens(addresses.https):
            if process.poll() is not None or monotonic() > deadline:
                logged = [path.read_text() for path in (output, folder / "log") if path.exists()]
                raise RuntimeError(f"{command[0]} did not start: {' '.join(logged)[-2000:]}")
            sleep(0.02)
        yield
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
