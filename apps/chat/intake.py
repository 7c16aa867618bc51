"""Taking a message in, exactly once: whatever is repeated, and whoever leaves meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from redis.exceptions import RedisError

from apps.chat import conversations, records, runs
from apps.chat.access import Widget
from apps.chat.records import Record
from apps.chat.runs import Run
from apps.chat.tokens import Visitor
from apps.common.errors import AppError, NotFound
from apps.common.ids import new_id
from apps.plans import budgets
from apps.plans.budgets import Reservation
from apps.plans.core.budget import estimate
from apps.tenants.scope import in_tenant

T = TypeVar("T")

UNDO_NOW = 0.5
"""Seconds for which a refusal waits until its run is forgotten; usually it is at once."""
UNDO_EVERY = 0.1
UNDO_TRIES = 600
"""How often, and how many times, that is tried while Redis is away."""
_tasks: set[asyncio.Task[Any]] = set()


class RunInProgress(AppError):
    """The conversation's last message is still being answered."""

    code = "run_in_progress"
    status = 409
    retryable = True


async def take(
    *,
    visitor: Visitor,
    widget: Widget,
    address: str,
    conversation_id: str | None,
    text: str,
    message_id: str,
    chat: str = "",
    again: bool = False,
) -> str:
    """The id of the run that answers the message: a new one, or the one that this `message_id` started before.

    A caller that is cancelled leaves nothing half done: what has begun is finished without it.

    Args:
        address: where the message comes from, for the limits of that address; "" = unknown.
        chat: the client's own id of the conversation, which is then found or begun under it.
        again: answer the last message of the conversation anew, under a `message_id` of its own.

    Raises:
        RunInProgress: another message of the conversation is being answered.
        NotFound: not this visitor's conversation; or answered so long ago that its run is forgotten.
        TooManyMessages, TokenBudgetSpent: a limit is reached.
        NotAllowed, NoAgent: as `conversations.accept`; the message may be sent again.
    """
    if chat and conversation_id is None:
        known = await in_tenant(visitor.tenant_id, conversations.by_client_id, visitor=visitor, client_id=chat)
        conversation_id = known.pk if known else None
    record = Record(runs.new_run_id(), conversation_id or new_id("conv"), visitor, message_id)
    accept = partial(
        conversations.accept,
        visitor=visitor,
        widget=widget,
        conversation_id=record.conversation_id,
        is_new=conversation_id is None,
        chat=chat,
        again=again,
        text=text,
        message_id=message_id,
        run=record.run_id,
    )
    reserve = partial(
        budgets.reserve,
        tenant_id=visitor.tenant_id,
        widget_id=widget.id,
        visitor=visitor.id,
        address=address,
        estimate=estimate(text),
        limits=widget.limits,
    )
    return await asyncio.shield(_kept(_take(record, reserve, accept)))


async def _take(
    record: Record,
    reserve: Callable[[], Awaitable[Reservation]],
    accept: Callable[[], tuple[conversations.Desk, str | None]],
) -> str:
    run = Run(record)
    run.hold()  # first: should this process die from here on, another one clears up
    try:
        outcome, run_id = await records.admit(record)
        if outcome == "admitted":
            run.reservation = await reserve()
            desk, answer = await in_tenant(record.tenant_id, accept)
            run.begin(desk, answer=answer)
            return run_id
    except BaseException:
        undoing = _kept(_undo(run))
        await asyncio.wait({undoing}, timeout=UNDO_NOW)
        raise
    await run.withdraw()
    if outcome == "occupied":
        raise RunInProgress("The last message is still being answered.", run=run_id, retry_after=2)
    if await records.exists(tenant_id=record.tenant_id, run_id=run_id):
        return run_id
    raise NotFound("This message was answered earlier; read the conversation.", field="message_id")


async def _undo(run: Run) -> None:
    """Forgets a run that never begins, so that its message can be sent again; as soon as Redis takes it."""
    if run.reservation is not None:
        budgets.release(run.reservation)
    for _ in range(UNDO_TRIES):
        try:
            await records.withdraw(run.record)
            break
        except RedisError:
            await asyncio.sleep(UNDO_EVERY)
    await run.withdraw()


def _kept(work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    task = asyncio.create_task(work)
    _tasks.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(_tasks.discard)
    return task
