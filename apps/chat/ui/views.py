"""The addresses under /api/chat/ui (docs/embedding.md, “With the AI SDK”)."""

import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from functools import partial, wraps
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from apps.chat import access, intake, records, runs, tokens
from apps.chat.access import UnknownWidget
from apps.chat.core.ui import UIMessage
from apps.chat.tokens import BadToken, Visitor
from apps.chat.ui import chats, visitors
from apps.chat.views import MAX_MESSAGE
from apps.common import drain, sse
from apps.common.addresses import client_address
from apps.common.api import AsyncView, api_view, read_json
from apps.common.errors import InvalidInput, NotFound
from apps.common.ids import new_id
from apps.common.streaming import refuse_crowd, streaming_response
from apps.tenants.scope import in_tenant

HEADERS = {"x-vercel-ai-ui-message-stream": "v1"}
_CHAT = re.compile(r"[A-Za-z0-9_.:@-]{1,64}")
"""The client's id of its chat: `useChat` makes 16 letters and digits, a page may have its own."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class _Part(msgspec.Struct):
    type: str = ""
    text: Any = None


class _Message(msgspec.Struct):
    id: str = ""
    role: str = ""
    parts: list[_Part] = []

    def words(self) -> str:
        """What the visitor wrote."""
        if any(part.type == "file" for part in self.parts):
            raise InvalidInput("This chat takes text only, no files.", field="messages")
        text = "\n".join(part.text for part in self.parts if part.type == "text" and isinstance(part.text, str)).strip()
        if not text:
            raise InvalidInput("The message is empty.", field="messages")
        if len(text) > MAX_MESSAGE:
            raise InvalidInput(f"The message has {len(text)} characters; at most {MAX_MESSAGE}.", field="messages")
        if "\0" in text:
            raise InvalidInput("The message has a NUL character.", field="messages")
        return text


class _Ask(msgspec.Struct):
    """What `DefaultChatTransport` sends, the whole history each time; clients that trim it send `message`."""

    id: str
    messages: list[_Message] = []
    message: _Message | None = None
    trigger: str = "submit-message"
    widget: str = ""

    def last_message(self) -> _Message:
        message = self.message or next((m for m in reversed(self.messages) if m.role == "user"), None)
        if message is None:
            raise InvalidInput("Expected “messages” with a message of the user.", field="messages")
        return message


def ui_view(*methods: str) -> Callable[[AsyncView], Any]:
    """Like `api_view`, but errors are a sentence: `useChat` shows the body of an error to its user as it is.

    Who asks for `Accept: application/json` gets the usual envelope; its code is always in `X-Error-Code`.
    """

    def decorate(view: AsyncView) -> Any:
        guarded = api_view(*methods)(view)

        @wraps(view)
        async def speaking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = await guarded(request, *args, **kwargs)
            if response.status_code >= 400:
                error = _decode(response.content)["error"]
                response["X-Error-Code"] = error["code"]
                if "application/json" not in request.headers.get("Accept", ""):
                    response["Content-Type"] = "text/plain; charset=utf-8"
                    response.content = error["message"]
            return response

        speaking.csrf_exempt = True  # type: ignore[attr-defined]  # the cookie has a guard of its own: ui/visitors.py
        return speaking

    return decorate


@ui_view("POST")
async def ask(request: HttpRequest) -> HttpResponseBase:
    """Answers the last message; sent again, it joins the run that answers it. `regenerate()` has it answered anew."""
    body = read_json(request, _Ask)
    chat = body.id
    if not _CHAT.fullmatch(chat):
        raise InvalidInput("The chat's id must be 1 to 64 letters, digits or any of _ . : @ -", field="id")
    message = body.last_message()
    text = message.words()
    drain.refuse()
    refuse_crowd(request)
    visitor, widget = await visitors.identify(request, widget_key=body.widget)
    if visitor is None:
        if widget is None:
            raise UnknownWidget(
                "Send the widget's key: the X-Widget-Key header, “widget” in the body, or ?widget= in the address.",
                field="widget",
            )
        visitor = tokens.new_visitor(tenant_id=widget.tenant_id, widget_key=widget.id)
    widget = widget or await access.widget_of(visitor)
    take = partial(
        intake.take,
        visitor=visitor,
        widget=widget,
        address=client_address(request),
        conversation_id=None,
        text=text,
        chat=chat,
    )
    if body.trigger == "regenerate-message" and (asked := await _asked(visitor, chat)) and asked.text == text:
        # While it is being answered there is nothing to replace: a client that lost the stream comes back this way.
        run_id = await _active(visitor, asked) or await take(message_id=new_id("msg"), again=True)
    else:
        run_id = await take(message_id=_message_id(chat, message.id, text))
    response = streaming_response(_stream(visitor.tenant_id, run_id), headers=HEADERS)
    visitors.remember(response, request, visitor, widget)
    return response


@ui_view("GET")
async def resume(request: HttpRequest, chat: str) -> HttpResponseBase:
    """Tells the chat's last answer from its beginning, and goes on live; 204 when there is none to tell.

    Never an error for who is unknown: `useChat({resume: true})` asks before it has sent anything.
    """
    refuse_crowd(request)
    visitor, _ = await visitors.identify(request)
    if visitor is not None:
        asked = await _asked(visitor, chat)
        if asked is not None and await records.exists(tenant_id=visitor.tenant_id, run_id=asked.run):
            return streaming_response(_stream(visitor.tenant_id, asked.run), headers=HEADERS)
    return HttpResponse(status=204)


@ui_view("POST")
async def stop(request: HttpRequest, chat: str) -> HttpResponseBase:
    """Stops the answer; `stop()` of the client alone is only a disconnect. `run` is null where none was written."""
    visitor, _ = await visitors.identify(request)
    if visitor is None:
        raise BadToken("Send the visitor token: Authorization: Bearer …")
    asked = await _asked(visitor, chat)
    if asked is None:
        raise NotFound("There is no such chat.")
    run_id = await _active(visitor, asked)
    if run_id is not None:
        await runs.stop(tenant_id=visitor.tenant_id, run_id=run_id)
    return JsonResponse({"run": run_id}, status=202)


@ui_view("GET")
async def messages(request: HttpRequest, chat: str) -> HttpResponseBase:
    """The chat so far, for `useChat({messages})` after a reload; a chat that was not begun has none."""
    visitor, _ = await visitors.identify(request)
    found: list[Any] = []
    if visitor is not None and _CHAT.fullmatch(chat):
        found = await in_tenant(visitor.tenant_id, chats.messages, visitor=visitor, chat=chat)
    return JsonResponse({"messages": found}, headers={"Cache-Control": "no-store"})


async def _asked(visitor: Visitor, chat: str) -> chats.Asked | None:
    if not _CHAT.fullmatch(chat):
        return None
    return await in_tenant(visitor.tenant_id, chats.last_asked, visitor=visitor, chat=chat)


async def _active(visitor: Visitor, asked: chats.Asked) -> str | None:
    return await records.active(tenant_id=visitor.tenant_id, conversation_id=asked.conversation_id)


def _message_id(chat: str, message_id: str, text: str) -> str:
    """One message, one run. Within its chat, since a page may number its messages; an edited one is another."""
    if not message_id:
        raise InvalidInput("The message has no id.", field="messages")
    return hashlib.sha256("\0".join((chat, message_id, text)).encode()).hexdigest()[:32]


async def _stream(tenant_id: str, run_id: str) -> AsyncIterator[bytes]:
    """The run from its beginning: the client makes one bubble of every telling, because its id is the run's.

    A server that drains is not told from here. To this client an end without `finish` is the answer's end; a connection
    that breaks, as it does when the process leaves, is taken up again.
    """
    yield sse.KEEP_ALIVE  # headers and a first byte leave at once, whatever buffers between
    message = UIMessage(run_id)
    async with aclosing(runs.follow(tenant_id=tenant_id, run_id=run_id)) as batches:
        async for batch in batches:
            chunks = [chunk for number, name, data in batch for chunk in message.handle(number, name, _decode(data))]
            yield b"".join(b"data: " + _encode(chunk) + b"\n\n" for chunk in chunks) or sse.KEEP_ALIVE
    yield b"data: [DONE]\n\n"
