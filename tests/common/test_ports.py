"""Ports for servers that are about to start."""

import socket
from pathlib import Path

import pytest

from apps.common import ports


def test_none_is_one_of_outgoing_connections() -> None:
    lowest = int(ports.EPHEMERAL.read_text().split()[0])
    found = ports.free_ports(50)
    assert len(set(found)) == 50
    assert max(found) + 10_000 < lowest  # a cluster's bus, too


def test_one_that_is_taken_is_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", ports.free_port())) as taken:
        offered = iter([taken.getsockname()[1], free := ports.free_port()])
        monkeypatch.setattr(ports, "_given", set())
        monkeypatch.setattr(ports.secrets, "randbelow", lambda _: next(offered) - ports.LOWEST)
        assert ports.free_port() == free


def test_none_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = iter([given := ports.free_port() - ports.LOWEST, given, other := ports.free_port() - ports.LOWEST])
    monkeypatch.setattr(ports, "_given", {given + ports.LOWEST})
    monkeypatch.setattr(ports.secrets, "randbelow", lambda _: next(offered))
    assert ports.free_port() == other + ports.LOWEST


def test_a_host_of_another_machine_is_no_endless_search() -> None:
    with pytest.raises(OSError, match=r"no free port on 192\.0\.2\.1"):
        ports.free_port("192.0.2.1")


def test_where_outgoing_connections_take_all_ports_the_system_chooses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wide = tmp_path / "range"
    wide.write_text("1024\t65535\n")
    monkeypatch.setattr(ports, "EPHEMERAL", wide)
    monkeypatch.setattr(ports.secrets, "randbelow", lambda _: pytest.fail("not ours to choose"))
    assert ports.free_port()
