"""Putting the saved questions to a draft: asked for here, asked by a worker, and what came of it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from django.db import transaction
from django.db.models import Q

from apps.agents.content import stamp
from apps.agents.models import Agent, AgentVersion, Examination, SavedQuestion
from apps.common.errors import AppError
from apps.common.ids import new_id
from apps.tenants import audit

MOST = 50
"""Questions of an agent: each costs an answer whenever they are asked."""
LEASE = dt.timedelta(seconds=90)
"""After which a worker that has said nothing of an examination has died."""
ATTEMPTS = 3
Status = Examination.Status


class NothingToAsk(AppError):
    code = "nothing_to_ask"
    status = 422


@dataclass(frozen=True, slots=True)
class Standing:
    """How a draft stands with the saved questions, as it and they are now.

    `state`: `free` without any question; `untested`, `running`, `failed` or `tested`. Tested is only what passed all.
    """

    state: Literal["free", "untested", "running", "failed", "tested"]
    questions: int = 0
    examination: Examination | None = None

    @property
    def may_be_published(self) -> bool:
        return self.state in ("free", "tested")


def content_of(version: AgentVersion) -> tuple[str, list[dict[str, Any]]]:
    """(the stamp of the draft with its questions, the questions as JSON)."""
    rows = SavedQuestion.objects.filter(agent_id=version.agent_id)
    asked = [
        {"id": row.pk, "question": row.question, "calls": row.calls, "says": row.says, "never": row.never}
        for row in rows
    ]
    return stamp(version, asked), asked


def standing(version: AgentVersion) -> Standing:
    """Where the draft stands; what another content passed counts for nothing. Two queries."""
    content, asked = content_of(version)
    if not asked:
        return Standing("free")
    last = Examination.objects.filter(version=version, content=content).first()
    if last is None or last.status == Status.FAILED:
        return Standing("untested", len(asked), last)
    if not last.is_over:
        return Standing("running", len(asked), last)
    return Standing("failed" if last.failed else "tested", len(asked), last)


@transaction.atomic
def begin(*, version: AgentVersion, actor: str, now: dt.datetime) -> Examination:
    """Has the questions put to the draft as it is now; one that is under way for the same content goes on.

    Raises:
        NothingToAsk: no question is saved.
    """
    Agent.objects.select_for_update().get(pk=version.agent_id)
    content, asked = content_of(version)
    if not asked:
        raise NothingToAsk("No question is saved yet. Add one first.")
    # What is asked of an older content would only be in the way.
    under_way = Examination.objects.filter(version=version, status__in=(Status.WAITING, Status.RUNNING))
    under_way.exclude(content=content).delete()
    if (current := under_way.first()) is not None:
        return current
    return Examination.objects.create(
        version=version, content=content, questions=asked, asked_by=actor[:40], created_at=now
    )


def due(*, now: dt.datetime) -> list[tuple[str, str]]:
    """(tenant, examination) of what waits for a worker, or lost it; with all tenants in scope."""
    lost = Q(status=Status.RUNNING, claimed_at__lt=now - LEASE)
    rows = Examination.objects.filter(Q(status=Status.WAITING) | lost).order_by("created_at")
    return list(rows.values_list("tenant_id", "pk")[:10])


@transaction.atomic
def claim(*, examination_id: str, now: dt.datetime) -> Examination | None:
    """The examination, ours to run until `LEASE` after its last word; None when somebody else has it."""
    lost = Q(status=Status.RUNNING, claimed_at__lt=now - LEASE)
    rows = Examination.objects.select_for_update().filter(Q(status=Status.WAITING) | lost, pk=examination_id)
    examination: Examination | None = rows.first()
    if examination is None:
        return None
    examination.attempts += 1
    examination.status = Status.RUNNING if examination.attempts <= ATTEMPTS else Status.FAILED
    examination.claim, examination.claimed_at = new_id("clm"), now
    examination.finished_at = now if examination.is_over else None
    examination.save()
    return None if examination.is_over else examination


@transaction.atomic
def record(*, examination: Examination, result: dict[str, Any], now: dt.datetime) -> bool:
    """Adds what came of the next question; False when it is ours no more, or was given up."""
    rows = Examination.objects.select_for_update().filter(pk=examination.pk, claim=examination.claim)
    current: Examination | None = rows.first()
    if current is None or current.is_over:
        return False
    current.results.append(result)
    current.claimed_at = now
    if len(current.results) >= len(current.questions):
        current.status, current.finished_at = Status.DONE, now
        details = {"version": current.version.number, "passed": current.passed, "questions": len(current.questions)}
        audit.record(actor=current.asked_by, action="agent.examined", target=current.version.agent_id, details=details)
    current.save()
    examination.results = current.results
    return True
