"""WebSocket frames of the common case, read and written without a general parser. Pure.

Nearly all frames are whole text or binary messages. Those are told from the rest here, for a tenth of what the general
parser takes; what is anything else (control frames, fragments, compression, faults) is handed on unread, whole, so that
the general parser always stands at the border of a frame. RFC 6455 §5.2.
"""

import struct

from websockets.frames import apply_mask

TEXT, BINARY = 1, 2
UNREAD = -1
"""Instead of an opcode: the bytes are for the general parser."""

_FINAL, _MASKED, _OPCODE, _LENGTH = 0x80, 0x80, 0x0F, 0x7F
_WHOLE = (_FINAL | TEXT, _FINAL | BINARY)


class Splitter:
    """Takes a stream of bytes apart. `masked`: frames must be, for they come from a client; `limit`: bytes of one."""

    def __init__(self, *, masked: bool, limit: int) -> None:
        self._masked = masked
        self._limit = limit
        self._kept = b""
        self._fragmented = False
        self._gave_up = False

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """What is complete now, in order: (TEXT or BINARY, payload), or (UNREAD, frames as they came)."""
        if self._gave_up:
            return [(UNREAD, data)]
        if self._kept:
            data = self._kept + data
        pieces: list[tuple[int, bytes]] = []
        at, size = 0, len(data)
        while size - at >= 2:
            first, second = data[at], data[at + 1]
            masked = second >= _MASKED
            length, body = second & _LENGTH, at + 2
            if length > 125:
                body += 2 if length == 126 else 8
                if size < body:
                    break
                length = int.from_bytes(data[at + 2 : body], "big")
            if length > self._limit:
                self._gave_up, self._kept = True, b""
                return [*pieces, (UNREAD, data[at:])]
            if masked:
                body += 4
            end = body + length
            if end > size:
                break
            if first in _WHOLE and masked == self._masked and not self._fragmented:
                payload = data[body:end]
                pieces.append((first & _OPCODE, apply_mask(payload, data[body - 4 : body]) if masked else payload))
            else:
                if first & _OPCODE <= BINARY:
                    self._fragmented = not first & _FINAL
                pieces.append((UNREAD, data[at:end]))
            at = end
        self._kept = data[at:]
        return pieces


def frame(opcode: int, payload: bytes, *, mask: bytes = b"") -> bytes:
    """A whole message. `mask`: four random bytes, from a client only."""
    length = len(payload)
    first, masked = _FINAL | opcode, _MASKED if mask else 0
    if length < 126:
        head = bytes((first, masked | length))
    elif length < 65_536:
        head = struct.pack("!BBH", first, masked | 126, length)
    else:
        head = struct.pack("!BBQ", first, masked | 127, length)
    return head + mask + apply_mask(payload, mask) if mask else head + payload
