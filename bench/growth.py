"""Does an answer cost more late in a conversation, or on a server that has answered much? It should not.

`python bench/growth.py [--streams 50] [--seconds 6] [--rate 25] [--repeat 3]` prints a table for each; see
bench/README.md.
"""

import argparse
import json
import signal
import sys
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from pathlib import Path
from statistics import linear_regression, median
from typing import Any

import servers
import uvloop
from load import Readings, Refused, Target
from measuring import cpu_per_token, mark
from processes import DidNotStart
from provider import Answer
from report import markdown
from rounds import PATIENCE, answers, warm_up

TURNS = (0, 10, 50, 200)
"""Of a conversation, before the message that is measured."""
RUNS = (0, 1_000, 10_000)
"""Finished, beside the few that the benchmark itself needs."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of the server's process tree, Redis included."""

    token: float
    """While every stream is open."""
    answer: float
    """Beyond that."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A running product, and how much load each point of a curve gets."""

    target: Target
    pid: int
    env: Mapping[str, str]
    streams: int
    answer: Answer
    within: float
    """Seconds after which a round is given up."""
    repeat: int

    def cost(self, target: Target) -> Cost:
        """The median of some rounds."""
        costs = [uvloop.run(self._round(target)) for _ in range(self.repeat)]
        return Cost(median(cost.token for cost in costs), median(cost.answer for cost in costs))

    async def _round(self, target: Target) -> Cost:
        readings = Readings(self.streams)
        note = partial(mark, self.pid, readings)
        at = await answers(target, readings, self.answer, note=note, within=self.within)
        token = cpu_per_token(at.begun, at.ending)
        if readings.whole != self.streams:
            raise Refused(f"{readings.whole} of {self.streams} answers were whole: {readings.broken!r}")
        if token is None:
            raise Refused("The streams were not all open for a second: more --seconds, or fewer --streams.")
        used = at.settled.used.cpu - at.before.used.cpu
        return Cost(token, (used - token * readings.tokens) / self.streams)

    def by_turns(self, turns: int) -> Cost:
        """In conversations of so many turns; each answer goes to another one, and each round has new ones."""
        costs = []
        for _ in range(self.repeat):
            script = ("conversations", servers.WIDGET_KEY, str(self.streams), str(turns))
            known = json.loads(servers.run_script("history.py", *script, env=self.env))
            costs.append(replace(self, repeat=1).cost(replace(self.target, ask=_continuing(known))))
        return Cost(median(cost.token for cost in costs), median(cost.answer for cost in costs))

    def by_runs(self, before: int, runs: int) -> Cost:
        """In new conversations, after the finished runs were brought from `before` to `runs`."""
        servers.run_script("history.py", "runs", str(runs - before), env=self.env)
        uvloop.run(self._round(self.target))  # uncounted: the copying leaves cold caches and a log to be compacted
        return self.cost(self.target)


def _continuing(known: Sequence[tuple[str, str]]) -> servers.Ask:
    """Each request goes on with another of the conversations (id, visitor token)."""
    following, address = cycle(known), servers.addresses()

    def ask(answer: Answer) -> tuple[dict[str, str], Any]:
        conversation, token = next(following)
        headers = {"X-Widget-Key": servers.WIDGET_KEY, "Authorization": f"Bearer {token}"}
        message = {"message": servers.words(answer), "message_id": str(uuid.uuid4()), "conversation": conversation}
        return headers | {"X-Forwarded-For": next(address)}, message

    return ask


def curve(title: str, per: int, points: Mapping[int, Cost]) -> str:
    """A table of the points, and the slopes by least squares, for each `per` more."""
    first = next(iter(points.values()))
    rows = [
        [
            f"{size:,}",
            f"{cost.token * 1e6:.0f}",
            f"{cost.token / first.token:.2f}",
            f"{cost.answer * 1e3:.1f}",
            f"{cost.answer / first.answer:.2f}",
        ]
        for size, cost in points.items()
    ]
    sizes = list(points)
    tokens = linear_regression(sizes, [cost.token * 1e6 for cost in points.values()]).slope * per
    ends = linear_regression(sizes, [cost.answer * 1e3 for cost in points.values()]).slope * per
    columns = (title, "CPU µs / token", "× first", "CPU ms / answer", "× first")
    return f"{markdown(columns, rows)}\n\nSlope for each {per:,}: {tokens:+.1f} µs a token, {ends:+.2f} ms an answer.\n"


def main() -> int:
    """Prints both curves; 1 when the product did not answer."""
    parser = argparse.ArgumentParser(description="What an answer costs late in a conversation, and after many others.")
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rate", type=float, default=25.0, help="tokens a second of each stream")
    parser.add_argument("--repeat", type=int, default=3, help="rounds for each point, of which the median counts")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended, too
    answer, within = Answer(int(given.seconds * given.rate)), 30 + PATIENCE * given.seconds
    try:
        with tempfile.TemporaryDirectory(prefix="cs-bench-") as scratch:
            folder = Path(scratch)
            with servers.provider(given.rate, folder) as (stub, _), servers.ours(stub.port, folder) as (target, pid):
                env = servers.product_environment(stub.port, folder)
                bench = Bench(target, pid, env, given.streams, answer, within, given.repeat)
                uvloop.run(warm_up(target))
                bench.cost(target)
                turns = {count: bench.by_turns(count) for count in TURNS}
                print(curve("turns before", 100, turns), flush=True)
                runs = {count: bench.by_runs(before, count) for before, count in zip((0, *RUNS), RUNS, strict=False)}
                print(curve("finished runs", 1_000, runs))
    except (DidNotStart, Refused) as reason:
        print(reason, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
