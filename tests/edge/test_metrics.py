"""/metrics: for this machine, or for who knows the token."""

from typing import Any

import httpx2 as httpx
import pytest


def read(server: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{server}/metrics", headers=headers)


def test_this_machine_may_read_them(server: str) -> None:
    answer = read(server)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    for name in (
        "callsphere_calls_under_way",
        "callsphere_call_setup_seconds_bucket",
        "callsphere_call_response_seconds_bucket",
        "callsphere_call_interruptions_total",
        "callsphere_model_faults",
        "callsphere_chat_streams_open 0.0",
        "callsphere_tokens",
        "callsphere_event_loop_lag_seconds",
    ):
        assert name in answer.text, name


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_whom_a_proxy_forwards_may_not(server: str, header: str) -> None:
    answer = read(server, **{header: "127.0.0.1"})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "forbidden"


def test_with_a_token_only_who_knows_it_may(server: str, settings: Any) -> None:
    settings.METRICS_TOKEN = "s3cret"
    assert read(server).status_code == 403
    for wrong in ("s3cret", "Bearer s3cre", "Bearer s3cret2"):
        assert read(server, Authorization=wrong).status_code == 403
    assert read(server, **{"Authorization": "Bearer s3cret", "X-Forwarded-For": "203.0.113.7"}).status_code == 200


def test_nothing_is_changed_there(server: str) -> None:
    assert httpx.post(f"{server}/metrics").status_code == 405
