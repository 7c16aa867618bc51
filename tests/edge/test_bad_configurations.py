"""The doctor in front of nginx as it is found in the wild: each mistake is a FAIL, with its fix."""

from dataclasses import dataclass

import pytest

from tests.edge.conftest import Front
from tests.edge.examination import examine
from tests.edge.proxies import Change

pytestmark = pytest.mark.once

VERSIONS = ("HTTP/1.1", "HTTP/2")


@dataclass(frozen=True)
class Mistake:
    """`failed` are the checks that must fail, and no other."""

    changes: tuple[Change, ...]
    failed: set[str]
    measured: str
    fix: str
    idle: float = 1


def both(*checks: str) -> set[str]:
    return {f"{version} {check}" for version in VERSIONS for check in checks}


MISTAKES = {
    "buffered": Mistake(
        (("proxy_buffering off;", "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;"),),
        {"HTTP/1.1 first token"},  # nginx writes HTTP/2 frames at once, whatever it buffers
        "here 0.0 s before the last of 20 was made",
        "nginx: `proxy_buffering off;",
    ),
    "compressed": Mistake(
        (
            ("gzip off;", "gzip on; gzip_proxied any; gzip_types text/event-stream;"),
            ("proxy_buffering off;", "proxy_buffering off; proxy_hide_header Content-Encoding;"),
        ),
        both("headers", "first token", "idle stream"),
        "Content-Encoding: gzip",
        "nginx: `gzip off;`",
    ),
    "cached": Mistake(
        (("proxy_buffering off;", "proxy_buffering off; proxy_hide_header Cache-Control; expires 1h;"),),
        both("headers"),
        "Cache-Control: max-age=3600, without no-transform",
        "nginx: no `expires`",
    ),
    "deaf to aborts": Mistake(
        (("proxy_buffering off;", "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering; proxy_store on;"),),
        both("abort") | {"HTTP/1.1 first token"},
        "the server has it as open; 2 s are allowed",
        "nginx: `proxy_ignore_client_abort off;`",
    ),
    "without upgrade": Mistake(
        (("proxy_set_header Upgrade           $http_upgrade;", ""),),
        {"WebSocket", "idle WebSocket"},
        "no upgrade: status 404 instead of 101",
        "proxy_set_header Upgrade $http_upgrade;`",
    ),
    "impatient": Mistake(
        (("proxy_read_timeout 1h;", "proxy_read_timeout 5s;"),),
        both("idle stream") | {"idle WebSocket"},
        "after 5.",
        "nginx: `proxy_read_timeout 1h;`",
        idle=8,
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_fails_and_its_fix_is_printed(front: Front, name: str) -> None:
    mistake = MISTAKES[name]
    seen = examine(front("nginx", *mistake.changes).url, idle=mistake.idle)
    assert seen.status == 1
    assert seen.failed == mistake.failed, seen.text
    assert mistake.measured in seen.text
    assert mistake.fix in seen.text
    assert "Caddy:" not in seen.text
