"""One process of the cluster: started, watched, started again when it dies, replaced in a rolling restart."""

import asyncio
import os
import signal
import time
from asyncio.subprocess import DEVNULL
from asyncio.subprocess import Process as Child
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from apps.operations.cluster.places import ClusterError, Process

FIRST_WAIT, LONGEST_WAIT = 0.2, 10.0
"""Seconds before one that died is started again; the wait doubles with each death."""
STEADY = 30.0
"""Seconds after which one that lives has been started well, and the next death is a first one."""
LOOK, LOOK_AGAIN = 0.1, 5.0
"""Seconds between two looks whether a process answers: until it does, and from then on."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """How a process is started and ended.

    Args:
        is_ready: whether it answers; errors count as no.
        ends_with: the signal that asks it to leave.
        patience: seconds it may take to leave; then it is killed.
        user: the system user it runs as; None = ours.
    """

    name: str
    role: str
    command: Sequence[str]
    env: Mapping[str, str]
    is_ready: Callable[[], Awaitable[bool]]
    cwd: Path
    log: Path
    port: int | None = None
    ends_with: signal.Signals = signal.SIGTERM
    patience: float = 10.0
    user: str | None = None


@dataclass(eq=False)
class Machine:
    kind: Kind
    say: Say
    changed: Callable[[], None]
    child: Child | None = None
    is_ready: bool = False
    restarts: int = 0
    leaving: dict[int, Child] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _stopping: bool = False
    _deaths: int = 0
    _look: asyncio.Event = field(default_factory=asyncio.Event)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def process(self) -> Process:
        """As others see it."""
        pid = self.child.pid if self.child is not None and self.child.returncode is None else 0
        kind = self.kind
        return Process(kind.name, kind.role, pid, kind.port, self.is_ready, self.restarts, sorted(self.leaving))

    async def start(self) -> None:
        """Starts it; `until_ready` waits."""
        if not self._tasks:
            self._begin(self._looking())
        await self._spawn()

    async def until_ready(self, *, within: float) -> None:
        """Raises ClusterError when it does not answer in time."""
        try:
            async with asyncio.timeout(within):
                await self._ready.wait()
        except TimeoutError:
            raise ClusterError(f"{self.kind.name} does not answer after {within:.0f} s: see {self.kind.log}") from None

    async def replace(self, *, within: float) -> None:
        """A successor on the same port while the old one finishes what it has begun. Returns once it answers.

        Raises:
            ClusterError: it does not answer `within` seconds.
        """
        old, self.child = self.child, None
        if old is not None and old.returncode is None:
            self.leaving[old.pid] = old
            self._set(False)
            old.send_signal(self.kind.ends_with)
            self._begin(self._end(old))
            await self._given_up_port(old, within)
        await self._spawn()
        await self.until_ready(within=within)

    async def stop(self) -> None:
        """Ends it and its predecessors, within its patience."""
        self._stopping = True
        children = [child for child in (self.child, *self.leaving.values()) if child is not None]
        for child in children:
            with suppress(ProcessLookupError):
                child.send_signal(self.kind.ends_with)
        await asyncio.gather(*(self._end(child) for child in children))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._set(False)

    def kill(self) -> None:
        """At once."""
        for child in (self.child, *self.leaving.values()):
            if child is not None and child.returncode is None:
                with suppress(ProcessLookupError):
                    child.kill()

    async def gone(self) -> None:
        """Returns once no predecessor is left."""
        await asyncio.gather(*(child.wait() for child in list(self.leaving.values())))

    def _begin(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _spawn(self) -> None:
        if self._stopping:
            return
        kind = self.kind
        with kind.log.open("ab") as output:
            # A session of its own: Ctrl-C reaches the supervisor alone, which ends them in order.
            self.child = await asyncio.create_subprocess_exec(
                *kind.command,
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                cwd=kind.cwd,
                env=kind.env,
                start_new_session=True,
                user=kind.user,
                group=kind.user,
                extra_groups=None if kind.user is None else [],
            )
        self._begin(self._watch(self.child))
        self._set(False)

    async def _watch(self, child: Child) -> None:
        """Starts it again when it dies as long as nobody wants it to."""
        began = time.monotonic()
        await child.wait()
        with suppress(ProcessLookupError):  # its own children: without nginx's master, its workers would keep the port
            os.killpg(child.pid, signal.SIGKILL)
        self.leaving.pop(child.pid, None)
        if child is not self.child or self._stopping:
            self.changed()
            return
        self._set(False)
        self._deaths = 0 if time.monotonic() - began > STEADY else self._deaths + 1
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** max(0, self._deaths - 1))
        self.say(f"!! {self.kind.name} ({child.pid}) ended with {_told(child.returncode)}; again in {wait:g} s")
        self.restarts += 1
        await asyncio.sleep(wait)
        if child is self.child:  # nobody has replaced it meanwhile
            await self._spawn()

    async def _looking(self) -> None:
        while True:
            self._look.clear()
            child = self.child
            answers = child is not None and child.returncode is None and await self._answers()
            if child is self.child and answers != self.is_ready:
                if answers and self.restarts:
                    self.say(f"{self.kind.name} ({child.pid if child else 0}) is ready")
                self._set(answers)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AGAIN if answers else LOOK):
                    await self._look.wait()

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(5):
                return await self.kind.is_ready()
        except Exception:  # whatever it is: it does not answer as it should
            return False

    def _set(self, is_ready: bool) -> None:
        self.is_ready = is_ready
        (self._ready.set if is_ready else self._ready.clear)()
        self._look.set()
        self.changed()

    async def _given_up_port(self, old: Child, within: float) -> None:
        """A server gives its port up as the first thing when it is told to leave."""
        deadline = time.monotonic() + within
        while old.returncode is None and self.kind.port is not None and time.monotonic() < deadline:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.kind.port)
            except OSError:
                return
            writer.close()
            await asyncio.sleep(0.05)
        if self.kind.port is None:
            await old.wait()

    async def _end(self, child: Child) -> None:
        """Waits for its end; one that takes too long is killed."""
        try:
            async with asyncio.timeout(self.kind.patience):
                await child.wait()
        except TimeoutError:
            self.say(f"!! {self.kind.name} ({child.pid}) does not leave after {self.kind.patience:.0f} s and is killed")
            with suppress(ProcessLookupError):
                child.kill()
            await child.wait()


def _told(code: int | None) -> str:
    """How it ended, in words."""
    if code is not None and code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"status {code}"
