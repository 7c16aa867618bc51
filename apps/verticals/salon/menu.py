"""The menu: what the salon does, found by the words of a visitor."""

from dataclasses import dataclass
from typing import Any

from apps.business.core.wording import listed, spoken_length, spoken_money
from apps.business.models import Service
from apps.verticals.salon.core.matching import Entry, match


@dataclass(frozen=True)
class Ordered:
    """What a visitor asked for.

    Attributes:
        services: those that are clear.
        choices: services that fit one wish equally well, for each such wish.
        unknown: words for what is not on the menu.
    """

    services: list[Service]
    choices: list[list[Service]]
    unknown: tuple[str, ...]


def menu_services() -> list[Service]:
    """Everything on offer, with its entry in the menu."""
    return list(Service.objects.filter(is_active=True, menu_entry__isnull=False).select_related("menu_entry__add_on"))


def find_services(wish: str, services: list[Service]) -> Ordered:
    """Those of `services` that the words of the visitor mean."""
    by_id = {service.pk: service for service in services}
    found = match(wish, [Entry(service.pk, _names(service)) for service in services])
    return Ordered(
        [by_id[one] for one in found.services],
        [[by_id[one] for one in group] for group in found.choices],
        found.unknown,
    )


def _names(service: Service) -> tuple[str, ...]:
    others = (name.strip() for name in service.menu_entry.also_called.split(","))
    return (service.name, *(name for name in others if name))


def categories(services: list[Service]) -> list[str]:
    return list(dict.fromkeys(service.category for service in services if service.category))


def spoken_services(services: list[Service]) -> str:
    """Names in a sentence, such as "women's haircut and balayage"."""
    return listed([lowered(service.name) for service in services])


def spoken_offer(service: Service) -> str:
    """Such as "balayage for $210 (2 hours 30 minutes)"."""
    price = "with the price on request" if service.price_cents is None else f"for {spoken_money(service.price_cents)}"
    return f"{lowered(service.name)} {price} ({spoken_length(service.duration_minutes)})"


def lowered(name: str) -> str:
    """As it stands in a sentence."""
    return name[:1].lower() + name[1:] if name[1:2].islower() else name


def as_data(service: Service) -> dict[str, Any]:
    return {
        "service_id": service.pk,
        "service_name": service.name,
        "category": service.category,
        "price": None if service.price_cents is None else spoken_money(service.price_cents),
        "duration": service.duration_minutes,
    }
