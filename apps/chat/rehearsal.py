"""Rehearsals: written dialogues, played through the real chat against any model, on a tenant of their own."""

import datetime as dt
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import yaml
from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldError, ValidationError
from django.utils import timezone

from apps.agents import releases
from apps.agents.blueprints import DemoTenant, Vertical
from apps.agents.models import AgentVersion
from apps.chat import conversations, records, runs, tokens
from apps.chat.records import Record
from apps.chat.runs import Run
from apps.common.database import in_thread
from apps.common.ids import new_id
from apps.plans.subscriptions import start_trial
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, in_tenant, tenant_scope


class Line(msgspec.Struct, forbid_unknown_fields=True):
    """One message of the visitor, and what must come of it."""

    visitor: str
    calls: list[str] = []
    says: list[str] = []
    never: list[str] = []


class Expectation(msgspec.Struct, forbid_unknown_fields=True):
    """How many rows of `model` match at the end."""

    model: str
    where: dict[str, Any] = {}
    count: int = 1


class Scenario(msgspec.Struct, forbid_unknown_fields=True):
    """A dialogue; the format is in docs/verticals.md."""

    name: str
    now: str
    turns: list[Line]
    expect: list[Expectation] = []


@dataclass
class Heard:
    """One answer: its words, the tools that were called, and the codes of what went wrong."""

    conversation_id: str
    text: str = ""
    calls: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass
class Report:
    """What came of one scenario; `problems` is empty when it passed."""

    vertical: str
    name: str
    problems: list[str] = field(default_factory=list)
    transcript: list[tuple[str, str]] = field(default_factory=list)


class BadScenario(Exception):
    """A scenario file is not in the format; the text names the file and the place."""


def scenarios_of(vertical: Vertical) -> list[Scenario]:
    """The vertical's scenarios, by file name.

    Raises:
        BadScenario: a file is not in the format.
    """
    folder: Path = settings.VERTICALS_DIR / vertical.slug / "scenarios"
    return [_read(path) for path in sorted(folder.glob("*.yaml"))]


def _read(path: Path) -> Scenario:
    try:
        return msgspec.convert(yaml.safe_load(path.read_text()), Scenario)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise BadScenario(f"{path.name}: {error}") from None


async def rehearse(vertical: Vertical, scenario: Scenario, *, model: str = "") -> Report:
    """Plays a scenario on a fresh tenant with the vertical's demo data, which is removed afterwards.

    Args:
        model: instead of the agents' own.
    """
    if vertical.demo is None:
        raise BadScenario(f"{vertical.slug} has no demo tenant to play on.")
    report = Report(vertical.slug, scenario.name)
    tenant, now = await in_thread(_set_up, vertical, vertical.demo, scenario, model)

    def clock() -> dt.datetime:
        return now

    try:
        visitor = tokens.new_visitor(tenant_id=tenant.pk, widget_key="")
        conversation: str | None = None
        for line in scenario.turns:
            conversation = await _play(report, line, visitor, conversation, clock)
        for expectation in scenario.expect:
            if problem := await in_tenant(tenant.pk, _check, expectation):
                report.problems.append(problem)
    finally:
        await in_thread(_remove, tenant)
    return report


def _set_up(vertical: Vertical, demo: DemoTenant, scenario: Scenario, model: str) -> tuple[Tenant, dt.datetime]:
    with all_tenants(reason="a rehearsal makes its own tenant"):
        tenant = Tenant(
            slug=new_id("rehearsal").replace("_", "-"),
            name=demo.name,
            vertical=vertical.slug,
            time_zone=demo.time_zone,
            region=demo.region,
            phone=demo.phone,
            address=demo.address,
        )
        tenant.save()
    now = dt.datetime.fromisoformat(scenario.now).replace(tzinfo=tenant.zone)
    with tenant_scope(tenant.pk):
        start_trial(now=now)
        releases.install(vertical=vertical)
        if model:
            AgentVersion.objects.update(model=model)
        demo.load(now)
    return tenant, now


def _remove(tenant: Tenant) -> None:
    with all_tenants(reason="a rehearsal removes its own tenant"):
        tenant.delete()


async def _play(
    report: Report, line: Line, visitor: tokens.Visitor, conversation_id: str | None, clock: Callable[[], dt.datetime]
) -> str:
    heard = await ask(line.visitor, visitor=visitor, conversation_id=conversation_id, clock=clock)
    report.transcript += [
        ("visitor", line.visitor),
        *(("tool", call) for call in heard.calls),
        ("agent", heard.text),
    ]
    report.problems += [f"“{line.visitor}”: {problem}" for problem in problems(line, heard)]
    return heard.conversation_id


async def ask(
    text: str,
    *,
    visitor: tokens.Visitor,
    conversation_id: str | None = None,
    clock: Callable[[], dt.datetime] = timezone.now,
    trial: conversations.Trial | None = None,
) -> Heard:
    """Sends one message through the real chat, and hears the answer to its end.

    Args:
        conversation_id: to go on with; None = a new conversation, which may be a `trial`.
    """
    record = Record(runs.new_run_id(), conversation_id or new_id("conv"), visitor, new_id("msg"))
    desk, answer = await in_tenant(
        visitor.tenant_id,
        conversations.accept,
        visitor=visitor,
        widget=None,
        conversation_id=record.conversation_id,
        is_new=conversation_id is None,
        text=text,
        message_id=record.message_id,
        run=record.run_id,
        clock=clock,
        trial=trial,
    )
    run = Run(record)
    run.hold()
    await records.admit(record)
    run.begin(desk, answer=answer)
    heard = Heard(record.conversation_id)
    async with aclosing(runs.follow(tenant_id=visitor.tenant_id, run_id=record.run_id)) as batches:
        async for batch in batches:
            for _, name, raw in batch:
                data = msgspec.json.decode(raw)
                if name == "":
                    heard.text += data["tok"]
                elif name == "tool" and data["status"] == "started":
                    heard.calls.append(data["name"])
                elif name == "error":
                    heard.errors.append(data["code"])
    return heard


def problems(line: Line, heard: Heard) -> list[str]:
    """What of the answer is not as the line wants it; empty when all is."""
    found = list(heard.errors)
    remaining = iter(heard.calls)
    if not all(call in remaining for call in line.calls):
        found.append(f"expected the calls {', '.join(line.calls)}; got {', '.join(heard.calls) or 'none'}")
    spoken = heard.text.casefold()
    found += [f"did not say “{word}”" for word in line.says if word.casefold() not in spoken]
    found += [f"said “{word}”" for word in line.never if word.casefold() in spoken]
    return found


def _check(expectation: Expectation) -> str | None:
    try:
        found = apps.get_model(expectation.model)._default_manager.filter(**expectation.where).count()
    except (LookupError, FieldError, ValidationError, ValueError) as error:
        return f"expect: {expectation.model} with {expectation.where}: {error}"
    if found == expectation.count:
        return None
    return f"{found} instead of {expectation.count} {expectation.model} with {expectation.where}"
