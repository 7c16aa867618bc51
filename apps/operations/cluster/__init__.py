"""The production topology as local processes: PostgreSQL, Redis, web, voice, worker, and an edge server in front.

`manage.py cluster` is the supervisor; `Cluster` is a handle on one, from any other process:

    from apps.operations.cluster import Cluster

    with Cluster(folder, web=2, voice=2, workers=1, demo=False) as cluster:    # starts; stops at the end
        cluster.url                     # "http://127.0.0.1:41234", the edge
        cluster.processes               # {"web1": Process(name, role, pid, port, is_ready, restarts), …}, as of now
        cluster.environment             # what the product's processes are told: DATABASE_URL (the runtime role),
                                        # DATABASE_OWNER_URL, REDIS_URL, SECRET_KEY, CALLSPHERE_VAR, DEBUG, …
        cluster.kill("voice1")          # SIGKILL; the supervisor starts it again
        cluster.signal("web2", signal.SIGSTOP)
        cluster.restart("worker1")      # SIGTERM, and returns once its successor is ready
        cluster.restart_postgres()      # the same, immediate=True without a checkpoint
        cluster.restart_redis()
        cluster.roll()                  # the rolling restart: migrate, then one process after the other
        cluster.wait_ready()            # until every process answers

Names: postgres, redis, edge, web1…, voice1…, worker1…; `demo1` where live=True. `Cluster.attached(folder)` is a handle
on one that somebody else has started. Needs no Django; methods block (`asyncio.to_thread`) and raise ClusterError.
State lies in the folder: `status.json`, `<name>.pid`, `log/<name>.log`, `secrets.json`, and the data.
"""

from apps.operations.cluster.handle import Cluster
from apps.operations.cluster.places import ClusterError, Process

__all__ = ["Cluster", "ClusterError", "Process"]
