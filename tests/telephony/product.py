"""The whole product and a simulated carrier that calls it: what the tests of calls and texts are played on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from apps.telephony import numbers
from apps.telephony.account import configured
from apps.telephony.calls import gateway
from apps.telephony.listeners import Listener
from apps.telephony.models import PlacedCall, TextMessage, Voicemail
from apps.telephony.simulated.exchange import Exchange
from apps.tenants.models import Tenant
from apps.tenants.scope import in_tenant

T = TypeVar("T")
OURS, THEIRS, FOREIGN = "+12125550111", "+12125550199", "+442071838750"
TOPIC = "test"


@dataclass
class Notes(Listener):
    """Writes down what it is told; `answers` are what it says to keys, `replies` to texts."""

    calls: list[tuple[str, str, str]] = field(default_factory=list)
    digits: list[str] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    voicemails: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    replies: dict[str, str] = field(default_factory=dict)
    welcome: str | None = None
    broken: bool = False

    def call_changed(self, call: PlacedCall) -> None:
        self.calls.append((call.status, call.answered_by, call.outcome))
        if self.broken:
            raise RuntimeError("a listener's own trouble")

    def digits_pressed(self, call: PlacedCall, digits: str) -> str | None:
        self.digits.append(digits)
        return self.answers.get(digits)

    def called_back(self, call: PlacedCall) -> str | None:
        return self.welcome

    def text_received(self, text: TextMessage) -> str | None:
        self.texts.append((text.body, text.about))
        return self.replies.get(text.body)

    def text_changed(self, text: TextMessage) -> None:
        self.statuses.append(text.status)

    def voicemail_left(self, voicemail: Voicemail) -> None:
        self.voicemails.append(voicemail.recording)


@asynccontextmanager
async def carrier(settings: Any, server: str, *, speed: float = 20.0) -> AsyncIterator[Exchange]:
    """The account's carrier, which both sides know the address of."""
    async with Exchange(configured(), speed=speed) as exchange:
        settings.TWILIO_API_BASE, settings.PUBLIC_URL = exchange.url, server
        yield exchange
        await gateway().aclose()


async def give_number(tenant: Tenant, number: str = OURS) -> str:
    """The number's id."""
    row = await in_tenant(tenant.pk, lambda: numbers.assign(number=number))
    return row.pk


async def read(tenant: Tenant, query: Callable[[], T]) -> T:
    return await in_tenant(tenant.pk, query)


async def until(tenant: Tenant, query: Callable[[], T | None], *, within: float = 20.0) -> T:
    """What the query finds, once it finds something."""
    async with asyncio.timeout(within):
        while True:
            if found := await in_tenant(tenant.pk, query):
                return found
            await asyncio.sleep(0.02)
