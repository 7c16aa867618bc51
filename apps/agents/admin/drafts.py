"""Drafts as two editors meet them: who saves second loses nothing, and overwrites nothing unseen."""

import json
from typing import Any

from apps.agents.content import in_order, stamp, tidy, values_of
from apps.agents.core.merging import Merged, merge
from apps.agents.models import OWNERS_FIELDS, AgentVersion
from apps.common.errors import AppError

_CHOICES = ("tools", "sources", "hands_over_to", "human_on")
"""Lists of which a form sends its own order."""


class DraftChanged(AppError):
    """Somebody else saved, published or discarded the draft since this editor opened it.

    `merged` is what of both can stand; None when there is no draft any more. `theirs` are the saved values.
    """

    code = "draft_changed"
    status = 409

    def __init__(
        self, message: str, *, merged: Merged | None = None, theirs: dict[str, Any] | None = None, **details: Any
    ) -> None:
        super().__init__(message, **details)
        self.merged = merged
        self.theirs = theirs or {}


def save_draft(*, draft_id: str, seen: str, base: str, values: dict[str, Any], author_id: Any = None) -> AgentVersion:
    """Writes `values` (of OWNERS_FIELDS) over the draft that the editor saw; inside a transaction.

    Args:
        base: the values that the editor began with, as JSON; with them more can be merged.

    Raises:
        DraftChanged: it is not what `seen` (its stamp) says any more; nothing is saved.
    """
    began = _read(base)
    values = {
        name: in_order(value, began.get(name)) if name in _CHOICES else tidy(value) for name, value in values.items()
    }
    draft: AgentVersion | None = AgentVersion.objects.select_for_update().filter(pk=draft_id).first()
    if draft is None:
        raise DraftChanged("Somebody else discarded this draft since you opened it, so yours was not saved.")
    if stamp(draft) != seen:
        theirs = values_of(draft)
        raise DraftChanged(
            "Somebody else changed this draft since you opened it, so nothing is saved yet. What both of you did is at "
            "the top; the form has it joined. Look it over and save again.",
            merged=merge(began, values, theirs, OWNERS_FIELDS),
            theirs=theirs,
        )
    for name in OWNERS_FIELDS:
        setattr(draft, name, values[name])
    draft.author_id = author_id or draft.author_id
    draft.save(update_fields=[*OWNERS_FIELDS, "author"])
    return draft


def _read(base: str) -> dict[str, Any]:
    try:
        values = json.loads(base)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
