"""The tools that say who works at the clinic."""

from itertools import groupby
from typing import Annotated, Any

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import listed
from apps.verticals.healthcare.core.specialties import GLOSSARY
from apps.verticals.healthcare.models import Provider
from apps.verticals.healthcare.providers import (
    accepting,
    active_providers,
    find_by_name,
    spoken_fields,
    spoken_specialty,
    team_for,
)
from apps.verticals.healthcare.tools.arguments import Id, Topic, active_provider

_SPOKEN = 4
_LISTED = 20


@tool(label="Looking up our providers")
def get_providers(
    ctx: ToolContext,
    *,
    specialization: Annotated[Topic | None, f"specialty or complaint in the visitor's words: {GLOSSARY}"] = None,
    accepting_new_patients: Annotated[bool | None, "true for only those who accept new patients"] = None,
) -> ToolResult:
    """Lists the doctors and other providers of the clinic: all, or for a specialty, body part or complaint.

    Use it for questions about who works here or who treats something. Returns provider_id, provider_name,
    specialization, languages, accepting_new_patients of each.
    """
    team = team_for(specialization or "", active_providers())
    providers = accepting(team.providers) if accepting_new_patients else team.providers
    note = f"{team.note}, so I would start with {spoken_fields(team.providers)}. " if team.note else ""
    if not providers:
        return ToolResult(f"{note}Nobody there is accepting new patients at the moment.", {"providers": []})
    return ToolResult(f"{note}{_spoken(providers)}", {"providers": [_data(one) for one in providers[:_LISTED]]})


@tool(label="Looking up the provider")
def get_provider_info(
    ctx: ToolContext,
    *,
    provider_id: Annotated[Id | None, "provider_id, when it is known"] = None,
    provider_name: Annotated[Topic | None, "name of the doctor, as the visitor said it"] = None,
) -> ToolResult:
    """Tells about one doctor or provider by name: what they treat, which languages they speak, whether they accept
    new patients.

    Use it when the visitor names a doctor. Returns provider_id, provider_name, specialization, credentials,
    languages, bio.
    """
    provider = active_provider(provider_id) if provider_id else _named(provider_name or "")
    room = "is accepting new patients" if provider.accepting_new_patients else "is not accepting new patients"
    field = spoken_specialty(provider.specialization)
    languages = listed(provider.languages.split(", "))
    return ToolResult(
        f"{provider.staff.name} works in {field}, speaks {languages} and {room}.",
        {**_data(provider), "credentials": provider.credentials, "bio": provider.bio},
    )


def _named(name: str) -> Provider:
    providers = active_providers()
    if not name:
        raise ToolRefused("provider_needed", "Which doctor do you mean?", field="provider_name")
    found = find_by_name(name, providers)
    if len(found) == 1:
        return found[0]
    if found:
        names = listed([provider.staff.name for provider in found[:_SPOKEN]], word="or")
        raise ToolRefused("which_provider", f"Do you mean {names}?", field="provider_name")
    raise ToolRefused(
        "provider_not_found",
        f"I cannot find a doctor of that name at our clinic. {_spoken(providers)}".strip(),
        field="provider_name",
    )


def _spoken(providers: list[Provider]) -> str:
    """One sentence that names at most four; empty for a clinic without providers."""
    if not providers:
        return ""
    if len(providers) > _SPOKEN:
        fields = list(dict.fromkeys(spoken_specialty(provider.specialization) for provider in providers))
        areas = listed(fields[:_SPOKEN]) if len(fields) <= _SPOKEN else f"{', '.join(fields[:_SPOKEN])} and more"
        return f"We have {len(providers)} providers, in {areas}."
    groups = groupby(providers, key=lambda one: spoken_specialty(one.specialization))
    said = [f"{listed([one.staff.name for one in group])} for {field}" for field, group in groups]
    return f"We have {listed(said)}."


def _data(provider: Provider) -> dict[str, Any]:
    return {
        "provider_id": provider.pk,
        "provider_name": provider.staff.name,
        "specialization": provider.specialization,
        "languages": provider.languages,
        "accepting_new_patients": provider.accepting_new_patients,
    }
