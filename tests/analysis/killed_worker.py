"""Two workers that are killed (SIGKILL) at random moments, again and again, and at last one that is let finish.

Run as a process of its own: it forks its workers, which is quicker than starting them. On stdin: the database.
"""

import datetime as dt
import json
import os
import random
import signal
import sys
import time
from typing import NoReturn

LEASE = dt.timedelta(seconds=2)


def _work(began: dt.datetime, until_done: bool) -> NoReturn:
    from apps.analysis import work
    from apps.analysis.models import Analysis
    from apps.common.duties import Duty, perform
    from apps.tenants.scope import all_tenants

    work.LEASE, work.AT_ONCE, work.ROUNDS = LEASE, 4, 2
    started = time.monotonic()
    while True:
        # The conversations' own day, and the time that has passed since: leases lapse as they would.
        now = began + dt.timedelta(seconds=time.time() % 10_000)
        perform(Duty("judge", 0.02, work.perform), now)
        if until_done:
            with all_tenants(reason="the test waits for the end"):
                if Analysis.objects.filter(status="done").count() >= 60:
                    os._exit(0)
            if time.monotonic() - started > 60:
                os._exit(1)
        time.sleep(0.02)


def main(kills: int, seed: int, began: str) -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"].update(json.load(sys.stdin))
    django.setup()
    chance = random.Random(seed)
    moment = dt.datetime.fromisoformat(began)
    for _ in range(kills):
        children = []
        for _ in range(2):
            if (child := os.fork()) == 0:
                _work(moment, until_done=False)
            children.append(child)
        for child in children:
            time.sleep(chance.uniform(0.05, 0.4))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    _work(moment, until_done=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
