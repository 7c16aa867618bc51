"""Orders for a call under way: from whoever steers it to the process that holds it, whichever that is.

An order is said on one channel of the platform; the process that holds the call does it and answers on a channel of the
order's own. Nobody else answers, so that silence means: not reachable. An order is worth the seconds its sender waits,
and no more: that is why it is on no log (docs/adr/0011).
"""

import asyncio
import logging
from collections.abc import Callable

import msgspec
from redis.exceptions import RedisError

from apps.common.errors import AppError
from apps.common.redis import pipe
from apps.conversations.models import Call
from apps.live import radio
from apps.tenants import keys
from apps.tenants.scope import current_tenant_id

logger = logging.getLogger(__name__)

WITHIN = 3.0
"""Seconds for an answer."""
RETRY = 1.0
MOST_WAITING = 1_000


class Unreachable(AppError):
    """The process that holds the call does not answer."""

    code = "unreachable"
    status = 503
    retryable = True


class Order(msgspec.Struct, frozen=True, array_like=True):
    """Something that shall be done in a call. `kind` is listen, whisper, barge, takeover, return, type or end."""

    id: str
    tenant: str
    call: str
    """A `conversations.Call`."""
    kind: str
    text: str = ""
    user: str = ""
    """Id of who steers, and `by` their name."""
    by: str = ""
    version: int = 0
    """Of the call, after the order was decided: one that is overtaken by a later one is not done."""


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """`code` and `message` say why not."""

    ok: bool
    code: str = ""
    message: str = ""


_encode = msgspec.msgpack.Encoder().encode
_order = msgspec.msgpack.Decoder(Order).decode
_answer = msgspec.msgpack.Decoder(Answer).decode


async def ask(order: Order, *, within: float = WITHIN) -> Answer:
    """What the process that holds the call says.

    Raises:
        Unreachable: nobody has answered in so many seconds. It may have been done or not.
    """
    try:
        async with asyncio.timeout(within + 1):
            # Tuned in first: the answer is said once.
            receiver = await radio.radio().tune(keys.order_answer(order.tenant, order.id), most=1)
            try:
                heard = await radio.send(keys.orders(), _encode(order))
                found = await receiver.next(within=within) if heard else None
            finally:
                receiver.close()
    except (RedisError, OSError):
        found = None
    if found is None:
        raise Unreachable("The call cannot be reached.")
    return _answer(found)


async def follow(perform: Callable[[Order], Answer | None]) -> None:
    """Gives every order to `perform`, for ever; None = the call is none of ours. It must not wait, nor raise."""
    while True:
        try:
            receiver = await radio.radio().tune(keys.orders(), most=MOST_WAITING)
        except (RedisError, OSError, TimeoutError):
            await asyncio.sleep(RETRY)
            continue
        try:
            while (message := await receiver.next()) is not None:
                _take(message, perform)
        finally:
            receiver.close()


def _take(message: bytes, perform: Callable[[Order], Answer | None]) -> None:
    try:
        order = _order(message)
        answer = perform(order)
    except Exception:
        logger.exception("An order for a call could not be done")
        return
    if answer is not None:
        pipe().post("PUBLISH", keys.order_answer(order.tenant, order.id), _encode(answer))


def order_for(*, call: Call, kind: str, id: str, user: str, by: str, text: str = "") -> Order:
    """An order for a call of the tenant in scope."""
    return Order(
        id=id, tenant=current_tenant_id(), call=call.pk, kind=kind, text=text, user=user, by=by, version=call.version
    )
