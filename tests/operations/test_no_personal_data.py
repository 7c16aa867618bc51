"""A day with everything in it, and a search of all that the operator gets for everybody who was in it.

Over real sockets: a chat that books, a call that books, texts, a sign-up, logins that fail, webhooks, a takeover, an
export and an erasure; and faults that carry what somebody typed in their messages.
"""

import asyncio
import datetime as dt
import logging
import re
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from apps.agents.models import AgentVersion
from apps.agents.tools import runner
from apps.api.webhooks import dispatch
from apps.business.data_rights import requests
from apps.business.models import Booking, Contact
from apps.common import duties, queues
from apps.common.database import in_thread
from apps.common.duties import Duty
from apps.conversations.models import ToolCall
from apps.telephony import numbers, texting
from apps.tenants.models import Tenant, User, WidgetKey
from apps.tenants.scope import tenant_scope
from tests.accounts.conftest import PASSWORD, code_in
from tests.accounts.conftest import Visitor as Newcomer
from tests.api.conftest import Program, program
from tests.api.receiver import Receiver, receiving
from tests.chat.client import Visitor
from tests.conftest import make_member
from tests.data_rights.everywhere import forms
from tests.inbox.team import Member
from tests.operations.eavesdropper import Collector, Log, collecting, dotted, logged
from tests.telephony.product import carrier
from tests.voice.callers import Script, ended
from tests.voice.conftest import clinic
from tests.voice.test_phone_call import BOOKING

__all__ = ["clinic"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]

OURS, CALLER = "+12125550123", "+12125550199"
CHAT = (
    "Hi, I have a rash on my arm and would like an appointment next Wednesday",
    "My name is Quirin Vandermolen and I was born on March 12, 1994",
    "Yes, I am new here",
    "It is 212 867 5309",
    "The first one, please",
)
SAID = ("Please tell Quirin Vandermolen (212 867 5309) to come at nine", "I am Alice. What is it?")
HOME = "17 Larkspur Lane"
QUIRIN = forms(given="Quirin", family="Vandermolen", phone="+12128675309", email="quirin@vandermolen.example")
NINA = [
    "Nina Novak",
    "Novak",
    "Nina’s Salon",
    "nina@salon.example",
    "+4930901820",
    "030 901820",
    "30901820",
    "93.184.216.34",
]
MARIA = [
    *forms(given="Maria", family="Santos", phone=CALLER, email="maria@santos.example"),
    "May 4, 1985",
    "1985-05-04",
]
WORDS = [
    *(QUIRIN + NINA + MARIA),
    *("alice@riverside.example", "mallory@evil.example", "wrong horse"),
    *("March 12, 1994", "1994-03-12", HOME, PASSWORD),
    *CHAT,
    *BOOKING,
    *SAID,
]


@pytest.fixture(autouse=True)
def _day(settings: Any) -> Iterator[None]:
    cache.clear()
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    yield
    assert dispatch.settled(within=15)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


def chat(server: str, clinic: Tenant) -> Visitor:
    """Somebody new registers and books."""
    with tenant_scope(clinic.pk):
        visitor = Visitor(server, WidgetKey.objects.get().key)
    for line in CHAT:
        visitor.ask(line).check()
    with tenant_scope(clinic.pk):
        [contact] = Contact.objects.filter(family_name="Vandermolen")
        assert Booking.objects.filter(contact=contact).count() == 1
    return visitor


def program_of(clinic: Tenant, url: str) -> Program:
    """The business's own program, with a webhook."""
    crm = program(clinic)
    events = ["contact.created", "contact.updated", "booking.created"]
    assert crm.post("webhooks", {"url": url, "events": events}).status_code == 201
    return crm


def manage_contacts(crm: Program) -> None:
    assert crm.get("contacts?q=Vandermolen").status_code == 422  # there is no such filter
    people = crm.get("contacts?limit=100").json()["data"]
    [found] = [person for person in people if person["family_name"] == "Vandermolen"]
    changed = {"email": "quirin@vandermolen.example", "notes": f"Lives at {HOME}."}
    assert crm.patch(f"contacts/{found['id']}", changed).status_code == 200
    assert crm.post("contacts", {"given_name": "Quirin", "phone": "212 867"}).status_code == 422
    assert crm.post("contacts", {"given_name": "Quirin", "colour": "Vandermolen"}).status_code in (201, 422)
    assert crm.get("contacts/Vandermolen?email=quirin@vandermolen.example").status_code == 404


def come_in(server: str) -> None:
    """A sign-up, and two who may not come in."""
    newcomer = Newcomer()
    newcomer.sign_up()
    assert code_in(mail.outbox[-1])
    for who in ("alice@riverside.example", "mallory@evil.example"):
        answer = Client().post(
            "/account/login/", {"login": who, "password": "wrong horse"}, REMOTE_ADDR="93.184.216.34"
        )
        assert answer.status_code == 200
    Client().post("/account/password/reset/", {"email": "mallory@evil.example"}, REMOTE_ADDR="93.184.216.34")


def take_over(server: str, visitor: Visitor) -> None:
    alice, conversation = Member(server, "alice@riverside.example"), visitor.conversation or ""
    alice.act("take", conversation)
    alice.say(conversation, SAID[1])
    visitor.ask(SAID[0]).check()
    alice.act("return", conversation, note=SAID[0])


def go_wrong(server: str, clinic: Tenant, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool, a duty and a provider fail, and requests are none; each has what somebody typed in it."""
    perform = runner._perform

    def fail(tool: Any, values: Any, *rest: Any) -> Any:
        if tool.name == "get_office_hours":
            raise ValueError(f"no row for {QUIRIN[2]} at {QUIRIN[4]}, {QUIRIN[5]}")
        return perform(tool, values, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(runner, "_perform", fail)
        visitor.ask("What are your opening hours?").check()
    with tenant_scope(clinic.pk):
        AgentVersion.objects.update(model="sandbox+500")
    assert visitor.ask(SAID[0]).check().done["reason"] == "error"

    def duplicate(now: dt.datetime) -> int:
        try:
            User.objects.create_user("alice@riverside.example", PASSWORD)
        except IntegrityError as error:
            raise ValueError(f"{QUIRIN[5]} is there already") from error
        return 1

    assert duties.perform(Duty("test.duplicate", 1.0, duplicate), timezone.now()) == 0
    with httpx.Client(base_url=server) as http:
        assert http.post("/api/chat/stream", content=f'{{"message": {SAID[0]}').status_code in (400, 415)
        headers = {"X-Widget-Key": visitor.key}
        body = {"message": SAID[0], "conversation": ["Vandermolen"]}
        assert http.post("/api/chat/stream", json=body, headers=headers).status_code == 422
        for path in ("/Vandermolen/212-867-5309", "/api/Vandermolen", "/admin/Vandermolen/"):
            assert http.get(path, params={"email": "quirin@vandermolen.example"}).status_code in (302, 404)
    logging.getLogger("somebodys.package").warning("Header %s: %s", "To", CALLER)
    logging.getLogger("twilio.http_client").info(f"To : {CALLER}")


def tools_of(clinic: Tenant, conversation: str) -> list[str]:
    with tenant_scope(clinic.pk):
        return list(ToolCall.objects.filter(conversation=conversation).values_list("name", flat=True))


async def texts(clinic: Tenant, exchange: Any, server: str) -> None:
    await texting.send_text(tenant_id=clinic.pk, to=QUIRIN[5], body=SAID[0])
    url = f"{server}/voice/twilio/sms"
    assert await exchange.text(from_=QUIRIN[5], to=OURS, body=SAID[0], url=url, sid="") is not None


def rights(clinic: Tenant) -> None:
    """Quirin's export, then the erasure."""
    with tenant_scope(clinic.pk):
        [contact] = Contact.objects.filter(family_name="Vandermolen")
        requests.ask_export(contact=contact, actor="user:1", now=timezone.now())
    duty = Duty("business.data_requests", 1.0, requests.perform)
    assert duties.perform(duty, timezone.now()) == 1
    with tenant_scope(clinic.pk):
        requests.ask_erasure(contact=contact, typed_name=contact.name, actor="user:1", now=timezone.now())
    for seconds in (1, 20):  # it waits for answers that are under way
        assert duties.perform(duty, timezone.now() + dt.timedelta(seconds=seconds)) == 1
    with tenant_scope(clinic.pk):
        assert not Contact.objects.filter(family_name="Vandermolen").exists()


def prepare(clinic: Tenant, url: str) -> Program:
    make_member("alice@riverside.example", clinic)
    with tenant_scope(clinic.pk):
        numbers.assign(number=OURS)
    return program_of(clinic, url)


def work() -> None:
    duty = Duty("api.webhooks", 1.0, dispatch.perform)
    assert duties.perform(duty, timezone.now()) > 0
    assert dispatch.settled(within=15)
    duties.perform(Duty("operations.queues", 15.0, queues.measure), timezone.now())


async def the_day(
    server: str, clinic: Tenant, receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Everything; the secrets that were given out in it."""
    crm = await in_thread(prepare, clinic, receiver.url)
    visitor = await in_thread(chat, server, clinic)  # first: whoever waits for the model to start hears a filler
    async with carrier(settings, server, speed=1.0) as exchange:
        call = exchange.call(
            from_=CALLER,
            to=OURS,
            url=f"{server}/voice/twilio/incoming",
            caller=Script(*BOOKING),
            status_callback=f"{server}/voice/twilio/status",
        )
        await in_thread(manage_contacts, crm)
        await texts(clinic, exchange, server)
        await in_thread(come_in, server)
        await in_thread(take_over, server, visitor)
        async with asyncio.timeout(200):
            await call.over()
        spoken, turns, _ = await ended(clinic)
        tools = await in_thread(tools_of, clinic, spoken.conversation_id)
        assert "schedule_appointment" in tools, [turn.text for turn in turns]
    await in_thread(go_wrong, server, clinic, visitor, monkeypatch)
    await in_thread(work)
    await in_thread(rights, clinic)
    assert receiver.got
    assert all(
        re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[13]", sent.headers["traceparent"]) for sent in receiver.got
    )
    return [crm.secret, visitor.token or "", visitor.key]


async def test_nothing_that_the_operator_gets_names_anybody(
    server: str,
    clinic: Tenant,
    receiver: Receiver,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with logged() as log, collecting() as collector:
        secrets = await the_day(server, clinic, receiver, settings, monkeypatch)
        metrics = (await asyncio.to_thread(httpx.get, f"{server}/metrics")).text
    said = {
        "logs": "\n".join(log.lines),
        "spans": collector.text,
        "metrics": metrics,
        "console": "".join(capfd.readouterr()),
    }
    found = [
        (where, word) for where, text in said.items() for word in WORDS + secrets if word.casefold() in text.casefold()
    ]
    assert found == []
    check_that_it_says_something(log, collector, metrics)


def check_that_it_says_something(log: Log, collector: Collector, metrics: str) -> None:
    """Or the search would prove nothing."""
    messages = {entry["message"] for entry in log.entries}
    assert {"A tool failed", "A duty failed", "contact erased", "Header …: …"} <= messages, messages
    failed = next(entry for entry in log.entries if entry["message"] == "A duty failed")
    assert "IntegrityError" in failed["exception"]
    assert "ValueError" in failed["exception"]
    assert re.fullmatch(r"[0-9a-f]{32}", failed["trace_id"])
    for name in ("POST api/chat/stream", "invoke_agent", "chat ", "execute_tool schedule_appointment", "first audio"):
        assert collector.named(name), name
    for name in ("carrier POST Messages", "webhook", "duty business.data_requests", "duty test.duplicate"):
        assert collector.named(name), name
    one_trace(collector)
    for name in ('runs_ended_total{reason="stop"}', "first_word_seconds_count", "tool_seconds_count"):
        assert f"callsphere_chat_{name}" in metrics or f"callsphere_{name}" in metrics, name


def one_trace(collector: Collector) -> None:
    """A chat's request, run, model and tool; and a call's."""
    parents = {span.span_id: span for span in collector.spans}

    def path(span: Any) -> list[str]:
        names = [span.name]
        while span.parent_span_id in parents:
            span = parents[span.parent_span_id]
            names.append(span.name)
        return names

    tools = [path(span) for span in collector.named("execute_tool schedule_appointment")]
    assert any(names[1].startswith("invoke_agent") and names[-1] == "POST api/chat/stream" for names in tools), tools
    assert any(names[-1].startswith("invoke_agent") for names in tools), tools
    model = next(span for span in collector.named("chat ") if "gen_ai.response.finish_reasons" in dotted(span))
    attributes = dotted(model)
    assert attributes["gen_ai.operation.name"] == "chat"
    assert attributes["gen_ai.usage.output_tokens"] > 0
    assert attributes["gen_ai.response.time_to_first_chunk"] > 0
    assert attributes["gen_ai.response.model"]
