"""Every model that could hold a person says what becomes of them."""

from typing import Any

import pytest
from django.db import models
from django.db.models import Q

from apps.business.data_rights.sweep import swept_models, texts_of
from apps.business.models import Booking, Contact
from apps.conversations.models import Conversation, Turn
from apps.telephony.models import OptOut
from apps.tenants import data_rights
from apps.tenants.rls import tenant_models
from apps.voice.models import CallFile


def reachable() -> set[type[models.Model]]:
    """Models whose rows go with registered ones, or stay by a registered rule."""
    found: set[type[models.Model]] = set()
    todo: list[Any] = [holding.model for holding in data_rights.holdings()]
    while todo:
        model = todo.pop()
        if model not in found:
            found.add(model)
            todo += [relation.related_model for relation in data_rights.dependents(model)]
    return found


def unspoken(candidates: list[Any]) -> list[str]:
    """Labels of models that nobody has said a word about."""
    spoken = reachable() | set(data_rights.without())
    return sorted(model._meta.label for model in candidates if model not in spoken)


@pytest.mark.once
def test_every_model_of_a_tenant_is_registered_or_listed_with_its_reason() -> None:
    """One that fails here: see `apps/tenants/data_rights.py`; register it in its app's holdings.py."""
    assert unspoken(tenant_models()) == []


@pytest.mark.once
def test_the_check_sees_a_model_that_was_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        data_rights, "_holdings", [each for each in data_rights.holdings() if each.model not in (Booking, OptOut)]
    )
    assert {"business.Booking", "salon.Appointment", "telephony.OptOut"} <= set(unspoken(tenant_models()))


@pytest.mark.once
def test_dependents_are_found_through_what_cascades() -> None:
    assert {Turn, CallFile} <= reachable()
    assert Conversation in reachable()


@pytest.mark.once
def test_every_reason_is_a_sentence() -> None:
    reasons = [*data_rights.without().values(), *(each.reason for each in data_rights.holdings() if each.reason)]
    assert all(reason.endswith(".") and len(reason) > 10 for reason in reasons)


@pytest.mark.once
def test_what_stays_needs_its_reason() -> None:
    with pytest.raises(ValueError, match="needs its reason"):
        data_rights.register(Booking, lambda subject: Q(), rule="keep")


@pytest.mark.once
def test_texts_of_every_model_are_searched_but_those_that_must_stay() -> None:
    assert {model._meta.label for model in tenant_models() if texts_of(model)} - {
        model._meta.label for model in swept_models()
    } == {
        "agents.AgentVersion",
        "agents.Examination",
        "agents.KnowledgePiece",
        "agents.KnowledgeSource",
        "agents.SavedQuestion",
        "conversations.TeamDesk",
        "sales.Consent",
        "sales.DoNotCall",
        "telephony.OptOut",
    }
    assert [field.name for field in texts_of(Contact)] == ["notes"]
