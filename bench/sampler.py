"""Runs `manage.py <arguments>` and samples what its CPU goes into: the child's side of hotspots.py.

`python bench/sampler.py <output> serve --port 8000`, from the repository's root. SIGUSR1 begins the next phase (before
the first one nothing is kept), SIGUSR2 writes `output`. Every few ms of CPU (ITIMER_PROF; the kernel's tick is its
limit) the main thread walks the stacks of all threads. A sample weighs the CPU that the process used since the last
one, so that the weights add up to what the process used, and the walking itself is not in it. A thread at rest gets
nothing; what the event loop does in C between two callbacks shows as its `run`.
"""

import json
import os
import runpy
import signal
import sys
from collections import defaultdict
from pathlib import Path
from threading import main_thread
from time import clock_gettime, process_time, pthread_getcpuclockid
from types import CodeType, FrameType

EVERY = 0.002
"""CPU seconds between samples."""
_AT_REST = ("/threading.py", "/queue.py", "/concurrent/futures/thread.py", "/selectors.py", "/asyncio/runners.py")
"""Where a thread's innermost function is while it waits for work."""

Stack = tuple[CodeType, ...]


class Sampler:
    """CPU seconds by phase and stack, the innermost function first."""

    def __init__(self, output: Path) -> None:
        self.output = output
        self.phase = -1
        self.samples = 0
        self.seconds: defaultdict[tuple[int, Stack], float] = defaultdict(float)
        self.main = main_thread().ident or 0
        self.threads: dict[int, float] = {}
        self.used = process_time()

    def install(self) -> None:
        signal.signal(signal.SIGPROF, self._sample)
        signal.signal(signal.SIGUSR1, self._begin_next_phase)
        signal.signal(signal.SIGUSR2, self._write)
        signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)

    def _begin_next_phase(self, number: int, frame: FrameType | None) -> None:
        self._sample(number, frame)
        self.phase += 1

    def _sample(self, number: int, frame: FrameType | None) -> None:
        seconds = process_time() - self.used
        leaves = sys._current_frames()
        if frame is None:
            del leaves[self.main]
        else:
            leaves[self.main] = frame  # rather than this function
        before, self.threads = self.threads, _clocks(list(leaves))
        if self.phase >= 0:
            self.samples += 1
            busy = {
                ident: self.threads[ident] - before.get(ident, 0.0)
                for ident, leaf in leaves.items()
                if not leaf.f_code.co_filename.endswith(_AT_REST)
            }
            total = sum(busy.values())
            for ident, spent in busy.items() if total else [(self.main, 1.0)]:
                self.seconds[self.phase, _stack(leaves.get(ident))] += seconds * spent / (total or 1.0)
        self.threads = _clocks(list(leaves))
        self.used = process_time()

    def _write(self, number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        stacks = [(phase, seconds, [_name(c) for c in stack]) for (phase, stack), seconds in self.seconds.items()]
        unfinished = self.output.with_suffix(".part")
        unfinished.write_text(json.dumps({"samples": self.samples, "stacks": stacks}))
        unfinished.rename(self.output)


def _clocks(threads: list[int]) -> dict[int, float]:
    """CPU seconds of each thread so far."""
    return {ident: clock_gettime(pthread_getcpuclockid(ident)) for ident in threads}


def _stack(frame: FrameType | None) -> Stack:
    codes = []
    while frame is not None:
        codes.append(frame.f_code)
        frame = frame.f_back
    return tuple(codes)


def _name(code: CodeType) -> str:
    """`apps/live/hub.py:Hub._flush`; packages from their own folder on."""
    path = code.co_filename
    for root in (f"{os.getcwd()}/", "/site-packages/", f"/python{sys.version_info[0]}.{sys.version_info[1]}/"):
        if root in path:
            path = path.rpartition(root)[2]
    return f"{path}:{code.co_qualname}"


if __name__ == "__main__":
    Sampler(Path(sys.argv[1])).install()
    sys.path[0] = os.getcwd()
    sys.argv = ["manage.py", *sys.argv[2:]]
    runpy.run_path("manage.py", run_name="__main__")
