"""A short way past ASGI for sockets of many small messages, which a server may offer as an extension of a connection.

ASGI's way costs a queue, a task's turn and two dictionaries for each message. Where the server does not offer the short
one, ASGI's is as good.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

EXTENSION = "callsphere.direct"
Message = str | bytes
"""Of a WebSocket: text or binary."""


class Direct(Protocol):
    """One connection that was accepted."""

    def hand_over(self, take: Callable[[Message], None], gone: Callable[[], None]) -> None:
        """From now on `take` gets each message, and once, at the end, `gone` is called; ASGI's `receive` gets nothing.

        What had come before is taken at once. Neither of the two may wait, or raise.
        """

    def write(self, messages: Iterable[Message]) -> bool:
        """Sends them now; False if they cannot leave now: ASGI's `send` waits, or says that the socket is closed."""


def direct(scope: Mapping[str, Any]) -> Direct | None:
    """The short way of the connection with this ASGI scope, if there is one."""
    found: Direct | None = scope.get("extensions", {}).get(EXTENSION)
    return found
