"""What happens at the tenant of the floor's benchmark: a process with the product's code on the server's state.

`python bench/floors/desk.py <agents> [--migrated]` makes the tenant, then does what lines of JSON on its input ask, and
answers each with a line, `null` while Redis or the database is away: `{"tickets": n}` with as many tickets; `{"events":
n, "every": s, "seconds": s}` adds n turns in one transaction each `every` seconds and answers how many; `{"act": seed}`
lets one thing happen; `{"session": true}` logs the manager in; `{"state": true}` is the floor as the database has it.
"""

import json
import sys
import time
from contextlib import suppress
from typing import Any

import django

PASSWORD = "callsphere-bench"


def main(agents: int, *, migrates: bool) -> None:
    """Until its input ends."""
    from django.db import Error as DatabaseError
    from django.db import close_old_connections
    from django.utils import timezone
    from redis.exceptions import RedisError

    from apps.dashboard.core.messages import encode
    from apps.dashboard.reading import snapshot
    from apps.tenants.scope import tenant_scope
    from floors.team import Team

    team = Team(agents, migrates=migrates)
    print(json.dumps({"tenant": team.tenant.pk}), flush=True)
    answer = "null"
    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        close_old_connections()
        with suppress(RedisError, DatabaseError), tenant_scope(team.tenant.pk):
            if "tickets" in asked:
                answer = json.dumps(team.tickets(asked["tickets"]))
            elif "state" in asked:
                answer = encode(snapshot(now=timezone.now())).decode()
            elif "session" in asked:
                answer = json.dumps(team.session())
            elif "act" in asked:
                answer = json.dumps(team.act(asked["act"]))
            else:
                answer = json.dumps({"written": write(team, **asked)})
        print(answer, flush=True)
        answer = "null"


def write(team: Any, *, events: int, every: float, seconds: float) -> int:
    """How many turns were added."""
    rounds, began = round(seconds / every), time.monotonic()
    for number in range(rounds):
        team.say(events)
        time.sleep(max(0.0, began + (number + 1) * every - time.monotonic()))
    return rounds * events


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]), migrates="--migrated" not in sys.argv)
