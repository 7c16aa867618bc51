"""The processes of a benchmark: started, measured over their whole tree by /proc, and always ended. Linux only."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # for the product, beside this folder

from apps.common.ports import free_port as free_port

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
REDIS = ("redis-server", "valkey-server")


class DidNotStart(Exception):
    """A process ended or did not listen in time; the message has the end of its log."""


class Missing(Exception):
    """What a server needs is not on this machine."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Of a process and all its descendants: CPU in seconds (user and system) and resident memory in kB."""

    cpu: float
    redis_cpu: float
    """The part of `cpu` that its embedded Redis took."""
    rss: int
    """Without Redis."""


@dataclass(frozen=True, slots=True)
class _Stat:
    pid: int
    name: str
    parent: int
    cpu: float
    started: str
    rss: int


def _stats() -> dict[int, _Stat]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):
                stat = _parsed((folder / "stat").read_text())
                found[stat.pid] = stat
    return found


def _parsed(line: str) -> _Stat:
    """A line of /proc/<pid>/stat, see proc_pid_stat(5). The name stands in parentheses and may hold anything."""
    pid, _, rest = line.partition(" (")
    name, _, after = rest.rpartition(") ")
    fields = after.split()  # field 3 of the manual page is fields[0]
    # 14 to 17: user and system time, its own and that of its children that are gone.
    cpu = sum(map(int, fields[11:15])) / TICKS
    return _Stat(int(pid), name, int(fields[1]), cpu, fields[19], int(fields[21]) * PAGE_KB)


def _tree(root: int) -> list[_Stat]:
    stats = _stats()
    members = [stats[root]] if root in stats else []
    for member in members:  # grows while we walk it
        members += [stat for stat in stats.values() if stat.parent == member.pid]
    return members


def usage(pid: int) -> Usage:
    """What the process and its descendants have used so far."""
    tree = _tree(pid)
    redis = [stat for stat in tree if stat.name in REDIS]
    return Usage(
        cpu=sum(stat.cpu for stat in tree),
        redis_cpu=sum(stat.cpu for stat in redis),
        rss=sum(stat.rss for stat in tree) - sum(stat.rss for stat in redis),
    )


def machine_cpu() -> float:
    """CPU seconds that everything on this machine has used since it started."""
    user, nice, system, _idle, _iowait, irq, softirq = map(int, Path("/proc/stat").read_text().split(maxsplit=8)[1:8])
    return (user + nice + system + irq + softirq) / TICKS


@contextmanager
def running(
    command: Sequence[str], *, port: int, log: Path, cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Starts `command` and waits until it listens on `port`; yields its pid. Ends it, with its descendants.

    Raises:
        DidNotStart: see there.
    """
    with log.open("ab") as output:
        # A session of its own: Ctrl-C is for us, and we end it.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd, env=env, start_new_session=True
        )
    try:
        _wait_until_listening(process, port, log)
        yield process.pid
    finally:
        _end(process)


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path, timeout: float = 90.0) -> None:
    deadline = time.monotonic() + timeout
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise DidNotStart(f"{process.args!r} does not listen:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes], patience: float = 15.0) -> None:
    """Asks the process to end, then ends whatever of its tree is still there."""
    tree = _tree(process.pid)
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for member in tree:
        now = _stats().get(member.pid)
        if now is not None and now.started == member.started:  # not another process with the same number
            with suppress(ProcessLookupError):
                os.kill(member.pid, signal.SIGKILL)
