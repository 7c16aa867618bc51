"""Two workers at once that are killed (SIGKILL) at random moments, and at last one that is let finish.

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

TURN = 0.02
"""Seconds between two looks at the timers, instead of a second: more moments at which a kill can hurt."""

LEASE = dt.timedelta(seconds=3)
"""Longer than a worker that lives takes for an order, on a busy machine too."""


def _work(until_done: bool) -> NoReturn:

    from apps.common.duties import Duty, Worker
    from apps.telephony import placing
    from apps.tenants.scope import all_tenants
    from apps.verticals.after_hours import escalation, outreach
    from apps.verticals.after_hours.models import Incident, Outreach

    outreach.LEASE = placing.SETTLE_AFTER = LEASE
    Worker([Duty("climb", TURN, escalation.climb), Duty("reach out", TURN, outreach.reach_out)]).start()
    while True:
        time.sleep(0.2)
        if until_done:
            with all_tenants(reason="the test waits for the end"):
                waits = Incident.objects.filter(due_at__isnull=False).exists()
                waits = waits or Outreach.objects.filter(status="waiting").exists()
            if not waits:
                os._exit(0)


def main(kills: int, seed: int) -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"].update(json.load(sys.stdin))
    django.setup()
    chance = random.Random(seed)
    for _ in range(kills):
        children = []
        for _ in range(2):
            if (child := os.fork()) == 0:
                _work(until_done=False)
            children.append(child)
        for child in children:
            time.sleep(chance.uniform(0.01, 0.25))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    _work(until_done=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
