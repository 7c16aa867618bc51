"""Requests that two servers would read differently, and requests that cost more to read than to send.

Each goes over a raw socket to the whole product. What a parser may make of them is refused; nothing is answered twice.
"""

import json
import socket
import time
import uuid
from collections.abc import Iterator

import httpx2 as httpx
import pytest
from django.test import override_settings

from apps.common import http_server
from apps.tenants.models import ApiKey, Tenant, WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.conftest import open_for_business

pytestmark = pytest.mark.timeout(240)

H = b"Host: 127.0.0.1\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SECOND = b"GET /healthz?smuggled HTTP/1.1\r\n" + H + b"\r\n"


@pytest.fixture
def widget(clinic: Tenant, transactional_db: None) -> WidgetKey:
    return open_for_business(clinic, key="wk_attacked")


def said(server: str, *pieces: bytes, pause: float = 0.0) -> bytes:
    """All that the server says until it closes, or says no more for a moment."""
    answer = b""
    with socket.create_connection(("127.0.0.1", int(server.rpartition(":")[2])), timeout=60) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(pause)
            while data := line.recv(65_536):
                answer += data
                line.settimeout(1.0)
        except OSError:  # it says no more, or has cut us off
            pass
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(line[9:12]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]


SMUGGLED = {
    "both lengths": b"POST /healthz HTTP/1.1\r\n" + H + b"Content-Length: 6\r\n" + CHUNKED + b"\r\n0\r\n\r\nG",
    "both, turned": b"POST /healthz HTTP/1.1\r\n" + H + CHUNKED + b"Content-Length: 3\r\n\r\n1\r\nG\r\n0\r\n\r\n",
    "two lengths": b"POST /healthz HTTP/1.1\r\n" + H + b"Content-Length: 0\r\nContent-Length: 60\r\n\r\n",
    "a list of lengths": b"POST /healthz HTTP/1.1\r\n" + H + b"Content-Length: 0, 0\r\n\r\n",
    "a length with a sign": b"POST /healthz HTTP/1.1\r\n" + H + b"Content-Length: +0\r\n\r\n",
    "a length below zero": b"POST /healthz HTTP/1.1\r\n" + H + b"Content-Length: -1\r\n\r\n",
    "an endless length": b"POST /healthz HTTP/1.1\r\n" + H + b"Content-Length: 99999999999999999999999\r\n\r\n",
    "a coding that sounds alike": b"POST /healthz HTTP/1.1\r\n" + H + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a space before the colon": b"POST /healthz HTTP/1.1\r\n" + H + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunked is not the last": b"POST /healthz HTTP/1.1\r\n" + H + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "two codings": b"POST /healthz HTTP/1.1\r\n" + H + CHUNKED + b"Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a chunk below zero": b"POST /healthz HTTP/1.1\r\n" + H + CHUNKED + b"\r\n-1\r\n\r\n",
    "a chunk too large to count": b"POST /healthz HTTP/1.1\r\n" + H + CHUNKED + b"\r\nFFFFFFFFFFFFFFFFF\r\n\r\n",
    "chunks ended by line feeds": b"POST /healthz HTTP/1.1\r\n" + H + CHUNKED + b"\r\n1\na\n0\n\n",
    "a folded header": b"GET /healthz HTTP/1.1\r\n" + H + b"X-A: a\r\n Transfer-Encoding: chunked\r\n\r\n",
    "line feeds alone": b"GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n",
    "a NUL in a header": b"GET /healthz HTTP/1.1\r\n" + H + b"X-A: a\0b\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\n" + H + b"Host: evil.example\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
    "HTTP/2 without asking": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a socket of two hosts": b"GET /ws/dashboard/ HTTP/1.1\r\n" + H + b"Host: evil.example\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
}  # fmt: skip


@pytest.mark.once
@pytest.mark.parametrize("what", SMUGGLED)
def test_nothing_is_smuggled(server: str, what: str) -> None:
    """One refusal, the connection ends, and the request that was hidden behind it is not answered."""
    answer = said(server, SMUGGLED[what] + SECOND)
    assert set(statuses(answer)) <= {400, 413}, answer
    assert len(statuses(answer)) == 1


def heads() -> Iterator[tuple[str, bytes]]:
    line = b"GET /healthz HTTP/1.1\r\n" + H
    yield "a long header", line + b"X-A: " + b"a" * 40_000 + b"\r\n\r\n"
    yield "many headers", line + b"X-A: a\r\n" * 5_000 + b"\r\n"
    yield "a long address", b"GET /healthz?" + b"a" * 40_000 + b" HTTP/1.1\r\n" + H + b"\r\n"
    yield "a header that never ends", line + b"X-A: " + b"a" * 3_000_000
    yield "a name that never ends", line + b"a" * 3_000_000
    yield "a socket's long header", SMUGGLED["a socket of two hosts"].replace(b"evil", b"e" * 40_000)


@pytest.mark.once
@pytest.mark.parametrize(("what", "head"), list(heads()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_head_has_an_end(server: str, what: str, head: bytes) -> None:
    assert len(head) > http_server.MAX_HEAD
    answer = said(server, head)
    assert statuses(answer) in ([431], [400], []), answer  # cut off while we still send, we may not read why
    assert b"ok" not in answer
    assert httpx.get(f"{server}/healthz").status_code == 200


@pytest.mark.once
def test_a_body_has_an_end(server: str) -> None:
    """Django puts a page's body on the disk before it looks at it, whatever its length."""
    login = b"POST /account/login/ HTTP/1.1\r\n" + H + b"Content-Type: text/plain\r\n"
    assert statuses(said(server, login + b"Content-Length: 90000000\r\n\r\n" + b"a" * 1_000)) == [413]
    chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
    answer = said(server, login + CHUNKED + b"\r\n", *[chunk] * 40)
    assert statuses(answer) in ([413], [])
    assert httpx.get(f"{server}/healthz").status_code == 200


def test_what_follows_a_body_is_no_header(server: str, widget: WidgetKey) -> None:
    """Trailers pass proxies unseen: they name no address that is not counted, and no key."""
    with tenant_scope(widget.tenant_id):
        WidgetKey.objects.update(address_messages=2)
    begin = b"POST /api/chat/stream HTTP/1.1\r\n" + H + CHUNKED + b"Content-Type: application/json\r\n"
    with override_settings(TRUSTED_PROXIES=1):
        for number in range(4):
            body = json.dumps({"message": "hello", "message_id": str(uuid.uuid4())}).encode()
            chunk = b"%x\r\n%b\r\n0\r\n" % (len(body), body)
            forged = b"X-Forwarded-For: 198.51.100.%d\r\n\r\n" % number
            ours = b"X-Widget-Key: wk_attacked\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n"
            answer = said(server, begin + ours + chunk + forged)
            assert statuses(answer) == [200 if number < 2 else 429]
    unnamed = said(server, begin + b"\r\n" + chunk + b"X-Widget-Key: wk_attacked\r\n\r\n")
    assert statuses(unnamed) == [401]


def test_an_underscore_is_no_hyphen(server: str, widget: WidgetKey) -> None:
    """`X_Forwarded_For` passes proxies that know `X-Forwarded-For` only."""
    with tenant_scope(widget.tenant_id):
        WidgetKey.objects.update(address_messages=1)
    with override_settings(TRUSTED_PROXIES=1):
        found = [
            httpx.post(
                f"{server}/api/chat/stream",
                json={"message": "hello", "widget": widget.key},
                headers={"X-Forwarded-For": "203.0.113.9", "X_Forwarded_For": f"198.51.100.{n}"},
                timeout=60,
            ).status_code
            for n in range(3)
        ]
    assert found == [200, 429, 429]


DEEP = {
    "arrays": b"[" * 30_000,
    "closed arrays": b"[" * 30_000 + b"]" * 30_000,
    "objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "a deep message": b'{"message":' + b"[" * 25_000 + b"]" * 25_000 + b"}",
    "a deep stranger": b'{"message":"hi","x":' + b"[" * 25_000 + b"]" * 25_000 + b"}",
    "many keys": json.dumps({f"k{n}": 1 for n in range(5_000)}).encode(),
    "the same key": b"{" + b'"message":"a",' * 4_000 + b'"message":"hi"}',
    "a long number": b'{"message":' + b"9" * 50_000 + b"}",
    "a huge exponent": b'{"message":1e999999999}',
    "half a surrogate": b'{"message":"\\ud800"}',
    "not a number": b'{"message":NaN}',
}
MALFORMED = ("arrays", "closed arrays", "objects", "not a number", "half a surrogate")
JSON_DOORS = (
    *("/api/chat/stream", "/api/chat/sessions", "/api/chat/ui", "/api/chat/ui/x/stop", "/api/voice/tickets"),
    *("/api/contacts", "/api/bookings", "/api/after-hours/incidents", "/webhooks/stripe"),
)


@pytest.mark.parametrize("door", JSON_DOORS)
def test_json_that_is_a_bomb_is_refused(server: str, widget: WidgetKey, door: str) -> None:
    with tenant_scope(widget.tenant_id):
        key = ApiKey.issue(name="CRM", scopes=("*",))[1]
    headers = {"Content-Type": "application/json"}
    if door.startswith("/api/chat"):
        headers["X-Widget-Key"] = widget.key
    else:
        headers["Authorization"] = f"Bearer {key}"
    with httpx.Client(base_url=server, timeout=60) as http:
        for what, body in DEEP.items():
            answer = http.post(door, content=body, headers=headers)
            assert answer.status_code < 500, (door, what, answer.text[:300])
            assert what not in MALFORMED or answer.status_code >= 400, (door, what)


def test_forms_of_many_fields_are_refused(server: str, clinic: Tenant) -> None:
    with httpx.Client(base_url=server, timeout=60) as http:
        page = http.get("/account/login/").text
        token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
        fields = "&".join(f"f{n}=1" for n in range(5_000))
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = http.post("/account/login/", content=f"csrfmiddlewaretoken={token}&{fields}", headers=kind)
        assert answer.status_code == 400
        parts = "".join(f'--b\r\nContent-Disposition: form-data; name="f{n}"\r\n\r\n1\r\n' for n in range(5_000))
        kind = {"Content-Type": "multipart/form-data; boundary=b"}
        answer = http.post("/account/login/", content=f"{parts}--b--\r\n", headers=kind)
        assert answer.status_code in (400, 403)
        for door in ("/voice/twilio/incoming", "/voice/plivo/incoming", "/voice/telnyx/incoming"):
            answer = http.post(door, content=fields, headers={"Content-Type": "application/x-www-form-urlencoded"})
            assert 400 <= answer.status_code < 500, (door, answer.status_code)
