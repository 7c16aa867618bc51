"""Puts an agent's saved questions to a draft, through the real chat. A duty of the worker.

Each question is a conversation of its own with the draft. It is no visitor's: it is on no ledger and in no list, and
what a tool that writes has done is undone (`ToolContext.is_check`).
"""

import asyncio
import datetime as dt
import logging
from typing import Any

from django.utils import timezone

from apps.agents.models import Examination
from apps.agents.questions import rounds
from apps.chat import rehearsal, tokens
from apps.chat.conversations import Trial
from apps.chat.rehearsal import Heard, Line
from apps.common import duties
from apps.common.errors import AppError
from apps.conversations.models import Purpose
from apps.tenants.scope import all_tenants, in_tenant, tenant_scope

logger = logging.getLogger(__name__)

EVERY = 1.0
ANSWER = 60.0
"""Seconds for one answer; what takes longer has failed."""


def perform(now: dt.datetime) -> int:
    """Asks what waits to be asked, several examinations side by side; how many that were."""
    with all_tenants(reason="list the examinations that wait for a worker"):
        waiting = rounds.due(now=now)
    claimed = []
    for tenant_id, examination_id in waiting:
        with tenant_scope(tenant_id):
            examination = rounds.claim(examination_id=examination_id, now=now)
        if examination is not None:
            claimed.append(examination)
    if claimed:
        duties.complete(_all(claimed))
    return len(claimed)


async def _all(claimed: list[Examination]) -> None:
    await asyncio.gather(*(examine(examination) for examination in claimed))


async def examine(examination: Examination) -> None:
    """Asks what has not been asked yet, one after the other; ends early when somebody else has taken it over."""
    version_id = examination.version_id
    for asked in examination.questions[len(examination.results) :]:
        result = await _result(examination.tenant_id, version_id, asked)
        ours = await in_tenant(
            examination.tenant_id, rounds.record, examination=examination, result=result, now=timezone.now()
        )
        if not ours:
            return


async def _result(tenant_id: str, version_id: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What came of a question, as `Examination.results` keeps it."""
    line = Line(asked["question"], calls=asked["calls"], says=asked["says"], never=asked["never"])
    visitor = tokens.new_visitor(tenant_id=tenant_id, widget_key="")
    heard = Heard("")
    try:
        async with asyncio.timeout(ANSWER):
            heard = await rehearsal.ask(line.visitor, visitor=visitor, trial=Trial(version_id, Purpose.CHECK))
        problems = rehearsal.problems(line, heard)
    except TimeoutError:
        problems = [f"no answer within {ANSWER:.0f} seconds"]
    except AppError as error:
        problems = [error.message]
    except Exception:
        logger.exception("A saved question could not be asked", extra={"question": asked["id"]})
        problems = ["it could not be asked: something went wrong on our side"]
    return {
        "id": asked["id"],
        "question": asked["question"],
        "problems": problems,
        "answer": heard.text,
        "calls": heard.calls,
        "conversation": heard.conversation_id,
    }
