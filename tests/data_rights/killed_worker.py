"""Workers at an erasure that are killed (SIGKILL) at random moments, and at last one that is let finish.

Run as a process of its own: it forks its workers. On stdin: the database. Prints how many of the kills met a worker
that held a claim.
"""

import datetime as dt
import json
import os
import random
import signal
import sys
import time
from typing import NoReturn


def _work(until_done: bool) -> NoReturn:
    from apps.business.data_rights import erasures, requests
    from apps.common.duties import Duty, Worker
    from apps.tenants.scope import all_tenants

    requests.LEASE = dt.timedelta(seconds=0.4)
    requests.MOST_ATTEMPTS = 10_000
    erasures.SETTLES = 0.1
    erasures.BATCH = 20
    Worker([Duty("requests", 0.02, requests.perform)]).start()
    while True:
        time.sleep(0.2)
        if until_done:
            with all_tenants(reason="the test waits for the end"):
                if not requests.DataRequest.objects.filter(status__in=requests.OPEN).exists():
                    os._exit(0)


def _claim() -> str:
    """The claim on what is under way, "" when nobody has any, "over" when all is done; asked by a fork, for a fork
    shares no connection."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        from apps.business.data_rights import requests
        from apps.tenants.scope import all_tenants

        with all_tenants(reason="the test waits for a worker to be at work"):
            held = requests.DataRequest.objects.filter(status__in=requests.OPEN).values_list("claim", flat=True)
            os.write(writer, (held[0] if held else "over").encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        claim = told.read()
    os.waitpid(child, 0)
    return claim


def main(kills: int, seed: int) -> None:
    import django
    from django.conf import settings

    settings.DATABASES["default"].update(json.load(sys.stdin))
    django.setup()
    chance = random.Random(seed)
    hits, before = 0, _claim()
    for _ in range(kills):
        if (child := os.fork()) == 0:
            _work(until_done=False)
        while (claim := _claim()) in ("", before):  # however slow the machine is
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 0.2))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if claim == "over":
            break
        hits, before = hits + (_claim() != "over"), claim
    print(hits, flush=True)
    _work(until_done=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
