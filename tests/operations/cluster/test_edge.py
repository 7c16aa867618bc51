"""The files of docker/edge as a cluster changes them: each real server takes them, and the routes are as promised."""

import re
import subprocess
from pathlib import Path

import pytest

from apps.operations.cluster import edge
from apps.operations.cluster.edge import PROGRAMS, Addresses
from apps.operations.cluster.places import ClusterError
from tests.edge.proxies import missing

pytestmark = pytest.mark.once

ADDRESSES = Addresses("127.0.0.1", 18_080, web=[18_001, 18_002], voice=[18_003, 18_004])


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_server_itself_accepts_what_is_made_of_its_file(name: str, tmp_path: Path) -> None:
    missing(name)
    edge.write(name, tmp_path, ADDRESSES)
    words = [edge.executable(name), *PROGRAMS[name].check(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_process_is_asked_and_nothing_is_left_of_the_example(name: str) -> None:
    text = edge.rendered(name, ADDRESSES)
    assert set(re.findall(r"127\.0\.0\.1:(\d+)", text)) >= {"18001", "18002", "18003", "18004"}
    for left in ("127.0.0.1:8000", "chat.example.com {", "/etc/ssl/callsphere", ":443"):
        assert left not in re.sub(r"(?m)^\s*#.*$", "", text)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_change_that_finds_nothing_is_noticed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / PROGRAMS[name].file).write_text("# somebody has rewritten the file\n")
    monkeypatch.setattr(edge, "CONFIGURATIONS", tmp_path)
    with pytest.raises(ClusterError, match=f"{PROGRAMS[name].file} has nothing like"):
        edge.rendered(name, ADDRESSES)


def test_without_a_server_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge, "PATH", "/nowhere")
    with pytest.raises(ClusterError, match="install nginx, caddy or haproxy"):
        edge.found()
    with pytest.raises(ClusterError, match="install caddy"):
        edge.found("caddy")
