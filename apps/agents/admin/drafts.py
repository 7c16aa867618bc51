"""Drafts as two editors meet them, and what changed from one version to the next."""

import difflib
import hashlib
import json
from dataclasses import dataclass
from typing import Any, Literal

from apps.agents.models import AgentVersion
from apps.common.errors import AppError

FIELDS = ("greeting", "instructions", "tools", "hands_over_to", "model", "voice")
"""What an owner edits in a draft."""


class DraftChanged(AppError):
    """Somebody else saved, published or discarded the draft since this editor opened it."""

    code = "draft_changed"
    status = 409


@dataclass(frozen=True, slots=True)
class DiffLine:
    kind: Literal["same", "added", "removed", "gap"]
    text: str


def stamp(version: AgentVersion) -> str:
    """The draft's content as a fingerprint; equal as long as nobody saved anything else."""
    content = json.dumps([version.pk, version.status, *(getattr(version, name) for name in FIELDS)])
    return hashlib.sha256(content.encode()).hexdigest()


def save_draft(*, draft_id: str, seen: str, values: dict[str, Any]) -> AgentVersion:
    """Writes `values` (of FIELDS) over the draft that the editor saw; inside a transaction.

    Raises:
        DraftChanged: it is not what `seen` (its stamp) says any more.
    """
    draft = AgentVersion.objects.select_for_update().filter(pk=draft_id).first()
    if draft is None or stamp(draft) != seen:
        raise DraftChanged(
            "Somebody else changed this draft since you opened it, so yours was not saved. What differs is at the "
            "top; your words are still in the form. Copy what you need, then load the page again."
        )
    for name in FIELDS:
        setattr(draft, name, values[name])
    draft.save(update_fields=FIELDS)
    return draft


def diff(before: str, after: str) -> list[DiffLine]:
    """Line by line, with three lines of context around each change; empty when nothing changed."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=3)
    kinds: dict[str, Literal["same", "added", "removed"]] = {" ": "same", "+": "added", "-": "removed"}
    result = []
    for number, line in enumerate(lines):
        if number < 2:  # the names of two files
            continue
        if line.startswith("@@"):
            result.append(DiffLine("gap", ""))
        else:
            result.append(DiffLine(kinds[line[0]], line[1:]))
    return result[1:] if result and result[0].kind == "gap" else result
