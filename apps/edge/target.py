"""The deployment that is examined: where to connect, and by which name to ask for it."""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECT = 10.0
"""Seconds for a connection."""


class Unreachable(Exception):
    """There is nothing to examine; the message says why, in plain words."""


class Broken(Exception):
    """A connection that was there failed; the message says how."""


@dataclass(frozen=True, slots=True)
class Target:
    """`name` is the host that is asked for (Host header, TLS name), `host` and `port` where it is looked for."""

    host: str
    port: int
    tls: bool
    name: str
    insecure: bool = False

    @classmethod
    def parse(cls, url: str, *, name: str | None = None, insecure: bool = False) -> "Target":
        """The target of `https://host[:port]`.

        Raises:
            Unreachable: not such an address.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise Unreachable(f"{url} is not a URL.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unreachable(f"{url} is not a URL: write it like https://chat.example.com")
        if parts.path not in ("", "/") or parts.query:
            raise Unreachable(f"CallSphere is served from the root of a host: leave {parts.path or '?'} out of {url}")
        tls = parts.scheme == "https"
        default = name or parts.hostname
        return cls(parts.hostname, port or (443 if tls else 80), tls, default, insecure)

    @property
    def authority(self) -> str:
        """For the Host header: the name, with the port when it is not the scheme's own."""
        name = f"[{self.name}]" if ":" in self.name else self.name
        return name if self.port == (443 if self.tls else 80) else f"{name}:{self.port}"

    def url(self, path: str, *, scheme: str) -> str:
        """`scheme` is http or ws; TLS makes it https or wss."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}{'s' if self.tls else ''}://{host}:{self.port}{path}"

    def context(self, *protocols: str) -> ssl.SSLContext | None:
        """TLS that offers these protocols (ALPN); None for plain HTTP."""
        if not self.tls:
            return None
        context = ssl.create_default_context()
        if self.insecure:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(list(protocols))
        return context

    async def connect(self, *protocols: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection that offers these protocols.

        Raises:
            Unreachable: no such host, nobody listens there, or TLS does not come about.
        """
        context = self.context(*protocols)
        try:
            async with asyncio.timeout(CONNECT):
                return await asyncio.open_connection(
                    self.host, self.port, ssl=context, server_hostname=self.name if context else None
                )
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(
                f"TLS: the certificate is not valid for {self.name}: {error.verify_message}"
                " (--insecure goes on without this check)"
            ) from None
        except ssl.SSLError as error:
            raise Unreachable(f"TLS does not come about at {self.host}:{self.port}: {error.reason}") from None
        except socket.gaierror:
            raise Unreachable(f"There is no host {self.host}.") from None
        except TimeoutError:
            raise Unreachable(f"{self.host}:{self.port} does not answer within {CONNECT:g} s.") from None
        except OSError as error:
            raise Unreachable(f"{self.host}:{self.port} cannot be reached: {error.strerror or error}") from None

    async def offers_http2(self) -> bool:
        """Whether HTTP/2 is chosen where both are offered.

        Raises:
            Unreachable: there is no connection at all.
        """
        _, writer = await self.connect("h2", "http/1.1")
        tls = writer.get_extra_info("ssl_object")
        writer.close()
        return tls is not None and tls.selected_alpn_protocol() == "h2"
