"""Services: what the clinic does, found by the words of a visitor."""

from rapidfuzz import fuzz

from apps.business.core.names import folded
from apps.business.models import Service
from apps.verticals.healthcare.core.specialties import recognize

_SCORE = 82


def offered_services() -> list[Service]:
    return list(Service.objects.filter(is_active=True))


def matching(wish: str, services: list[Service]) -> list[Service]:
    """The services of the category the visitor spoke of, else those whose name is nearest, the best first.

    A category is also meant by its lay words: "teeth" finds Dentistry.
    """
    asked = folded(wish)
    category = [one for one in services if fuzz.ratio(asked, folded(one.category)) >= _SCORE]
    if category:
        return category
    scores = {one.pk: _score(asked, one) for one in services}
    named = [one for one in services if scores[one.pk] >= _SCORE]
    if named:
        return sorted(named, key=lambda one: -scores[one.pk])
    for specialty in recognize(wish):
        if meant := [one for one in services if recognize(one.category)[:1] == [specialty]]:
            return meant
    return []


def _score(asked: str, service: Service) -> float:
    if asked == folded(service.code):
        return 100
    return max((_likeness(word, service) for word in asked.split() if len(word) > 2), default=0)


def _likeness(word: str, service: Service) -> float:
    return max((fuzz.ratio(word, other) for other in folded(service.name).split()), default=0)
