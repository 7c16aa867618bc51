"""Server-sent events, encoded as WHATWG HTML §9.2 reads them. Pure."""

KEEP_ALIVE = b": keep-alive\n\n"


def encode(data: str, *, event: str | None = None, id: str | None = None, retry: int | None = None) -> bytes:
    """One event as bytes.

    Args:
        data: any text; each of its lines becomes a `data:` line (CR, LF and CRLF all end a line in SSE).
        event: event name; None is the unnamed "message" event.
        id: position to resume after; without line ends or NUL (a NUL would void it).
        retry: reconnection delay in milliseconds.

    Raises:
        ValueError: `event` or `id` could break out of its line.
    """
    lines = []
    for name, value in (("event", event), ("id", id)):
        if value is not None:
            if any(character in value for character in "\r\n\0"):
                raise ValueError(f"{name}: line ends and NUL cannot be sent")
            lines.append(f"{name}: {value}")
    if retry is not None:
        lines.append(f"retry: {retry:d}")
    normal = data.replace("\r\n", "\n").replace("\r", "\n") if "\r" in data else data
    lines.extend(f"data: {line}" for line in normal.split("\n"))
    return ("\n".join(lines) + "\n\n").encode()


def event(name: str, id: bytes, data: bytes) -> bytes:
    """Like `encode`, for what our own log holds: data is JSON, so it has no line end. An empty name is "message"."""
    return b"%bid: %b\ndata: %b\n\n" % (b"event: %b\n" % name.encode() if name else b"", id, data)


def retry(milliseconds: int) -> bytes:
    """Tells the client how long to wait before it reconnects; dispatches nothing."""
    return b"retry: %d\n\n" % milliseconds
