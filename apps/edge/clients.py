"""The doctor's HTTP clients: each chunk as it arrives, and a way to leave in the middle as a browser does.

The protocols are driven by hand, because the usual clients leave otherwise. Over HTTP/1.1 they wait for the end of TLS
before they close; a browser is simply gone. Over HTTP/2 they close the whole connection; a browser resets the stream
and keeps the connection, and that is what a proxy may fail to pass on.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import ClassVar

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h11
from h2.errors import ErrorCodes

from apps.edge.target import Broken, Target

COMPRESSED = "gzip, deflate, br, zstd"
"""What browsers accept; a stream must come uncompressed all the same."""
READ = 65_536


@dataclass(frozen=True, slots=True)
class Head:
    """`headers` have names in lower case."""

    status: int
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply(Head):
    """`chunks` raises Broken when the stream is cut."""

    chunks: AsyncIterator[bytes]


Exchange = AsyncGenerator[Head | bytes, None]


class Client(ABC):
    """One version of HTTP. Each request has a connection of its own."""

    name: ClassVar[str]

    def __init__(self, target: Target) -> None:
        self.target = target
        self._kept: list[asyncio.StreamWriter] = []

    @asynccontextmanager
    async def get(self, path: str, *, accepting: str = COMPRESSED) -> AsyncIterator[Reply]:
        """Opens a response; leaving the block before its end is an abort.

        Raises:
            Broken: there is none.
        """
        headers = {"accept": "text/event-stream", "accept-encoding": accepting, "user-agent": "callsphere-doctor"}
        async with aclosing(self._exchange(path, headers)) as parts:
            head = await anext(parts)
            assert isinstance(head, Head)
            yield Reply(head.status, head.headers, (part async for part in parts if isinstance(part, bytes)))

    @abstractmethod
    def _exchange(self, path: str, headers: dict[str, str]) -> Exchange:
        """The head, then the body's chunks. Closed early, it leaves."""

    def close(self) -> None:
        """Closes the connections that outlived their request."""
        for writer in self._kept:
            writer.transport.abort()


class Http1(Client):
    name = "HTTP/1.1"

    async def _exchange(self, path: str, headers: dict[str, str]) -> Exchange:
        reader, writer = await self.target.connect("http/1.1")
        connection = h11.Connection(h11.CLIENT)
        request = h11.Request(method="GET", target=path, headers=[("host", self.target.authority), *headers.items()])
        try:
            writer.write((connection.send(request) or b"") + (connection.send(h11.EndOfMessage()) or b""))
            while not isinstance(event := connection.next_event(), h11.EndOfMessage | h11.ConnectionClosed):
                if event is h11.NEED_DATA:
                    connection.receive_data(await reader.read(READ))
                elif isinstance(event, h11.Response):
                    yield Head(event.status_code, _by_name((n.decode(), v.decode("latin1")) for n, v in event.headers))
                elif isinstance(event, h11.Data):
                    yield bytes(event.data)
        except (OSError, h11.RemoteProtocolError) as error:
            raise Broken(f"the connection was cut ({error})") from None
        finally:
            writer.transport.abort()


class Http2(Client):
    name = "HTTP/2"

    async def _exchange(self, path: str, headers: dict[str, str]) -> Exchange:
        reader, writer = await self.target.connect("h2")
        self._kept.append(writer)
        connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        connection.initiate_connection()
        stream = connection.get_next_available_stream_id()
        pseudo = {":method": "GET", ":scheme": "https", ":authority": self.target.authority, ":path": path}
        connection.send_headers(stream, [*pseudo.items(), *headers.items()], end_stream=True)
        open_ = True
        try:
            while open_:
                writer.write(connection.data_to_send())
                data = await reader.read(READ)
                if not data:
                    raise Broken("the connection was cut")
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.ResponseReceived):
                        fields = _by_name((str(name), str(value)) for name, value in event.headers)
                        yield Head(int(fields.pop(":status")), fields)
                    elif isinstance(event, h2.events.DataReceived):
                        connection.acknowledge_received_data(event.flow_controlled_length, stream)
                        yield event.data
                    elif isinstance(event, h2.events.StreamEnded):
                        open_ = False
                    elif isinstance(event, h2.events.StreamReset):
                        raise Broken(f"the stream was reset (code {int(event.error_code)})")
        except (OSError, h2.exceptions.ProtocolError) as error:
            raise Broken(f"HTTP/2 failed ({error})") from None
        finally:
            _reset(connection, stream)
            writer.write(connection.data_to_send())


def _reset(connection: h2.connection.H2Connection, stream: int) -> None:
    """Tells the other side that nobody reads the stream any more, unless it is over anyway."""
    with suppress(h2.exceptions.ProtocolError):
        connection.reset_stream(stream, ErrorCodes.CANCEL)


def _by_name(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Header fields by name in lower case; what came several times is joined (RFC 9110 §5.3)."""
    found: dict[str, str] = {}
    for name, value in fields:
        found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
    return found
