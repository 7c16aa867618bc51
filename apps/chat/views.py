"""The chat's addresses (docs/embedding.md). All async: a stream holds no thread and no database connection."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from apps.chat import access, beside, conversations, intake, records, runs, tokens
from apps.chat.access import Widget
from apps.chat.records import Record
from apps.chat.tokens import BadToken, Visitor
from apps.common import drain, sse
from apps.common.addresses import client_address
from apps.common.api import api_view, read_json
from apps.common.errors import InvalidInput, NotFound
from apps.common.ids import new_id
from apps.common.streaming import refuse_crowd, streaming_response
from apps.desk import people
from apps.tenants.scope import in_tenant

MAX_MESSAGE = 4_000
"""Characters."""


class _Message(msgspec.Struct):
    role: str = ""
    content: str = ""


class _Ask(msgspec.Struct):
    message: str | None = None
    messages: list[_Message] | None = None
    widget: str = ""
    conversation: str | None = None
    message_id: str | None = None

    def text(self) -> str:
        """The visitor's words, from `message` or the last user message of `messages`."""
        field, text = "message", self.message
        if text is None:
            field = "messages"
            text = next((m.content for m in reversed(self.messages or []) if m.role == "user"), None)
        if text is None:
            raise InvalidInput("Expected “message”, or “messages” with a user message.", field="message")
        if not text.strip():
            raise InvalidInput("The message is empty.", field=field)
        if len(text) > MAX_MESSAGE:
            raise InvalidInput(f"The message has {len(text)} characters; at most {MAX_MESSAGE}.", field=field)
        if "\0" in text:
            raise InvalidInput("The message has a NUL character.", field=field)
        return text.strip()


class _OpenSession(msgspec.Struct):
    widget: str = ""


@api_view("POST")
async def sessions(request: HttpRequest) -> HttpResponseBase:
    """Mints a visitor token; with an old one, for the same visitor."""
    body = read_json(request, _OpenSession)
    widget = await access.known_widget(request.headers.get("X-Widget-Key") or body.widget)
    access.check_origin(request, widget)
    visitor = _returning(request, widget) or tokens.new_visitor(tenant_id=widget.tenant_id, widget_key=widget.id)
    answer = await in_tenant(
        widget.tenant_id, conversations.session, visitor=visitor, widget=widget, now=timezone.now()
    )
    return JsonResponse({"token": visitor.token(), "expires_in": tokens.LIFETIME, **answer})


def _returning(request: HttpRequest, widget: Widget) -> Visitor | None:
    """The visitor of an old token of this tenant, if it carries one that we still remember."""
    token = request.headers.get("Authorization", "").partition(" ")[2]
    try:
        visitor = tokens.read(token, max_age=tokens.MEMORY)
    except BadToken:
        return None
    return visitor if visitor.tenant_id == widget.tenant_id else None


@api_view("POST")
async def stream(request: HttpRequest) -> HttpResponseBase:
    """Starts a run and streams it; the same `message_id` joins the run it started."""
    body = read_json(request, _Ask)
    text = body.text()
    message_id = access.check_message_id(body.message_id) if body.message_id else new_id("msg")
    drain.refuse()
    refuse_crowd(request)
    visitor, widget = await _who(request, body)
    run_id = await intake.take(
        visitor=visitor,
        widget=widget,
        address=client_address(request),
        conversation_id=body.conversation,
        text=text,
        message_id=message_id,
    )
    return streaming_response(_events(visitor.tenant_id, run_id, after=0))


async def _who(request: HttpRequest, body: _Ask) -> tuple[Visitor, Widget]:
    """The visitor (a new one when there is no token) and the widget they came through."""
    visitor = access.visitor_of(request)
    key = request.headers.get("X-Widget-Key") or body.widget
    widget = await access.widget_of(visitor) if visitor and not key else await access.known_widget(key)
    access.check_origin(request, widget)
    access.check_visitor(visitor, widget)
    return visitor or tokens.new_visitor(tenant_id=widget.tenant_id, widget_key=widget.id), widget


@api_view("GET")
async def resume(request: HttpRequest, run_id: str) -> HttpResponseBase:
    """Follows a run from a position, live or finished; 204 when there is nothing left to say."""
    refuse_crowd(request)
    visitor, _ = await _own_run(request, run_id)
    after = _position(request, run_id)
    if await runs.is_told(tenant_id=visitor.tenant_id, run_id=run_id, after=after):
        return HttpResponse(status=204)
    return streaming_response(_events(visitor.tenant_id, run_id, after=after))


@api_view("POST")
async def stop(request: HttpRequest, run_id: str) -> HttpResponseBase:
    """Stops the generation. A run that is over stays as it is."""
    visitor, run = await _own_run(request, run_id)
    if not run.over:
        await runs.stop(tenant_id=visitor.tenant_id, run_id=run_id)
    return JsonResponse({"run": run_id}, status=202)


@api_view("GET")
async def conversation(request: HttpRequest, conversation_id: str) -> HttpResponseBase:
    """The turns so far, and the run that is under way."""
    visitor = access.required_visitor(request)
    active = await records.active(tenant_id=visitor.tenant_id, conversation_id=conversation_id)
    answer = await in_tenant(visitor.tenant_id, beside.past, visitor, conversation_id)
    # What the run has said is in its stream, from the beginning: not here, too.
    answer["turns"] = [turn for turn in answer["turns"] if turn["role"] == "user" or turn["run"] != active]
    return JsonResponse({**answer, "active_run": {"run": active, "after": 0} if active else None})


@api_view("GET")
async def beside_runs(request: HttpRequest, conversation_id: str) -> HttpResponseBase:
    """Follows what the visitor is told without asking: a person's words, and who has the conversation."""
    refuse_crowd(request)
    visitor = access.required_visitor(request)
    after = _position(request, conversation_id)
    await beside.check(visitor, conversation_id)
    return streaming_response(beside.events(visitor, conversation_id, after=after))


class _Reach(msgspec.Struct):
    name: str = ""
    phone: str = ""
    email: str = ""
    about: str = ""


@api_view("POST")
async def callback(request: HttpRequest, conversation_id: str) -> HttpResponseBase:
    """The visitor leaves how they can be reached: a request in the business's inbox."""
    visitor = access.required_visitor(request)
    body = read_json(request, _Reach)
    if any("\0" in value for value in (body.name, body.phone, body.email, body.about)):
        raise InvalidInput("The request has a NUL character.")
    await in_tenant(
        visitor.tenant_id, beside.leave_details, visitor, conversation_id, msgspec.structs.asdict(body), timezone.now()
    )
    return JsonResponse({"say": people.NOTED}, status=201)


async def _own_run(request: HttpRequest, run_id: str) -> tuple[Visitor, Record]:
    visitor = access.required_visitor(request)
    run = await records.find(tenant_id=visitor.tenant_id, run_id=run_id)
    if run is None or run.visitor.id != visitor.id:
        raise NotFound("There is no such run.")
    return visitor, run


def _position(request: HttpRequest, run_id: str) -> int:
    """Where to resume: `Last-Event-ID: <run>:<seq>`, or `?after=<seq>`; 0 without either."""
    if last := request.headers.get("Last-Event-ID", ""):
        run, _, number = last.rpartition(":")
        if run != run_id or not number.isdecimal():
            raise InvalidInput("Expected <run>:<seq> of this run.", field="Last-Event-ID")
        return int(number[:9])
    number = request.GET.get("after", "0")
    if not number.isdecimal():
        raise InvalidInput("Expected a number of 0 or more.", field="after")
    return int(number[:9])


async def _events(tenant_id: str, run_id: str, *, after: int) -> AsyncIterator[bytes]:
    """The run as server-sent events."""
    yield sse.KEEP_ALIVE  # headers and a first byte leave at once, whatever buffers between
    prefix = run_id.encode() + b":"
    async with aclosing(runs.follow(tenant_id=tenant_id, run_id=run_id, after=after)) as batches:
        async for batch in batches:
            if drain.draining():
                yield drain.goodbye()
                return
            if batch:
                yield b"".join([sse.event(name, prefix + b"%d" % number, data) for number, name, data in batch])
            else:
                yield sse.KEEP_ALIVE
