"""Who watches a floor, over all processes: each says in Redis who watches there, and merges what the others say."""

import secrets
import time
from contextlib import suppress

import msgspec
from redis.exceptions import RedisError

from apps.common.redis import pipe
from apps.dashboard.core.presence import (
    GRACE,
    Person,
    PresenceChange,
    Seat,
    Seats,
    change,
    is_there,
    merged,
    without_stale,
)
from apps.tenants import keys

SAID_EVERY = 5.0
"""Seconds between two words of a process about who watches there, when nothing changes."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Seats).decode


def process_name() -> str:
    """Names a process among those that serve a floor."""
    return secrets.token_hex(8)


class Presence:
    """Of one tenant, as one process knows it."""

    def __init__(self, tenant_id: str, *, process: str) -> None:
        self._key = keys.floor_presence(tenant_id)
        self._process = process
        self._seats: dict[str, Seat] = {}
        """Those of this process, by socket."""
        self._elsewhere: dict[str, Seats] = {}
        self._told: dict[str, Person] = {}
        self._said_at = 0.0
        self._is_said = False

    def put(self, seat: Seat) -> None:
        """A connection of this process has come, changed or gone."""
        self._seats[seat.socket] = seat
        self._is_said = False

    def people(self) -> list[Person]:
        """Everybody, as viewers were told last and since."""
        return [*self._merged().values()]

    def _merged(self) -> dict[str, Person]:
        seats = [seat for field in self._elsewhere.values() for seat in field.seats]
        return merged([*seats, *self._seats.values()], now=time.time())

    def news(self) -> PresenceChange | None:
        """What is another since this was last asked."""
        before, self._told = self._told, self._merged()
        return change(before, self._told)

    async def exchange(self) -> None:
        """Says who watches here, if that is news or a while ago, and hears who watches elsewhere."""
        now = time.time()
        for socket in [socket for socket, seat in self._seats.items() if not is_there(seat, now)]:
            del self._seats[socket]
        if not self._is_said or now - self._said_at > SAID_EVERY:
            # What changes while this is under way is said the next time.
            self._is_said, self._said_at = True, now
            word = _encode(Seats(now + GRACE, [*self._seats.values()]))
            pipe().post("HSET", self._key, self._process, word)
            pipe().post("EXPIRE", self._key, int(4 * GRACE))
        answer = await pipe().call("HGETALL", self._key)
        words = {name.decode(): word for name, word in zip(answer[::2], answer[1::2], strict=True)}
        self._is_said = self._is_said and words.pop(self._process, None) is not None  # else Redis has lost it
        said = {process: _decode(word) for process, word in words.items() if process != self._process}
        for process in said.keys() - without_stale(said, now=now - GRACE).keys():
            pipe().post("HDEL", self._key, process)
        # A process that is missing has not left: Redis was emptied, and it will say so again.
        self._elsewhere = without_stale({**self._elsewhere, **said}, now=now)

    async def withdraw(self) -> None:
        """This process has no viewers any more; the last ones stay for their grace."""
        now = time.time()
        for socket, seat in self._seats.items():
            if not seat.gone:
                self._seats[socket] = msgspec.structs.replace(seat, gone=now)
        with suppress(RedisError):
            word = _encode(Seats(now + GRACE, [*self._seats.values()]))
            await pipe().call("HSET", self._key, self._process, word)
