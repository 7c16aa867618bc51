"""The proxies an operator is likely to run: how they show themselves, and the setting that cures each problem. Pure."""

from collections.abc import Mapping
from enum import StrEnum


class Proxy(StrEnum):
    NGINX = "nginx"
    CADDY = "Caddy"
    HAPROXY = "HAProxy"
    APACHE = "Apache"
    ENVOY = "Envoy"
    CLOUDFLARE = "Cloudflare"


class Problem(StrEnum):
    REFUSED = "the request is not passed on"
    REWRITTEN = "headers are rewritten"
    COMPRESSED = "the stream is compressed"
    BUFFERED = "the stream is held back"
    CUT = "quiet streams are cut"
    ABORT_HIDDEN = "the server does not learn that a client left"
    NO_UPGRADE = "WebSockets do not get through"


MARKS = {
    Proxy.NGINX: ("nginx", "openresty"),
    Proxy.CADDY: ("caddy",),
    Proxy.APACHE: ("apache",),
    Proxy.ENVOY: ("envoy",),
    Proxy.CLOUDFLARE: ("cloudflare",),
}
"""What `Server` or `Via` contains. HAProxy shows itself in neither."""


def recognized(headers: Mapping[str, str]) -> tuple[Proxy, ...]:
    """The proxies that an answer's headers (names in lower case) give away."""
    said = f"{headers.get('server', '')} {headers.get('via', '')}".lower()
    found = {proxy for proxy, marks in MARKS.items() if any(mark in said for mark in marks)}
    if "cf-ray" in headers:
        found.add(Proxy.CLOUDFLARE)
    if "x-envoy-upstream-service-time" in headers:
        found.add(Proxy.ENVOY)
    return tuple(proxy for proxy in Proxy if proxy in found)


FIXES: dict[Problem, dict[Proxy, str]] = {
    Problem.REWRITTEN: {
        Proxy.NGINX: "no `expires`, `proxy_hide_header` or `add_header Cache-Control` for /api/chat/ and /healthz/",
        Proxy.CADDY: "no `header` line that sets Cache-Control or Content-Type for /api/chat/ and /healthz/",
        Proxy.HAPROXY: "no `http-response set-header` of Cache-Control or Content-Type in this backend",
        Proxy.APACHE: "no `Header set Cache-Control`, `ExpiresActive` or `ForceType` for /api/chat/ and /healthz/",
        Proxy.ENVOY: "no `response_headers_to_add` or `_to_remove` that touches Cache-Control or Content-Type",
        Proxy.CLOUDFLARE: "Browser Cache TTL: respect existing headers; no transform rule on Cache-Control",
    },
    Problem.COMPRESSED: {
        Proxy.NGINX: "`gzip off;` (and `brotli off;`) in the location of /api/chat/ and /healthz/",
        Proxy.CADDY: "list the types of pages in `encode`'s `match`, without text/event-stream",
        Proxy.HAPROXY: "`compression type` without text/event-stream (never text/*)",
        Proxy.APACHE: "`SetEnv no-gzip 1` (and `no-brotli`) for /api/chat/ and /healthz/",
        Proxy.ENVOY: "take text/event-stream out of the compressor filter's `content_type`",
        Proxy.CLOUDFLARE: "a compression rule that leaves out text/event-stream; keep `Cache-Control: no-transform`",
    },
    Problem.BUFFERED: {
        Proxy.NGINX: "`proxy_buffering off; proxy_http_version 1.1;`, and do not ignore the header X-Accel-Buffering",
        Proxy.CADDY: "leave `flush_interval` unset and `response_buffers` off; keep SSE out of `encode`",
        Proxy.HAPROXY: "no `http-response wait-for-body`, no cache or compression filter on text/event-stream",
        Proxy.APACHE: "`flushpackets=on` on the ProxyPass line; no mod_buffer, no mod_deflate on text/event-stream",
        Proxy.ENVOY: "take the buffer and compressor filters off this route",
        Proxy.CLOUDFLARE: "response buffering off, cache bypassed for /api/chat/*; the response must not be compressed",
    },
    Problem.CUT: {
        Proxy.NGINX: "`proxy_read_timeout 1h;` (it counts from one read to the next; at least 40s)",
        Proxy.CADDY: "no `read_timeout`, `write_timeout` or `stream_timeout` below 1h in `transport` and `servers`",
        Proxy.HAPROXY: "`timeout client 1h`, `timeout server 1h`, `timeout tunnel 1h`",
        Proxy.APACHE: "`ProxyTimeout 3600` and `timeout=3600` on the ProxyPass line",
        Proxy.ENVOY: "route `timeout: 0s`; `stream_idle_timeout` above 15s, such as 1h",
        Proxy.CLOUDFLARE: "it waits 120 s for a byte and one comes every 15 s: look at the hop behind it",
    },
    Problem.ABORT_HIDDEN: {
        Proxy.NGINX: "`proxy_ignore_client_abort off;` (the default), no proxy_cache or proxy_store on streams",
        Proxy.CADDY: "remove `flush_interval -1`: it makes Caddy read to the end although the client left",
        Proxy.HAPROXY: "`option abortonclose`",
        Proxy.APACHE: "`flushpackets=on`; it notices when it next writes, so nothing may hold the writes back",
        Proxy.ENVOY: "no buffer filter and no retries on this route",
        Proxy.CLOUDFLARE: "cache bypassed for /api/chat/*, or it fetches the response to its end",
    },
    Problem.NO_UPGRADE: {
        Proxy.NGINX: '`proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;` and `Connection "upgrade"`',
        Proxy.CADDY: "`reverse_proxy` passes them by itself: no `header_up` that removes Upgrade or Connection",
        Proxy.HAPROXY: "no `option httpclose` or `http-request del-header upgrade`; `timeout tunnel 1h`",
        Proxy.APACHE: "`upgrade=websocket` on the ProxyPass line of /ws/ (2.4.47 or later)",
        Proxy.ENVOY: "`upgrade_configs: [{upgrade_type: websocket}]`",
        Proxy.CLOUDFLARE: "Network: WebSockets on",
    },
}


GENERAL = {
    Problem.REFUSED: "Pass /healthz, /api/chat/ and /ws/ on to the server; the proxy's error log says why it did not.",
}
"""Cures that are the same everywhere."""


def fixes(problem: Problem, proxies: tuple[Proxy, ...]) -> list[str]:
    """The cure as `<proxy>: <setting>`, of the recognized proxies; of all when none showed itself."""
    if problem in GENERAL:
        return [GENERAL[problem]]
    return [f"{proxy}: {FIXES[problem][proxy]}" for proxy in proxies or tuple(Proxy)]
