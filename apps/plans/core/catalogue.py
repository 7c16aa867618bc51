"""The plans, as data."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

ANNUAL_DISCOUNT_PERCENT: Final = 15


@dataclass(frozen=True, slots=True)
class Plan:
    """What a month costs and holds. Whole numbers only: money is never a float."""

    slug: str
    name: str
    monthly_cents: int
    interactions: int
    numbers: int
    channels: tuple[str, ...]
    overage_mills: int
    """Price of one interaction beyond `interactions`, in tenths of a cent."""

    @property
    def annual_cents(self) -> int:
        """Twelve months paid at once; rounded down, in the customer's favor."""
        return self.monthly_cents * 12 * (100 - ANNUAL_DISCOUNT_PERCENT) // 100

    @property
    def monthly_price(self) -> str:
        """Such as `$149`."""
        return dollars(self.monthly_cents * 10)

    @property
    def annual_price(self) -> str:
        """Such as `$1,519.80`."""
        return dollars(self.annual_cents * 10)

    @property
    def channel_names(self) -> str:
        """Such as `voice, chat, SMS`."""
        return ", ".join(_CHANNELS[channel] for channel in self.channels)

    @property
    def overage_price(self) -> str:
        """Such as `$0.075`."""
        return dollars(self.overage_mills)


_CHANNELS: Final = {"voice": "voice", "chat": "chat", "sms": "SMS", "whatsapp": "WhatsApp (once it is built)"}


def dollars(mills: int) -> str:
    """Tenths of a cent as people write them: no cents on a whole amount, a third decimal where it counts."""
    decimals = 0 if mills % 1000 == 0 else 2 if mills % 10 == 0 else 3
    return f"${Decimal(mills) / 1000:,.{decimals}f}"


STARTER: Final = Plan("starter", "Starter", 14_900, 2_000, 1, ("voice", "chat"), 75)
GROWTH: Final = Plan("growth", "Growth", 49_900, 10_000, 3, ("voice", "chat", "sms"), 50)
SCALE: Final = Plan("scale", "Scale", 149_900, 50_000, 10, ("voice", "chat", "sms", "whatsapp"), 30)

PLANS: Final = {plan.slug: plan for plan in (STARTER, GROWTH, SCALE)}


def catalogue() -> tuple[Plan, ...]:
    """Every plan on sale, the smallest first: for the pricing page."""
    return tuple(PLANS.values())
