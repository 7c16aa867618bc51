"""Taking a message in, exactly once: whatever is repeated, and whoever leaves meanwhile."""

import asyncio

from apps.chat import conversations, runs
from apps.chat.access import Widget
from apps.chat.tokens import Visitor
from apps.common.errors import AppError, NotFound
from apps.common.redis import async_client
from apps.tenants import keys
from apps.tenants.scope import in_tenant

STARTING = 30
"""Seconds within which a claimed message's run must exist; a claim whose process died then frees itself."""
REMEMBERED = 24 * 3600
"""Seconds for which a message id is known."""
_tasks: set[asyncio.Task[str]] = set()


class RunInProgress(AppError):
    """The conversation's last message is still being answered."""

    code = "run_in_progress"
    status = 409
    retryable = True


async def take(
    *, visitor: Visitor, widget: Widget | None, conversation_id: str | None, text: str, message_id: str
) -> str:
    """The id of the run that answers the message: a new one, or the one that this `message_id` started before.

    A caller that is cancelled leaves nothing half done: what has begun is finished without it.

    Raises:
        RunInProgress: another message of the conversation is being answered.
        NotFound: not this visitor's conversation; or answered so long ago that its run is forgotten.
        NotAllowed, NoAgent: as `conversations.accept`; the message may be sent again.
    """
    task = asyncio.create_task(_take(visitor, widget, conversation_id, text, message_id))
    _tasks.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(_tasks.discard)
    return await asyncio.shield(task)


async def _take(
    visitor: Visitor, widget: Widget | None, conversation_id: str | None, text: str, message_id: str
) -> str:
    client = async_client()
    run_id = runs.new_run_id()
    claim = keys.message_run(visitor.tenant_id, visitor.id, message_id)
    if not await client.set(claim, run_id, nx=True, ex=STARTING):
        return await _begun_before(visitor, claim)
    try:
        await _start(visitor, widget, conversation_id, text, message_id, run_id)
    except BaseException:
        await client.delete(claim)
        raise
    await client.expire(claim, REMEMBERED)
    return run_id


async def _begun_before(visitor: Visitor, claim: str) -> str:
    """The run that the message's first request started; it may be just between the claim and the run."""
    client = async_client()
    for _ in range(50):
        run_id = (await client.get(claim) or b"").decode()
        if run_id and await runs.find(tenant_id=visitor.tenant_id, run_id=run_id) is not None:
            return run_id
        await asyncio.sleep(0.1)
    if await client.ttl(claim) > STARTING:
        raise NotFound("This message was answered earlier; read the conversation.", field="message_id")
    raise RunInProgress("This message is just being taken in.", retry_after=STARTING)


async def _start(
    visitor: Visitor, widget: Widget | None, conversation_id: str | None, text: str, message_id: str, run_id: str
) -> None:
    tenant_id = visitor.tenant_id
    occupied = ""
    try:
        if conversation_id:
            await _occupy(tenant_id, conversation_id, run_id)
            occupied = conversation_id
        desk = await in_tenant(
            tenant_id,
            conversations.accept,
            visitor=visitor,
            widget=widget,
            conversation_id=conversation_id,
            text=text,
            message_id=message_id,
            run=run_id,
        )
        if not conversation_id:
            await _occupy(tenant_id, desk.conversation.pk, run_id)
            occupied = desk.conversation.pk
        opened = {
            "run": run_id,
            "conversation": desk.conversation.pk,
            "token": visitor.token(),
            "agent": desk.agent.name,
        }
        await runs.begin(desk=desk, visitor=visitor.id, run_id=run_id, opened=opened)
    except BaseException:
        if occupied:
            await async_client().delete(keys.active_run(tenant_id, occupied))
        raise


async def _occupy(tenant_id: str, conversation_id: str, run_id: str) -> None:
    """Claims the conversation for a run. A claim whose process died is taken over."""
    client = async_client()
    key = keys.active_run(tenant_id, conversation_id)
    if await client.set(key, run_id, nx=True, ex=runs.KEPT):
        return
    holder = (await client.get(key) or b"").decode()
    if holder and await client.exists(keys.run_lease(tenant_id, holder)):
        raise RunInProgress("The last message is still being answered.", run=holder, retry_after=2)
    await client.set(key, run_id, ex=runs.KEPT)
