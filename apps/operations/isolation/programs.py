"""API keys, webhooks, caches and files: what is reached without a page."""

import gc
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from apps.common.database import in_thread
from apps.operations.isolation import asgi
from apps.operations.isolation.findings import Line, Section
from apps.operations.isolation.probes import Probe
from apps.operations.isolation.routes import entries
from apps.tenants import audit
from apps.tenants.memory import Memory
from apps.tenants.models import ApiKey
from apps.tenants.scope import tenant_scope

KEYS: Final = "What is no key in force of a business must open nothing, and a key only its own business."
FILES: Final = (
    "Files in the storage (recordings, exports): they have no address of their own, and every address by which one "
    "might be guessed must not exist. The pages that hand them out are among the routes."
)
WEBHOOKS: Final = "What happens at the rival's must not be put into the outbox of the other's webhooks."
MEMORIES: Final = (
    "What this process remembers between requests (tenants/memory.py), after all the requests above: an answer kept "
    "for one business must hold nothing of the other."
)


async def api_keys(*, rival: Probe, victim: Probe) -> Section:
    section = Section("API keys", KEYS)
    line = section.line("keys that are none")
    for name, secret in (
        ("cut short", victim.api_key[:-1]),
        ("its first characters", victim.api_key[:8]),
        ("in other letters", victim.api_key.swapcase()),
        ("its hash", await in_thread(_hash, victim)),
        ("its id", victim.rows[ApiKey]),
        ("a widget's key", victim.widget_key),
        ("empty", ""),
    ):
        answer = await asgi.ask("GET", "/api/contacts", headers={"authorization": f"Bearer {secret}"})
        line.expect(answer.status == 401, f"{name}: 401", f"{name}: {answer.status}")
    line = section.line("a key that was revoked")
    secret = await in_thread(_revoked, rival)
    answer = await asgi.ask("GET", "/api/contacts", headers={"authorization": f"Bearer {secret}"})
    line.expect(answer.status == 401, "401", str(answer.status))
    line = section.line("a key with the other's business named beside it")
    theirs = victim.tenant.pk
    for headers in ({"x-tenant": theirs}, {"x-tenant-id": theirs}, {"cookie": f"tenant_id={theirs}"}):
        known = {"authorization": f"Bearer {rival.api_key}", **headers}
        answer = await asgi.ask("GET", "/api/contacts", query=f"tenant={theirs}", headers=known)
        fine = answer.status in (200, 422) and victim.canary not in answer.body
        line.expect(fine, f"{answer.status}, its own rows only", f"{answer.status} for {next(iter(headers))}")
    line = section.line("the key in its own business")
    answer = await asgi.ask("GET", "/api/contacts", headers={"authorization": f"Bearer {victim.api_key}"})
    line.expect(victim.canary in answer.body, "shows its own rows", "shows nothing: the refusals prove nothing")
    return section


def _hash(probe: Probe) -> str:
    with tenant_scope(probe.tenant.pk):
        return ApiKey.objects.latest("pk").secret_hash


def _revoked(probe: Probe) -> str:
    with tenant_scope(probe.tenant.pk):
        key, secret = ApiKey.issue(name="revoked")
        key.revoked_at = timezone.now()
        key.save()
    return secret


async def files(*, rival: Probe, victim: Probe) -> Section:
    section = Section("Files", FILES)
    line = section.line("a recording of the other's", note="a file that was put into the storage for this")
    exists = await in_thread(default_storage.exists, victim.file)
    line.expect(exists, "is in the storage", "is not in the storage: nothing was tried")
    media = settings.MEDIA_URL.strip("/")
    static = settings.STATIC_URL.strip("/")
    for prefix in {media, "media", "files", f"{static}/../files", f"{static}/..%2ffiles", "var/files", ""} - {None}:
        path = f"/{prefix}/{victim.file}".replace("//", "/")
        for headers in ({}, {"cookie": f"{settings.SESSION_COOKIE_NAME}={rival.session}"}):
            answer = await asgi.ask("GET", path, headers=headers)
            found = victim.canary in answer.body.replace(path, "")
            line.expect(answer.status >= 300 and not found, f"{answer.status}", f"{path}: {answer.status}")
    line = section.line("names in the storage")
    line.expect(victim.tenant.pk in victim.file.split("/"), "the business is in the path", victim.file)
    return section


def webhooks(*, rival: Probe, victim: Probe) -> Section:
    """Sync: everything that webhooks tell of happens at the rival's. Rolled back, so that nothing is sent."""
    section = Section("Webhooks", WEBHOOKS)
    told = {action: event for route in entries() for action, event in getattr(_resource(route), "events", {}).items()}
    with transaction.atomic():
        _listen_to_all(rival, told)
        _listen_to_all(victim, told)
        for action, event in sorted(told.items()):
            line = section.line(event)
            before = _outbox(rival), _outbox(victim)
            with tenant_scope(rival.tenant.pk):
                audit.record(actor="system", action=action, target=rival.tenant.pk)
            line.expect(_outbox(victim) == before[1], "nothing in the other's outbox", "it is in the other's outbox")
            line.expect(_outbox(rival) > before[0], "told to its own", "not even told to its own: nothing was tried")
        transaction.set_rollback(True)
    return section


def _resource(entry: tuple[str, str, Any]) -> Any:
    return getattr(entry[2], "cls", None)


def _listen_to_all(probe: Probe, told: dict[str, str]) -> None:
    with tenant_scope(probe.tenant.pk):
        for endpoint in _model("WebhookEndpoint").objects.all():
            endpoint.events, endpoint.is_active = sorted(set(told.values())), True
            endpoint.save()


def _outbox(probe: Probe) -> int:
    with tenant_scope(probe.tenant.pk):
        return int(_model("WebhookDelivery").objects.count())


def _model(name: str) -> Any:
    return apps.get_model("api", name)


def memories(*, rival: Probe, victim: Probe, secrets: set[str]) -> Section:
    section = Section("Caches", MEMORIES)
    for memory in [each for each in gc.get_objects() if type(each) is Memory]:
        line = section.line(f"memory of {', '.join(model._meta.label for model in memory._sources)}")
        _memory(line, memory, rival, secrets)
    return section


def _memory(line: Line, memory: "Memory[Any]", rival: Probe, secrets: set[str]) -> None:
    kept = list(memory._kept.items())
    for key, (_, _, answer) in kept:
        words = repr(answer)
        if rival.tenant.pk in repr(key):
            leaked = [secret for secret in secrets if secret in words]
            line.expect(not leaked, "the rival's answer is its own", f"{key!r} holds {leaked[:3]}")
        else:
            line.refuse("kept by another key than the rival's")
    if not kept:
        line.note = "nothing was remembered when it was looked at"
