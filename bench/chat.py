"""What a streamed token of chat costs us, beside what it costs the routes that people write without us.

`python bench/chat.py` prints a table; see bench/README.md for what is measured and how. Everything runs on this
machine: a provider stub, one server at a time, and the load, each a process of its own.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import asgi_servers
import report
import servers
import uvloop
from load import Refused
from measuring import Plan, measure
from processes import DidNotStart, Missing
from report import Result

MAX_TOKENS = 1_800
"""Of one answer: ours cuts longer ones, as its visitors would want."""

Server = Callable[[int, Path], AbstractContextManager[servers.Started]]
NAMES = ("ours", "floor", "starlette", "node")


def chosen(names: list[str], asgi: list[str]) -> dict[str, Server]:
    """The servers by name; ours and the floor once for each ASGI server."""
    found: dict[str, Server] = {}
    for name in names:
        if name in ("ours", "floor"):
            found |= {f"{name}-{server}": partial(getattr(servers, name), asgi=server) for server in asgi}
        else:
            found[name] = getattr(servers, name)
    return found


def compare(plan: Plan, peers: dict[str, Server]) -> list[Result | str]:
    """The provider alone, then each server: its result, or a line that says why there is none."""
    rows: list[Result | str] = []
    with tempfile.TemporaryDirectory(prefix="cs-bench-") as folder, servers.provider(plan.rate, Path(folder)) as stub:
        target, pid = stub
        rows.append(uvloop.run(measure(target, pid, pid, Plan(plan.streams, min(plan.seconds, 2.0), plan.rate))))
        for name, server in peers.items():
            print(f"{name} …", file=sys.stderr, flush=True)
            scratch = Path(folder) / name
            scratch.mkdir()
            try:
                with server(target.port, scratch) as (peer, peer_pid):
                    rows.append(uvloop.run(measure(peer, peer_pid, pid, plan)))
            except (Missing, DidNotStart, Refused) as reason:
                rows.append(f"{name}: {reason}")
    return rows


def _arguments() -> tuple[Plan, dict[str, Server]]:
    parser = argparse.ArgumentParser(description="CPU per streamed token, beside peers in the same run.")
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rate", type=float, default=25.0, help="tokens a second of each stream")
    parser.add_argument("--servers", default=",".join(NAMES), help="comma-separated, of: " + ", ".join(NAMES))
    parser.add_argument(
        "--asgi", default="uvicorn", help="what ours and the floor run on, of: " + ", ".join(asgi_servers.SERVERS)
    )
    parser.add_argument("--no-memory", action="store_true", help="leave out kB / stream, the slowest part")
    given = parser.parse_args()
    names, asgi = given.servers.split(","), given.asgi.split(",")
    for option, words, known in (("--servers", names, NAMES), ("--asgi", asgi, asgi_servers.SERVERS)):
        if unknown := set(words) - set(known):
            parser.error(f"{option}: {', '.join(sorted(unknown))} unknown; there are {', '.join(known)}")
    weighed = () if given.no_memory else tuple(n * given.streams for n in (2, 3, 4))
    plan = Plan(given.streams, given.seconds, given.rate, weighed)
    if plan.streams < 1 or plan.rate <= 0 or not 2 / plan.rate <= plan.seconds <= MAX_TOKENS / plan.rate:
        parser.error(f"--seconds × --rate: 2 to {MAX_TOKENS} tokens an answer, and at least one stream")
    return plan, chosen(names, asgi)


def main() -> int:
    """Prints the table; 1 when a server lost a token."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended, too
    rows = compare(*_arguments())
    print(report.table(rows))
    return 0 if all(row.complete for row in rows if isinstance(row, Result)) else 1


if __name__ == "__main__":
    sys.exit(main())
