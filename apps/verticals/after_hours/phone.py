"""The port through which people are called and texted, and the telephony behind it."""

from dataclasses import dataclass
from typing import Literal, Protocol

from apps.common.errors import AppError
from apps.telephony import placing, texting
from apps.telephony.calls import CarrierUnavailable, gateway
from apps.telephony.core.progress import FAILED


@dataclass(frozen=True, slots=True)
class Order:
    """A call or a text to be made. `key` is its idempotency key: the same one again reaches nobody a second time."""

    tenant_id: str
    kind: Literal["call", "text"]
    to: str
    words: str
    key: str
    about: str
    message: str = ""
    """Left on an answering machine."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of an order: `reference` is the call's or text's id, `error` why there is none.

    `is_sure` is False when the carrier may have got it, or not.
    """

    reference: str = ""
    error: str = ""
    is_sure: bool = True


class Phone(Protocol):
    """Calls and texts people."""

    async def send(self, order: Order) -> Receipt:
        """Never raises for what the carrier or the number did wrong."""

    async def hang_up(self, tenant_id: str, reference: str) -> None:
        """Ends a call; one that is over is left as it is."""

    async def aclose(self) -> None:
        """The last word on this event loop."""


class Telephony:
    """The carrier, by apps.telephony."""

    def __init__(self, topic: str) -> None:
        self._topic = topic

    async def send(self, order: Order) -> Receipt:
        try:
            return await (self._text(order) if order.kind == "text" else self._call(order))
        except CarrierUnavailable as trouble:
            return Receipt(error=trouble.code, is_sure=False)
        except AppError as refusal:
            return Receipt(error=refusal.code)

    async def _call(self, order: Order) -> Receipt:
        call = await placing.ask(
            tenant_id=order.tenant_id,
            to=order.to,
            question=order.words,
            message=order.message,
            topic=self._topic,
            about=order.about,
            key=order.key,
        )
        if not call.carrier_call:  # somebody ordered it before, and died or heard nothing
            call = await placing.settle(tenant_id=order.tenant_id, call_id=call.pk)
        if call.status == FAILED:
            return Receipt(call.pk, error=call.error or "failed")
        return Receipt(call.pk, is_sure=bool(call.carrier_call))

    async def _text(self, order: Order) -> Receipt:
        text = await texting.send_text(
            tenant_id=order.tenant_id,
            to=order.to,
            body=order.words[: texting.MAX_TEXT],
            topic=self._topic,
            about=order.about,
            key=order.key,
        )
        return Receipt(text.pk, is_sure=bool(text.carrier_message))

    async def hang_up(self, tenant_id: str, reference: str) -> None:
        try:
            await placing.cancel(tenant_id=tenant_id, call_id=reference)
        except AppError:
            return  # it ends by itself

    async def aclose(self) -> None:
        await gateway().aclose()
