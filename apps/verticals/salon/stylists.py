"""Stylists: who does what, in which time and for which price."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from apps.business.core.names import folded
from apps.business.models import Service, StaffService
from apps.verticals.salon.core.rules import total
from apps.verticals.salon.models import Stylist

_NAME_SCORE = 75  # Mya may be Maya


@dataclass(frozen=True, slots=True)
class Line:
    """One service as one stylist does it; `price_cents` is None when it is on request."""

    service: Service
    minutes: int
    price_cents: int | None


@dataclass(frozen=True, slots=True)
class Quote:
    """A visit as one stylist would do it: every wished service, one after the other."""

    stylist: Stylist
    lines: tuple[Line, ...]

    @property
    def minutes(self) -> int:
        return sum(line.minutes for line in self.lines)

    @property
    def price_cents(self) -> int | None:
        return total(line.price_cents for line in self.lines)


def active_stylists() -> list[Stylist]:
    return list(Stylist.objects.filter(staff__is_active=True).select_related("staff"))


def quotes(services: Sequence[Service], *, stylists: Collection[Stylist] | None = None) -> list[Quote]:
    """A quote of every stylist (of `stylists`, or of all) who does all the services, by name. Two queries at most."""
    among = {one.staff_id: one for one in (active_stylists() if stylists is None else stylists)}
    skills: dict[str, dict[str, StaffService]] = defaultdict(dict)
    for skill in StaffService.objects.filter(service__in=services, staff__in=list(among)).select_related("service"):
        skills[skill.staff_id][skill.service_id] = skill
    return [
        Quote(stylist, tuple(_line(skills[staff_id][service.pk]) for service in services))
        for staff_id, stylist in sorted(among.items(), key=lambda pair: pair[1].staff.name)
        if services and all(service.pk in skills[staff_id] for service in services)
    ]


def _line(skill: StaffService) -> Line:
    return Line(skill.service, int(skill.duration.total_seconds() // 60), skill.price)


def doing(services: Sequence[Service], stylists: Sequence[Stylist]) -> list[Stylist]:
    """Those of `stylists` who do all the services."""
    return [quote.stylist for quote in quotes(services, stylists=stylists)]


def find_by_name(name: str, stylists: Sequence[Stylist]) -> list[Stylist]:
    """The stylists whose name fits best: several when it is not clear, none when nobody's does."""
    asked = folded(name)
    if not asked:
        return []
    scores = {stylist.pk: _score(asked, stylist) for stylist in stylists}
    best = max(scores.values(), default=0)
    return [stylist for stylist in stylists if scores[stylist.pk] == best >= _NAME_SCORE]


def _score(asked: str, stylist: Stylist) -> float:
    name = folded(stylist.staff.name)
    if len(asked.split()) == 1:
        return max((fuzz.ratio(asked, word) for word in name.split()), default=0)
    return fuzz.token_sort_ratio(asked, name)
