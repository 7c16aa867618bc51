"""What REDIS_URL may say."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.common.topology import Topology, parse
from callsphere import environment


def test_one_server_is_left_to_the_library() -> None:
    for url in ("redis://:secret@host:6380/2", "rediss://host?ssl_ca_certs=/ca.pem", "unix:///run/redis.sock"):
        assert parse(url) == Topology("single", url)


def test_sentinels_and_what_they_call_the_master() -> None:
    found = parse("redis+sentinel://app:p%40ss@one,two:26380,[::1]:26381/calls/3?sentinel_password=guard")
    assert found.kind == "sentinel"
    assert found.nodes == (("one", 26379), ("two", 26380), ("::1", 26381))
    assert found.service == "calls"
    assert not found.is_tls
    assert found.options == {"username": "app", "password": "p@ss", "db": 3}
    assert found.guard_options == {"password": "guard"}


def test_a_cluster_over_tls() -> None:
    found = parse("rediss+cluster://:secret@one:7000,two?ssl_ca_certs=/ca.pem&ssl_check_hostname=false")
    assert (found.kind, found.is_tls) == ("cluster", True)
    assert found.nodes == (("one", 7000), ("two", 6379))
    assert found.options == {"password": "secret", "ssl_ca_certs": "/ca.pem", "ssl_check_hostname": False}


@pytest.mark.parametrize(
    "url",
    [
        "http://host",
        "host:6379",
        "redis+sentinel://host",
        "redis+sentinel://host/mymaster/zero",
        "redis+sentinel://host/mymaster/0/more",
        "redis+sentinel:///mymaster",
        "redis+sentinel://host:port/mymaster",
        "redis+sentinel://host/mymaster?ssl_ca_certs=/ca.pem",
        "redis+cluster://host/0",
        "redis+cluster://host?sentinel_password=x",
        "redis+cluster://",
        "redis+ring://host",
    ],
)
def test_anything_else_stops_the_start_and_keeps_its_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError):
        parse(url)
    monkeypatch.setenv("REDIS_URL", url.replace("//", "//user:hush@"))
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL") as failure:
        environment.read()
    assert "hush" not in str(failure.value)
