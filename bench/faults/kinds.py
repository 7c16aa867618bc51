"""What happens in a trial of each kind of fault."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Literal

from faults.client import Manner, Told, Visitor
from faults.cluster import WIDGET_KEY, Lane
from faults.plan import plan_of
from faults.provider import Cut, CutKind, Provider
from faults.proxy import Proxy

OVER_WITHIN = 20.0
"""Seconds after a fault in which every run must be over: a lease of 10 s, and 10 s."""
SLACK = 15.0
"""Seconds that a busy machine may take longer."""
LEAVES_WITHIN = 15.0
"""Bound of a worker's drain."""
LONG = 0.15
"""Share of drains beside an answer that takes longer than the worker has; the others are quick to try."""
UNAFFECTED = 5.0
"""Longest silence in seconds of a client beside a slow one."""
_SHAPES = ("talk", "talk", "tools", "tools", "book")


@dataclass
class Trial:
    """One trial: its chance, its lane, and what its visitors were told."""

    name: str
    chance: random.Random
    lane: Lane
    provider: Provider
    told: list[tuple[Visitor, Told]] = field(default_factory=list)
    problems: list[tuple[Literal["orphan", "answer"], str]] = field(default_factory=list)
    """What went wrong beside the visitors."""
    notes: list[tuple[float, str]] = field(default_factory=list)
    errors: bool = False
    """Whether the fault excuses a retryable error."""
    leaving: float = 0.0
    """Seconds that a drained worker took."""
    spawned: list[asyncio.Task[None]] = field(default_factory=list)

    def note(self, words: str) -> None:
        self.notes.append((asyncio.get_running_loop().time(), words))

    def message(self, shape: str = "") -> str:
        return f"{shape or self.chance.choice(_SHAPES)} {self.name}/{self.chance.getrandbits(40):x}"

    async def talk(
        self,
        *,
        message: str = "",
        at: int | None = None,
        delay: float = 0.0,
        outage: float = 0.0,
        manner: Manner | None = None,
        ports: list[int] | None = None,
    ) -> Told:
        """A visitor's message, answered; `outage` is how many seconds the fault may keep the answer waiting."""
        message = message or self.message()
        visitor = Visitor(ports or self.lane.ports, WIDGET_KEY, random.Random(self.chance.random()))
        await asyncio.sleep(delay)
        # Its answer may have to be told again from the last finished step.
        patience = 2 * plan_of(message).seconds + outage + OVER_WITHIN + SLACK
        told = await visitor.say(message, at=at, manner=manner, patience=patience)
        self.told.append((visitor, told))
        return told

    def again_later(self, work: Coroutine[Any, Any, None]) -> None:
        """Starts a worker beside the talks; the trial waits for it at its end."""
        self.spawned.append(asyncio.create_task(work))

    async def settled(self) -> None:
        await asyncio.gather(*self.spawned)


async def _with_talks(trial: Trial, fault: Awaitable[None], *, outage: float = 0.0, **how: Any) -> None:
    """Four to six talks at random stages beside the fault."""
    talks = [
        trial.talk(delay=trial.chance.uniform(0, 1.5), outage=outage, **how) for _ in range(trial.chance.randint(4, 6))
    ]
    await asyncio.gather(*talks, fault)


async def kill_generating(trial: Trial) -> None:
    """kill -9 of the worker that generates every run."""
    victim = trial.chance.randrange(len(trial.lane.workers))
    trial.errors = True
    await _with_talks(trial, _kill(trial, victim), at=victim)


async def kill_streaming(trial: Trial) -> None:
    """kill -9 of the worker that only streams: the runs are another one's."""
    victim = trial.chance.randrange(len(trial.lane.workers))
    other = (victim + 1) % len(trial.lane.workers)
    manner = Manner(moves=((1, victim),))
    await _with_talks(trial, _kill(trial, victim), at=other, manner=manner)


async def _kill(trial: Trial, victim: int) -> None:
    worker = trial.lane.workers[victim]
    await asyncio.sleep(trial.chance.uniform(0.2, 3.0))
    trial.note(f"kill -9 of worker {victim}")
    await worker.kill()
    trial.again_later(worker.start())


async def restart_redis(trial: Trial) -> None:
    """Redis leaves, by SIGTERM or SIGKILL, and comes back within 3 s."""
    trial.errors = True
    number = trial.chance.choice((signal.SIGTERM, signal.SIGKILL))
    down = trial.chance.choice((0.0, trial.chance.uniform(0, 3)))

    async def restart() -> None:
        await asyncio.sleep(trial.chance.uniform(0.2, 3.0))
        trial.note(f"{number.name} to Redis, down for {down:.1f} s")
        trial.lane.redis.signal(number)
        await trial.lane.redis.ended(10)
        await asyncio.sleep(down)
        await trial.lane.redis.start()
        trial.note("Redis is back")

    await _with_talks(trial, restart(), outage=down)


async def cut_provider(trial: Trial) -> None:
    """The provider breaks off an answer, once or twice; or each time, until the run must say so."""
    message = trial.message()
    steps = plan_of(message).steps
    number = trial.chance.randrange(len(steps))
    kinds: tuple[CutKind, ...] = ("reset", "truncated", "error", "unfinished", "refused")
    trial.errors = is_gone = trial.chance.random() < 0.2
    for _ in range(12 if is_gone else trial.chance.randint(1, 2)):
        cut = Cut(number, trial.chance.randint(0, len(steps[number].words)), trial.chance.choice(kinds))
        trial.provider.cuts[message].append(cut)
        trial.note(f"the provider will cut: {cut}")
    told = await trial.talk(message=message)
    trial.provider.cuts.pop(message, None)
    if is_gone and told.events and told.events[-1].data.get("reason") != "error":
        trial.problems.append(("answer", "the provider was gone, and the run did not end with an error"))


async def slow_client(trial: Trial) -> None:
    """One client reads nothing for seconds while others go on beside it."""
    manner = Manner(pause=(trial.chance.randint(1, 300), trial.chance.uniform(2, 6)), receive_buffer=2_048)
    worker = trial.chance.randrange(len(trial.lane.workers))
    beside = [trial.talk(message=trial.message("talk"), at=worker, delay=n) for n in range(2)]
    _, *others = await asyncio.gather(
        trial.talk(message=trial.message("flood"), at=worker, manner=manner, outage=20), *beside
    )
    for told in others:
        if told.longest_silence > UNAFFECTED:
            trial.problems.append(("answer", f"a client beside waited for {told.longest_silence:.1f} s"))


async def drop_by_proxy(trial: Trial) -> None:
    """A proxy between client and workers cuts connections at random."""
    proxies = [Proxy(port, trial.chance, cuts=trial.chance.randint(1, 3)) for port in trial.lane.ports]
    for proxy in proxies:
        await proxy.start()
    try:
        await trial.talk(ports=[proxy.port for proxy in proxies])
    finally:
        for proxy in proxies:
            proxy.close()


async def drain(trial: Trial) -> None:
    """SIGTERM to a worker under load."""
    victim = trial.chance.randrange(len(trial.lane.workers))

    async def leave() -> None:
        worker = trial.lane.workers[victim]
        await asyncio.sleep(trial.chance.uniform(0.2, 3.0))
        trial.note(f"SIGTERM to worker {victim}")
        began = asyncio.get_running_loop().time()
        worker.signal(signal.SIGTERM)
        if not await worker.ended(LEAVES_WITHIN):
            trial.problems.append(("orphan", f"worker {victim} is still there {LEAVES_WITHIN:.0f} s after SIGTERM"))
            await worker.kill()
        trial.leaving = asyncio.get_running_loop().time() - began
        trial.note(f"worker {victim} left after {trial.leaving:.1f} s")
        trial.again_later(worker.start())

    async def long_talk() -> None:
        if trial.chance.random() < LONG:
            await trial.talk(message=trial.message("long"), at=victim, outage=LEAVES_WITHIN)

    await asyncio.gather(long_talk(), _with_talks(trial, leave(), outage=LEAVES_WITHIN))


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault. `together` is how many of its trials share a lane at a time."""

    title: str
    perform: Callable[[Trial], Awaitable[None]]
    together: int = 1


KINDS = {
    "a": Kind("kill -9, generating", kill_generating),
    "b": Kind("kill -9, streaming", kill_streaming),
    "c": Kind("Redis restarted", restart_redis),
    "d": Kind("provider cut", cut_provider, together=4),
    "e": Kind("slow client", slow_client, together=2),
    "f": Kind("proxy drop", drop_by_proxy, together=4),
    "g": Kind("drain", drain),
}
