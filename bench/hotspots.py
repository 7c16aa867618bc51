"""What our CPU goes into under the load of chat.py: a sampling profile by function, in µs a token and ms an answer.

`python bench/hotspots.py [--streams 100] [--seconds 10] [--rate 25] [--top 40] [--collapsed FILE]`; see sampler.py for
how it samples. (Not named profile.py: the standard library's cProfile would import it in place of its own.)
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from time import monotonic, sleep

import servers
import uvloop
from load import Readings, Refused, Target
from processes import DidNotStart
from provider import Answer
from rounds import PATIENCE, Moments, answers, warm_up

SAMPLER = str(servers.BENCH / "sampler.py")
STREAMING = 1
"""Number of the phase in which every stream is open; in 0 they begin, in 2 they end."""

_BASES = ("asyncio/runners.py:Runner.run", "concurrent/futures/thread.py:_worker")
"""What runs everything else; the functions that called it are left out."""

Stacks = list[tuple[int, float, list[str]]]
"""(phase, CPU seconds, functions from the innermost out) of each."""


async def _load(target: Target, pid: int, streams: int, tokens: int, within: float) -> Moments[int]:
    """The round, each phase announced to the sampler; notes the tokens read so far."""
    await warm_up(target)
    readings = Readings(streams)

    def note() -> int:
        os.kill(pid, signal.SIGUSR1)
        return readings.tokens

    return await answers(target, readings, Answer(tokens), note=note, within=within)


def _profile(streams: int, seconds: float, rate: float) -> tuple[int, Stacks, Moments[int]]:
    """(number of samples, stacks, tokens)."""
    with tempfile.TemporaryDirectory(prefix="cs-bench-") as scratch:
        folder = Path(scratch)
        output = folder / "stacks.json"
        launcher = (SAMPLER, str(output))
        with servers.provider(rate, folder) as (stub, _), servers.ours(stub.port, folder, launcher=launcher) as started:
            target, pid = started
            tokens = uvloop.run(_load(target, pid, streams, int(seconds * rate), 30 + PATIENCE * seconds))
            samples, stacks = collect(pid, output, folder / "server.log")
    return samples, stacks, tokens


def collect(pid: int, output: Path, log: Path) -> tuple[int, Stacks]:
    """Has the sampler of a process write what it saw.

    Raises:
        DidNotStart: it does not; with the end of its log.
    """
    os.kill(pid, signal.SIGUSR2)
    deadline = monotonic() + 30
    while not output.exists() and monotonic() < deadline:
        sleep(0.05)
    if not output.exists():
        raise DidNotStart(log.read_text()[-2000:])
    found = json.loads(output.read_text())
    return found["samples"], [(phase, spent, _cut(stack)) for phase, spent, stack in found["stacks"]]


def _cut(stack: list[str]) -> list[str]:
    base = next((depth for depth, name in enumerate(stack) if name in _BASES), len(stack))
    return stack[: base + 1]


def table(title: str, stacks: Iterable[tuple[float, list[str]]], unit: float, top: int) -> str:
    """The functions with the largest cumulative share; `unit` makes seconds into what the title says."""
    own: defaultdict[str, float] = defaultdict(float)
    cumulative: defaultdict[str, float] = defaultdict(float)
    total = 0.0
    for seconds, stack in stacks:
        total += seconds
        own[stack[0] if stack else "?"] += seconds
        for name in set(stack):
            cumulative[name] += seconds
    lines = [f"\n## {title}: {total * unit:,.1f}\n"]
    for heading, values in (("by self", own), ("by cumulative", cumulative)):
        lines.append(f"{'self':>9} {'%':>5} {'cumul.':>9} {'%':>5}  function, {heading}")
        for name in sorted(values, key=lambda name: -values[name])[:top]:
            shares = f"{own[name] / total:5.1%} {cumulative[name] * unit:9.2f} {cumulative[name] / total:5.1%}"
            lines.append(f"{own[name] * unit:9.2f} {shares}  {name}")
        lines.append("")
    return "\n".join(lines)


def _write_collapsed(path: Path, stacks: Stacks) -> None:
    """One line a stack, outermost function first, and its µs: what flame graph tools read."""
    names = ("beginning", "streaming", "ending")
    lines = [
        f"{';'.join([names[phase], *reversed(stack)])} {seconds * 1e6:.0f}"
        for phase, seconds, stack in stacks
        if phase < 3
    ]
    path.write_text("\n".join(lines) + "\n")


def main() -> int:
    """Prints the profile; 1 when the product did not answer."""
    parser = argparse.ArgumentParser(description="A sampling profile of CallSphere under streams of chat.")
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=25.0, help="tokens a second of each stream")
    parser.add_argument("--top", type=int, default=40)
    parser.add_argument("--collapsed", type=Path, help="a file for the collapsed stacks (flame graphs)")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended, too
    try:
        samples, stacks, tokens = _profile(given.streams, given.seconds, given.rate)
    except (DidNotStart, Refused) as reason:
        print(reason, file=sys.stderr)
        return 1
    streaming = [(seconds, stack) for phase, seconds, stack in stacks if phase == STREAMING]
    rest = [(seconds, stack) for phase, seconds, stack in stacks if phase in (STREAMING - 1, STREAMING + 1)]
    print(f"{samples:,} samples; without Redis, which is another process")
    print(
        table("Beginning and ending, ms an answer (first and last tokens in it)", rest, 1e3 / given.streams, given.top)
    )
    print(table("Streaming, µs a token", streaming, 1e6 / (tokens.ending - tokens.begun), given.top))
    if given.collapsed:
        _write_collapsed(given.collapsed, stacks)
    return 0


if __name__ == "__main__":
    sys.exit(main())
