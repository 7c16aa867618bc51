"""The server in front: the first of nginx, Caddy and HAProxy that is installed, with its file of docker/edge/.

What a cluster on one machine needs otherwise is changed in a copy: addresses, no TLS, and the frame that a distribution
puts around nginx's site. So what is tried here is what an operator is given.
"""

import os
import re
import resource
import shutil
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.operations.cluster.machine import Kind
from apps.operations.cluster.places import ClusterError, Places
from apps.operations.cluster.product import ROOT, answers

CONFIGURATIONS = ROOT / "docker" / "edge"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
LEAVES_WITHIN = 5.0
FILES = 65_536

Change = tuple[str, str]
"""A regular expression, which must be found, and what stands in its place."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the edge listens, and the ports of the processes behind it."""

    host: str
    port: int
    web: Sequence[int]
    voice: Sequence[int]


@dataclass(frozen=True, slots=True)
class Program:
    """`command` and `check` (of the configuration alone) are given the edge's folder."""

    file: str
    changes: Callable[[Addresses], list[Change]]
    command: Callable[[Path], list[str]]
    check: Callable[[Path], list[str]]
    ends_with: signal.Signals


def _nginx(a: Addresses) -> list[Change]:
    def upstream(role: str, ports: Sequence[int]) -> Change:
        lines = "".join(f"    server 127.0.0.1:{port} max_fails=0;\n" for port in ports)
        return rf"(upstream callsphere_{role} {{\n(?:    .*\n)*?)    server 127.*\n", rf"\g<1>{lines}"

    return [
        upstream("web", a.web),
        upstream("voice", a.voice),
        (r"server \{\n    listen 80;\n(?:    .*\n)*\}\n", ""),
        (r"    listen 443 ssl.*\n", f"    listen {a.host}:{a.port};\n"),
        (r"    server_name .*\n", "    server_name _;\n"),
        (r"    ssl_.*\n", ""),
        (r"Host +\$host;", "Host $http_host;"),  # with the port, which is not 443 here: origins are compared with it
    ]


def _nginx_frame(folder: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"    {kind}_temp_path {folder}/{kind};" for kind in kinds)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    files = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    as_root = "user root;\n" if os.geteuid() == 0 else ""  # or its workers could not read its folder
    return (
        f"{as_root}daemon off;\npid {folder}/pid;\nerror_log stderr;\n"
        f"worker_processes 1;\nworker_rlimit_nofile {files};\n"
        f"events {{\n    worker_connections {files // 4};\n}}\n"
        f"http {{\n{temporary}\n    access_log off;\n    gzip on;\n    include {folder}/nginx.conf;\n}}\n"
    )


def _caddy(a: Addresses) -> list[Change]:
    def upstreams(name: str, ports: Sequence[int]) -> Change:
        return rf"\{{\${name}:.*?\}}", " ".join(f"127.0.0.1:{port}" for port in ports)

    return [
        (r"\thttp_port 80\n", f"\thttp_port {a.port}\n\tdefault_bind {a.host}\n\tadmin off\n\tauto_https off\n"),
        (r"\thttps_port .*\n", ""),
        (r"\t# Without this line .*\n\t\{\$CALLSPHERE_TLS:.*\n", ""),
        (r"\{\$CALLSPHERE_SITE:.*?\}", f"http://:{a.port}"),
        upstreams("CALLSPHERE_VOICE", a.voice),
        upstreams("CALLSPHERE_WEB", a.web),
    ]


def _haproxy(a: Addresses) -> list[Change]:
    def servers(role: str, ports: Sequence[int]) -> Change:
        lines = "".join(
            f"    server {role}{number} 127.0.0.1:{port} check inter 1s\n" for number, port in enumerate(ports, 1)
        )
        return rf"    server {role}1 .*\n", lines

    return [
        (r"    log /dev/log .*\n    user .*\n    group .*\n", ""),
        (r"    bind :80\n", f"    bind {a.host}:{a.port}\n"),
        (r"    bind :443 .*\n    http-request redirect .*\n", ""),
        (r"X-Forwarded-Proto https", "X-Forwarded-Proto http"),
        servers("web", a.web),
        servers("voice", a.voice),
    ]


PROGRAMS = {
    "nginx": Program(
        "nginx.conf",
        _nginx,
        lambda folder: ["-e", "stderr", "-p", str(folder), "-c", str(folder / "main.conf")],
        lambda folder: ["-t", "-e", "stderr", "-p", str(folder), "-c", str(folder / "main.conf")],
        signal.SIGTERM,
    ),
    "caddy": Program(
        "Caddyfile",
        _caddy,
        lambda folder: ["run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")],
        lambda folder: ["validate", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")],
        signal.SIGTERM,
    ),
    "haproxy": Program(
        "haproxy.cfg",
        _haproxy,
        lambda folder: ["-db", "-f", str(folder / "haproxy.cfg")],
        lambda folder: ["-c", "-f", str(folder / "haproxy.cfg")],
        signal.SIGTERM,
    ),
}


def found(name: str = "") -> str:
    """The name of the program to take: the given one, else the first that is installed. Raises ClusterError."""
    for one in [name] if name else PROGRAMS:
        if one in PROGRAMS and shutil.which(one, path=PATH):
            return one
    wanted = name or "nginx, caddy or haproxy"
    raise ClusterError(f"No edge server: install {wanted} (Debian: apt-get install nginx-light).")


def rendered(name: str, addresses: Addresses) -> str:
    """The program's file of docker/edge/ for this machine. Raises ClusterError when a change has nothing to change."""
    text = (CONFIGURATIONS / PROGRAMS[name].file).read_text()
    for pattern, replacement in PROGRAMS[name].changes(addresses):
        text, count = re.subn(pattern, replacement, text)
        if not count:
            raise ClusterError(f"{PROGRAMS[name].file} has nothing like {pattern!r}.")
    return text


def write(name: str, folder: Path, addresses: Addresses) -> None:
    folder.mkdir(exist_ok=True)
    (folder / PROGRAMS[name].file).write_text(rendered(name, addresses))
    if name == "nginx":
        (folder / "main.conf").write_text(_nginx_frame(folder))


def executable(name: str) -> str:
    return shutil.which(name, path=PATH) or name


def kind(places: Places, name: str, addresses: Addresses, mark: dict[str, str]) -> Kind:
    folder = places.folder / "edge"
    write(name, folder, addresses)
    host = "127.0.0.1" if addresses.host == "0.0.0.0" else addresses.host  # noqa: S104
    return Kind(
        name="edge",
        role="edge",
        command=[executable(name), *PROGRAMS[name].command(folder)],
        env={"PATH": PATH, "HOME": str(folder), **mark},
        is_ready=lambda: answers(host, addresses.port, "/healthz"),
        cwd=folder,
        log=places.log_of("edge"),
        port=addresses.port,
        ends_with=PROGRAMS[name].ends_with,
        patience=LEAVES_WITHIN,
    )
