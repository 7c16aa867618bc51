"""A thousand visitors at once on one process: is every token delivered, how evenly, and what does a stream weigh?

`python bench/open_streams.py [--streams 1000] [--rate 5] [--seconds 30] [--opening 30] [--asgi uvicorn]`. The streams
open evenly over `opening` seconds and are then all open for `seconds`; the same is asked of the provider alone, whose
gaps are what the machine makes of it. See bench/README.md.
"""

import argparse
import resource
import signal
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import asgi_servers
import servers
import uvloop
from load import Readings, Refused, Target
from measuring import Mark, mark
from processes import DidNotStart, Missing
from provider import Answer
from report import markdown, percentile
from rounds import PATIENCE, Moments, answers, warm_up

FILES_PER_STREAM = 3
"""Descriptors: a client, the provider, and room for the rest."""


@dataclass(frozen=True, slots=True)
class Round:
    name: str
    readings: Readings
    at: Moments[Mark]
    expected: int

    @property
    def gaps(self) -> list[float]:
        """Seconds, while every stream was open."""
        return self.readings.gaps[self.at.begun.gaps : self.at.ending.gaps]

    @property
    def whole(self) -> bool:
        return self.readings.tokens == self.expected and self.readings.whole == self.readings.streams

    def row(self) -> list[str]:
        at, readings = self.at, self.readings
        seconds = at.ending.at - at.begun.at
        cpu = at.ending.used.cpu - at.begun.used.cpu
        tokens = at.ending.tokens - at.begun.tokens
        weights = [(moment.used.rss - at.before.used.rss) / readings.streams for moment in (at.begun, at.ending)]
        return [
            self.name,
            f"{readings.tokens:,} of {self.expected:,}, {readings.whole:,} of {readings.streams:,} ended",
            f"{seconds:.0f}",
            " / ".join(f"{percentile(readings.firsts, percent) * 1e3:.0f}" for percent in (50, 99)),
            " / ".join(f"{percentile(self.gaps, percent) * 1e3:.0f}" for percent in (50, 99)),
            f"{cpu / seconds:.2f}",
            f"{cpu / tokens * 1e6:.0f}",
            " / ".join(f"{weight:.0f}" for weight in weights),
        ]


COLUMNS = (
    "server",
    "tokens delivered",
    "all open, s",
    "first token p50 / p99 ms",
    "gap p50 / p99 ms",
    "cores",
    "CPU µs / token",
    "kB / stream, all begun / ending",
)


async def _round(target: Target, pid: int, streams: int, rate: float, opening: float, seconds: float) -> Round:
    await warm_up(target)
    answer = Answer(int((opening + seconds) * rate))
    readings = Readings(streams)
    within = PATIENCE * (opening + seconds)
    at = await answers(target, readings, answer, note=partial(mark, pid, readings), within=within, spread=opening)
    return Round(target.name, readings, at, streams * answer.tokens)


def allow_files(count: int) -> None:
    """Raises the limit on open files, for us and for what we start.

    Raises:
        DidNotStart: the machine does not allow so many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return
    if hard != resource.RLIM_INFINITY and hard < count:
        raise DidNotStart(f"{count} open files are needed; the machine allows {hard}: ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def main() -> int:
    """Prints the table; 1 when a token was lost or a stream not ended."""
    parser = argparse.ArgumentParser(description="Many open streams on one process.")
    parser.add_argument("--streams", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=5.0, help="tokens a second of each stream")
    parser.add_argument("--seconds", type=float, default=30.0, help="for which all of them are open")
    parser.add_argument("--opening", type=float, default=30.0, help="seconds over which they open")
    parser.add_argument("--asgi", default="uvicorn", choices=asgi_servers.SERVERS)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended, too
    load = (given.streams, given.rate, given.opening, given.seconds)
    try:
        allow_files(FILES_PER_STREAM * given.streams + 200)
        with tempfile.TemporaryDirectory(prefix="cs-bench-") as scratch:
            folder = Path(scratch)
            with servers.provider(given.rate, folder) as (stub, stub_pid):
                rounds = [uvloop.run(_round(stub, stub_pid, *load))]
                with servers.ours(stub.port, folder, asgi=given.asgi) as (target, pid):
                    rounds.append(uvloop.run(_round(target, pid, *load)))
    except (DidNotStart, Missing, Refused) as reason:
        print(reason, file=sys.stderr)
        return 1
    print(markdown(COLUMNS, [each.row() for each in rounds]))
    alone, ours = (percentile(each.gaps, 99) * 1e3 for each in rounds)
    print(f"\nGap p99 over the provider's: {ours - alone:.0f} ms.")
    return 0 if all(each.whole for each in rounds) else 1


if __name__ == "__main__":
    sys.exit(main())
