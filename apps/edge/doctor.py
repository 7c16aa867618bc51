"""Examines a deployment from where its visitors are: makes probes, times what comes back, has it judged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlencode

import aiohttp
import msgspec

from apps.common.ids import new_id
from apps.edge import tickets
from apps.edge.clients import Client, Http1, Http2
from apps.edge.core import verdicts
from apps.edge.core.arrivals import Reader
from apps.edge.core.probe import HEARTBEAT, Probe
from apps.edge.core.proxies import Proxy, recognized
from apps.edge.core.verdicts import Echoed, Streamed, Verdict
from apps.edge.target import CONNECT, Broken, Target, Unreachable

PATIENCE = HEARTBEAT + 10
"""Seconds without a byte, or beyond a probe's lifetime, after which a stream is given up."""
ATTEMPTS = 3
"""At a first token in time: a buffer holds it back each time, a busy machine or network now and then."""
FIRST_BYTES = 3.0
"""Seconds to wait for a stream's first bytes before leaving it."""
WATCH = 5.0
"""Seconds for which the server is asked whether it saw an abort."""
ASK_EVERY = 0.05
FRAMES = 5


def _probe(*, events: int, interval: float) -> Probe:
    return Probe(new_id("probe"), events, interval)


def _address(path: str, probe: Probe) -> str:
    return f"{path}?{urlencode({'ticket': tickets.mint(probe)})}"


@dataclass
class Doctor:
    """`proxies` fills while it reaches the deployment."""

    target: Target
    proxies: tuple[Proxy, ...] = ()
    clients: list[Client] = field(default_factory=list)

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[list[Client]]:
        """The clients that the deployment answers, HTTP/1.1 and maybe HTTP/2.

        Raises:
            Unreachable: nothing is there, it is no CallSphere, or it does not know our tickets.
        """
        self.clients = [Http1(self.target)]
        if await self.target.offers_http2():
            self.clients.append(Http2(self.target))
        try:
            await self._admitted()
            yield self.clients
        finally:
            for client in self.clients:
                client.close()

    async def _admitted(self) -> None:
        """It is a CallSphere, and one that knows our tickets."""
        status, headers, _ = await self._ask("/healthz")
        self.proxies = recognized(headers)
        if 300 <= status < 400:
            raise Unreachable(f"It redirects to {headers.get('location', 'nowhere')}: examine that address.")
        if status != 200:
            raise Unreachable(f"/healthz answers {status}: the server behind it is down, or this is no CallSphere.")
        state, status = await self._state(_probe(events=1, interval=0))
        if status == 404:
            raise Unreachable(
                "The server does not accept this machine's tickets: it runs with another SECRET_KEY or an older"
                f" CallSphere, or its clock is more than {tickets.LIFETIME} s ahead. Run the doctor with the"
                " deployment's own environment."
            )
        if status != 200:
            raise Unreachable(f"/healthz/stream/state answers {status}: look at /readyz and the server's log.")
        if state != "unknown":
            raise Unreachable("/healthz/stream/state answers nonsense: this is no CallSphere.")

    async def stream(self, client: Client) -> list[Verdict]:
        """Headers and first token, from twenty events in two seconds; then abort."""
        for _ in range(ATTEMPTS):
            seen = await self._streamed(client, _probe(events=20, interval=0.1))
            first_token = verdicts.first_token(seen)
            if first_token.ok:
                break
        return [verdicts.headers(seen), first_token, await self._abort(client)]

    async def idle(self, client: Client, *, seconds: float) -> Verdict:
        return verdicts.idle(await self._streamed(client, _probe(events=2, interval=seconds)))

    async def _abort(self, client: Client) -> Verdict:
        """Leaves a running stream after its first bytes, or without them where they are held back."""
        probe = _probe(events=150, interval=0.2)
        with suppress(Broken, TimeoutError):
            async with asyncio.timeout(FIRST_BYTES), client.get(_address("/healthz/stream", probe)) as reply:
                await anext(reply.chunks, b"")
        left = monotonic()
        while True:
            state, _ = await self._state(probe)
            after = monotonic() - left
            if state == "aborted" or after > WATCH:
                return verdicts.abort(state, after=after)
            await asyncio.sleep(ASK_EVERY)

    async def websocket(self, *, idle: float = 0.0) -> Verdict:
        """Upgrades, is quiet for `idle` seconds, has frames echoed and is closed."""
        seen = await self._echoed(_probe(events=FRAMES, interval=idle / (FRAMES - 1)), idle=idle)
        return verdicts.idle_websocket(seen, seconds=idle) if idle else verdicts.websocket(seen)

    async def _state(self, probe: Probe) -> tuple[str, int]:
        """What the server says became of the probe's stream, and the status with which it says so."""
        status, _, body = await self._ask(_address("/healthz/stream/state", probe))
        try:
            return str(msgspec.json.decode(body)["state"]), status
        except (msgspec.DecodeError, TypeError, KeyError):
            return f"unreadable (status {status})", status

    async def _ask(self, path: str) -> tuple[int, dict[str, str], bytes]:
        try:
            async with asyncio.timeout(PATIENCE), self.clients[0].get(path, accepting="identity") as reply:
                return reply.status, dict(reply.headers), b"".join([chunk async for chunk in reply.chunks])
        except TimeoutError:
            raise Unreachable(f"{path.partition('?')[0]} does not answer within {PATIENCE:g} s.") from None
        except Broken as error:
            raise Unreachable(f"{path.partition('?')[0]}: {error}.") from None

    async def _streamed(self, client: Client, probe: Probe) -> Streamed:
        began = monotonic()
        reader = Reader()
        status, headers, broken = 0, {}, ""
        try:
            async with (
                asyncio.timeout(probe.lifetime + PATIENCE),
                client.get(_address("/healthz/stream", probe)) as reply,
            ):
                status, headers = reply.status, dict(reply.headers)
                async for chunk in reply.chunks:
                    reader.feed(chunk, monotonic() - began)
        except Broken as error:
            broken = str(error)
        except TimeoutError:
            broken = "it was given up"
        return Streamed(probe, status, headers, tuple(reader.arrivals), monotonic() - began, broken)

    async def _echoed(self, probe: Probe, *, idle: float) -> Echoed:
        status, echoed, close, broken = 0, 0, None, ""
        context = self.target.context("http/1.1")
        try:
            async with (
                asyncio.timeout(idle + PATIENCE),
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT)) as session,
                session.ws_connect(
                    self.target.url(_address("/ws/healthz/", probe), scheme="ws"),
                    headers={"host": self.target.authority},
                    ssl=context or True,
                    server_hostname=self.target.name if context else None,
                ) as socket,
            ):
                status = 101
                with suppress(TimeoutError):
                    async with asyncio.timeout(idle):
                        await socket.receive()  # answers the server's pings
                for number in range(probe.events):
                    await socket.send_str(f"frame {number}")
                    echoed += (await socket.receive()).data == f"frame {number}"
                await socket.receive()
                close = socket.close_code
        except aiohttp.WSServerHandshakeError as error:
            status = error.status
        except aiohttp.ClientError as error:
            broken = f"the connection was cut ({error})"
        except TimeoutError:
            broken = "no answer"
        return Echoed(status, probe.events, echoed, close, broken)
