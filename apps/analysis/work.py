"""Judging conversations after their end. A duty of the worker; the rows of `Analysis` are its timers (ADR 9)."""

import asyncio
import datetime as dt
import logging
from collections.abc import Coroutine
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from apps.agents.model import ModelUnavailable
from apps.analysis import analyst, facts
from apps.analysis.analyst import Judged
from apps.analysis.facts import Facts
from apps.analysis.models import Analysis, Contribution
from apps.common import duties
from apps.common.errors import AppError
from apps.common.ids import new_id
from apps.conversations.models import Channel, Conversation, Purpose
from apps.plans import costs, usage
from apps.tenants import rows
from apps.tenants.scope import all_tenants, in_tenant, tenant_scope

logger = logging.getLogger(__name__)

EVERY = 5.0
IDLE = dt.timedelta(minutes=10)
"""A chat in which nothing was said for so long is over, until it goes on."""
HORIZON = dt.timedelta(days=3)
"""What ended longer ago is not judged any more: its time has passed, and an outage must not become a storm."""
LEASE = dt.timedelta(seconds=60)
"""After which a worker that judges has died, or the model was away: it is tried once more."""
ATTEMPTS = 6
AT_ONCE = 8
"""Conversations that are judged side by side, by one worker."""
ROUNDS = 20
"""Of so many at once, before the duty looks at the clock again."""
WITHIN = 45.0
"""Seconds for one of them; below LEASE, so that no two workers pay for the same."""
Status = Analysis.Status


def perform(now: dt.datetime) -> int:
    """Judges what is over; how many conversations that were."""
    done = 0
    for _ in range(ROUNDS):
        claimed = []
        for tenant_id, conversation_id in _due(now):
            with tenant_scope(tenant_id):
                analysis = claim(conversation_id=conversation_id, now=now)
            if analysis is not None:
                claimed.append(analysis)
        if not claimed:
            break
        done += sum(duties.complete(_all([_judge(analysis) for analysis in claimed])))
    return done


async def _all(work: list[Coroutine[Any, Any, bool]]) -> list[bool]:
    return await asyncio.gather(*work)


def _due(now: dt.datetime) -> list[tuple[str, str]]:
    """(tenant, conversation) of what is over and not judged as it stands, or was begun and left."""
    over = Q(status=Conversation.Status.CLOSED) | Q(channel=Channel.CHAT, last_at__lte=now - IDLE)
    unknown = Q(analysis=None) | (~Q(analysis__status=Status.CLAIMED) & Q(analysis__covers_at__lt=F("last_at")))
    left = Q(analysis__status=Status.CLAIMED, analysis__claimed_at__lt=now - LEASE)
    with all_tenants(reason="find the conversations of all tenants that are over"):
        found = Conversation.objects.filter(over, unknown | left, purpose=Purpose.LIVE, last_at__gte=now - HORIZON)
        return list(found.order_by("last_at").values_list("tenant_id", "pk")[:AT_ONCE])


@transaction.atomic
def claim(*, conversation_id: str, now: dt.datetime) -> Analysis | None:
    """The analysis, ours for LEASE; None when somebody else has it, or it was tried in vain too often."""
    conversation = Conversation.objects.select_for_update().get(pk=conversation_id)
    analysis: Analysis | None = Analysis.objects.select_for_update().filter(conversation=conversation).first()
    if analysis is None:
        analysis = Analysis(conversation=conversation, channel=conversation.channel, covers_at=conversation.last_at)
    elif analysis.status == Status.CLAIMED:
        if analysis.claimed_at is not None and analysis.claimed_at >= now - LEASE:
            return None
    elif analysis.covers_at >= conversation.last_at:
        return None  # somebody was quicker
    else:
        analysis.attempts = 0
    analysis.attempts += 1
    analysis.covers_at = conversation.last_at
    analysis.claim, analysis.claimed_at = new_id("clm"), now
    analysis.status = Status.CLAIMED if analysis.attempts <= ATTEMPTS else Status.FAILED
    analysis.save()
    return analysis if analysis.status == Status.CLAIMED else None


async def _judge(analysis: Analysis) -> bool:
    """Whether there is a verdict now. Who fails to get one leaves the claim to lapse, or says that there is none."""
    tenant_id = analysis.tenant_id
    try:
        async with asyncio.timeout(WITHIN):
            found = await in_tenant(tenant_id, facts.of, analysis.conversation_id)
            judged = None if found.is_empty else await analyst.judge(found.dialogue)
        return await in_tenant(tenant_id, finish, analysis=analysis, found=found, judged=judged, now=timezone.now())
    except (ModelUnavailable, TimeoutError):
        logger.warning("A conversation is judged later", extra={"analysis": analysis.pk})
    except AppError as error:
        logger.warning("A conversation is not judged", extra={"analysis": analysis.pk, "reason": error.code})
        await in_tenant(tenant_id, _give_up, analysis)
    except Exception:
        logger.exception("Judging a conversation failed", extra={"analysis": analysis.pk})
    return False


def _give_up(analysis: Analysis) -> None:
    Analysis.objects.filter(pk=analysis.pk, claim=analysis.claim).update(status=Status.FAILED)


@transaction.atomic
def finish(*, analysis: Analysis, found: Facts, judged: Judged | None, now: dt.datetime) -> bool:
    """Stores the verdict, each version's part and what it cost; nothing when the claim is somebody else's by now."""
    current = Analysis.objects.select_for_update().filter(pk=analysis.pk, claim=analysis.claim, status=Status.CLAIMED)
    if not current.exists():
        return False
    values: dict[str, Any] = {"status": Status.NOTHING, "analysed_at": now}
    if judged is not None:
        values |= _values(found, judged)
    Analysis.objects.filter(pk=analysis.pk).update(**values)
    Contribution.objects.filter(analysis=analysis).delete()
    if judged is None:
        return True
    for part in found.parts:
        part.analysis = analysis
        part.sentiment = judged.verdict.sentiment
        part.resolved = values["resolved"] and part is found.parts[-1]
    if found.parts:
        rows.insert(*found.parts)
    if judged.input_tokens or judged.output_tokens:
        usage.count_analysis(
            conversation_id=analysis.conversation_id,
            input_tokens=judged.input_tokens,
            output_tokens=judged.output_tokens,
            cost=costs.of_answer(
                model=judged.model, input_tokens=judged.input_tokens, output_tokens=judged.output_tokens
            ),
            now=now,
        )
    return True


def _values(found: Facts, judged: Judged) -> dict[str, Any]:
    verdict, dialogue = judged.verdict, found.dialogue
    last = found.parts[-1] if found.parts else None
    answered = any(part.answers for part in found.parts)
    return {
        "status": Status.DONE,
        "channel": found.conversation.channel,
        "agent": last.agent if last else "",
        "agent_version": last.version if last else None,
        "sentiment": verdict.sentiment,
        "sentiment_label": verdict.label,
        "lead_score": verdict.lead_score,
        "intent": verdict.intent,
        "topics": verdict.topics,
        "satisfaction": verdict.satisfaction,
        "escalation": verdict.escalation,
        "escalation_reason": verdict.escalation_reason if verdict.escalation else "",
        "summary": verdict.summary,
        "answered": answered,
        # Answered to the end by agents, and neither visitor nor judge sees anything left to do.
        "resolved": answered
        and not (verdict.escalation or dialogue.with_person or found.ended_in_error)
        and verdict.satisfaction >= 3,
        "handed_over": dialogue.with_person,
        "booked": dialogue.booked,
        "is_simulated": judged.is_simulated,
        "model": judged.model,
        "prompt_version": "" if judged.is_simulated else analyst.PROMPT_VERSION,
        "input_tokens": judged.input_tokens,
        "output_tokens": judged.output_tokens,
    }
