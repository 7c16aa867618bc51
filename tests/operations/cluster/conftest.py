import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.common.ports import free_port
from apps.operations.cluster import Cluster
from tests.edge.proxies import missing


@pytest.fixture(scope="session")
def carrier_port() -> int:
    """Where the simulated carrier will listen, of which the cluster knows from its start."""
    return free_port()


@pytest.fixture(scope="session")
def cluster(carrier_port: int) -> Iterator[Cluster]:
    """The whole topology with the demo tenants; all it writes is thrown away."""
    missing("nginx", "caddy", "haproxy", any_of_them=True)
    folder = Path(tempfile.mkdtemp(prefix="cs-c-"))
    env = {"TWILIO_API_BASE": f"http://127.0.0.1:{carrier_port}", "SANDBOX_PACE": "8", "LOG_LEVEL": "INFO"}
    left_out = {"DATABASE_URL": "", "DATABASE_OWNER_URL": "", "REDIS_URL": ""}
    try:
        with Cluster(folder, env=env | left_out, demo=True) as cluster:
            yield cluster
    finally:
        shutil.rmtree(folder, ignore_errors=True)
