"""What a cluster says when it cannot begin."""

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.operations.cluster import Cluster, ClusterError
from apps.operations.cluster.places import Places
from apps.operations.cluster.supervisor import Plan, Supervisor
from tests.edge.proxies import missing

pytestmark = pytest.mark.once


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short path: pytest's own are too long for unix sockets."""
    with tempfile.TemporaryDirectory(prefix="cs-c-") as name:
        yield Path(name)


def test_a_port_that_is_taken_is_named(folder: Path) -> None:
    missing("nginx", "caddy", "haproxy", any_of_them=True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ClusterError, match=f"Port {port} of 127.0.0.1: Address already in use"):
            Supervisor(Places(folder), Plan(port=port), {}, print)


def test_a_path_that_is_too_long_for_sockets_is_named(folder: Path) -> None:
    with pytest.raises(ClusterError, match="set CALLSPHERE_VAR to a shorter one"):
        Places(folder / ("long" * 20))


def test_a_folder_without_a_cluster_is_named(folder: Path) -> None:
    with pytest.raises(ClusterError, match="There is no cluster in"):
        Cluster.attached(folder)


def test_its_secrets_are_made_once_and_are_nobody_elses(folder: Path) -> None:
    places = Places(folder)
    assert places.secrets() == places.secrets()
    assert (folder / "secrets.json").stat().st_mode & 0o077 == 0
    assert len(set(places.secrets().values())) == 4
