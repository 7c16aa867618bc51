"""How long the body of a request to a page may be. Django bounds fields, but writes files to the disk as they come."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
MOST = 3 * 1024 * 1024
"""Bytes; a little more than the fields of a form may have."""
UPLOADS = ("/admin/",)
MOST_UPLOADED = 24 * 1024 * 1024
"""Where files are uploaded: the largest that is taken, and its form. Only there is anybody known before it is read."""
_ANSWER = b"This is larger than what is taken here."


class _TooLong(Exception):
    pass


def bounded(app: App) -> App:
    """The ASGI application, for HTTP; a longer body is answered 413, as soon as it says so or has come."""

    async def checked(scope: dict[str, Any], receive: Any, send: Any) -> None:
        most = MOST_UPLOADED if scope["path"].startswith(UPLOADS) else MOST
        if _declared(scope) > most:
            await _refuse(send)
            return
        seen, is_answered = 0, False

        async def counted() -> Message:
            nonlocal seen
            message: Message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise _TooLong
            return message

        async def noted(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        try:
            await app(scope, counted, noted)
        except _TooLong:
            if not is_answered:
                await _refuse(send)

    return checked


def _declared(scope: dict[str, Any]) -> int:
    value = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(value) if value.isdigit() else 0


async def _refuse(send: Any) -> None:
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close"), (b"x-content-type-options", b"nosniff")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _ANSWER})
