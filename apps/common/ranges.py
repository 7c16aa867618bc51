"""Files of the storage over HTTP, whole or in part (RFC 9110 §14), read in pieces by threads."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import IO

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

PIECE = 256 * 1024
_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def span(header: str, size: int) -> tuple[int, int] | None:
    """(first, last) byte that a Range header asks for; the whole file for one that is absent or not understood.

    None: it lies outside of the file.
    """
    found = _ONE_RANGE.fullmatch(header.strip())
    if found is None or not (found[1] or found[2]):
        return 0, size - 1
    if not found[1]:
        last = int(found[2])
        return (max(0, size - last), size - 1) if last else None
    first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    if first >= size:
        return None
    return (first, last) if first <= last else (0, size - 1)


def file_response(request: HttpRequest, *, name: str, size: int, content_type: str) -> HttpResponseBase:
    """A file of the default storage; private to who asked.

    Raises:
        FileNotFoundError: it is not there any more.
    """
    found = span(request.headers.get("Range", ""), size)
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store", "Content-Type": content_type}
    if found is None:
        return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    first, last = found
    whole = (first, last) == (0, size - 1) and "Range" not in request.headers
    file = default_storage.open(name)
    response = StreamingHttpResponse(_pieces(file, first, last), status=200 if whole else 206, headers=headers)
    response["Content-Length"] = str(last - first + 1)
    if not whole:
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


async def _pieces(file: IO[bytes], first: int, last: int) -> AsyncIterator[bytes]:
    try:
        await asyncio.to_thread(file.seek, first)
        left = last - first + 1
        while left > 0 and (piece := await asyncio.to_thread(file.read, min(PIECE, left))):
            left -= len(piece)
            yield piece
    finally:
        await asyncio.to_thread(file.close)
