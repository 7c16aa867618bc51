"""What breaks, when, and how long it took until each kind of request was answered again."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from mixed_load.site import Site

EXCUSES_FOR = 15.0
"""Seconds after a fault in which a run that it broke may still end with an error: a lease of 10 s, and some."""


@dataclass
class Fault:
    """One of them. Times by the loop's clock, in seconds."""

    kind: str
    target: str
    began: float
    done: float = float("inf")
    """When what was broken is there again, as its supervisor sees it."""
    recovered: dict[str, float] = field(default_factory=dict)
    """By kind of request: seconds from the beginning until one was answered after which none had to wait, or failed."""
    failed: dict[str, int] = field(default_factory=dict)
    """By kind of request: how many failed."""

    def touches(self, began: float, ended: float, *, after: float = EXCUSES_FOR) -> bool:
        """Whether something that lasted from `began` to `ended` can have met it."""
        return began <= self.done + after and ended >= self.began


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault.

    Attributes:
        perform: returns when it is over.
        target: the role of the process that it is about, or "".
        excuses: whether a run of the chat may end with a retryable error.
        kills: whether a call may end with its process.
        takes_away: whether a part is away meanwhile, so that who calls just then hears an apology.
    """

    title: str
    perform: Callable[[Site, str], Awaitable[None]]
    target: str = ""
    excuses: bool = False
    kills: bool = False
    takes_away: bool = False


async def _kill(site: Site, target: str) -> None:
    await site.kill(target)


async def _restart(site: Site, target: str) -> None:
    await site.restart(target)


KINDS = (
    Kind("web killed", _kill, "web", excuses=True),
    Kind("voice killed", _kill, "voice", kills=True),
    Kind("worker killed", _kill, "worker"),
    Kind("web restarted", _restart, "web"),
    Kind("voice restarted", _restart, "voice"),
    Kind("Redis restarted", lambda site, _: site.restart_redis(), excuses=True, takes_away=True),
    Kind("Redis killed", _kill, "redis", excuses=True, takes_away=True),
    Kind("PostgreSQL restarted", lambda site, _: site.restart_postgres(), excuses=True, takes_away=True),
    Kind("deploy", lambda site, _: site.deploy()),
)
FAILOVER = Kind("Redis failover", lambda site, _: site.fail_over(), excuses=True, takes_away=True)
"""With Sentinels, in place of a Redis that is killed or restarted: its replica takes over."""
_ALL = (*KINDS, FAILOVER)


def kinds_of(*, sentinels: bool) -> tuple[Kind, ...]:
    return (*(kind for kind in KINDS if not kind.title.startswith("Redis")), FAILOVER) if sentinels else KINDS


class Journal:
    """All faults so far."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def met(self, began: float, ended: float, *, after: float = EXCUSES_FOR) -> list[Fault]:
        """Those that something from `began` to `ended` can have met."""
        return [fault for fault in self.faults if fault.touches(began, ended, after=after)]

    def excuses(self, began: float, ended: float) -> bool:
        excusing = {kind.title for kind in _ALL if kind.excuses}
        return any(fault.kind in excusing for fault in self.met(began, ended))

    def away(self, began: float, ended: float) -> bool:
        """Whether a part may have been away meanwhile."""
        taking = {kind.title for kind in _ALL if kind.takes_away}
        return any(fault.kind in taking for fault in self.met(began, ended))

    def killed(self, began: float, ended: float) -> bool:
        """Whether a call's process may have been killed meanwhile."""
        killing = {kind.title for kind in _ALL if kind.kills}
        return any(fault.kind in killing for fault in self.met(began, ended))


def deck(chance: random.Random, kinds: Sequence[Kind]) -> Iterator[Kind]:
    """Kinds for ever, by chance, and each as often as any other: shuffled, dealt, shuffled again."""
    while True:
        cards = list(kinds)
        chance.shuffle(cards)
        yield from cards


async def aimed(kind: Kind, *, site: Site, journal: Journal, chance: random.Random) -> Fault:
    """A fault of that kind, which has begun; `strike` lets it happen."""
    names = await site.names(kind.target) if kind.target else [""]
    fault = Fault(kind.title, chance.choice(names), asyncio.get_running_loop().time())
    journal.faults.append(fault)
    return fault


async def strike(kind: Kind, fault: Fault, *, site: Site) -> None:
    """Returns when what was broken is there again."""
    await kind.perform(site, fault.target)
    fault.done = asyncio.get_running_loop().time()
