"""Providers: who treats what."""

from dataclasses import dataclass

from rapidfuzz import fuzz

from apps.business.core.names import folded
from apps.business.core.wording import listed
from apps.verticals.healthcare.core.specialties import PRIMARY_CARE, recognize
from apps.verticals.healthcare.models import Provider

_NAME_SCORE = 75  # Chan may be Chen
_TITLES = {"dr", "doctor", "md", "do", "np", "pa", "dds", "dmd"}


@dataclass(frozen=True)
class Team:
    """Who to see about something.

    Attributes:
        providers: in the clinic's order; empty only when the clinic has nobody at all.
        note: an honest sentence when these are not what was asked for; empty otherwise.
    """

    providers: list[Provider]
    note: str = ""


def active_providers() -> list[Provider]:
    return list(Provider.objects.filter(staff__is_active=True).select_related("staff"))


def accepting(providers: list[Provider]) -> list[Provider]:
    """Those with room for new patients."""
    return [provider for provider in providers if provider.accepting_new_patients]


def team_for(wish: str, providers: list[Provider]) -> Team:
    """Those of `providers` who treat what the visitor spoke of: a specialty, a body part, a complaint.

    Falls back to primary care, then to everybody, and says so.
    """
    if not wish or not providers:
        return Team(providers)
    direct = [provider for provider in providers if _alike(provider.specialization, wish)]
    if direct:
        return Team(direct)
    meant = recognize(wish)
    for specialty in meant:
        if treating := _of(specialty, providers):
            return Team(treating)
    if meant and meant[0] != PRIMARY_CARE:
        note = f"We have nobody for {spoken_specialty(meant[0])} at the moment"
    else:
        note = "I am not sure which specialty that belongs to"
    general = _of(PRIMARY_CARE, providers)
    return Team(general or providers, note)


def find_by_name(name: str, providers: list[Provider]) -> list[Provider]:
    """The providers whose name fits best: several when it is not clear, none when nobody's does."""
    asked = " ".join(word for word in folded(name).split() if word not in _TITLES)
    if not asked:
        return []
    scores = {provider.pk: _name_score(asked, provider) for provider in providers}
    best = max(scores.values(), default=0)
    return [provider for provider in providers if scores[provider.pk] == best >= _NAME_SCORE]


def spoken_fields(providers: list[Provider]) -> str:
    """What they treat, such as "orthopedics or podiatry"."""
    fields = dict.fromkeys(spoken_specialty(provider.specialization) for provider in providers)
    return listed(list(fields), word="or")


def spoken_specialty(name: str) -> str:
    """As it stands in a sentence: "Primary Care" becomes "primary care", "ENT" stays."""
    return name if name.isupper() else name.lower()


def _name_score(asked: str, provider: Provider) -> float:
    words = [word for word in folded(provider.staff.name).split() if word not in _TITLES]
    name = " ".join(words)
    if len(asked.split()) == 1:
        return max((fuzz.ratio(asked, word) for word in words), default=0)
    return fuzz.token_sort_ratio(asked, name)


def _of(specialty: str, providers: list[Provider]) -> list[Provider]:
    return [provider for provider in providers if recognize(provider.specialization)[:1] == [specialty]]


def _alike(specialization: str, wish: str) -> bool:
    return folded(specialization) == folded(wish)
