"""The two throw-away businesses: how they are made, known again, and removed without a trace.

They are committed, as the requests that are tried run in threads and processes of their own. What a run that was killed
has left, the next one removes: it is known by its members alone, whose addresses nobody can ever confirm.
"""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from apps.agents import releases
from apps.agents.registry import verticals
from apps.chat import runs, tokens
from apps.common.ids import new_id
from apps.common.redis import client
from apps.conversations.models import Conversation
from apps.operations.isolation import asgi
from apps.operations.isolation.rows import DOMAIN, RowMaker
from apps.plans.subscriptions import start_trial
from apps.tenants import keys
from apps.tenants.base import TenantModel
from apps.tenants.models import ApiKey, Membership, Role, Tenant, User, WidgetKey
from apps.tenants.rls import tenant_models
from apps.tenants.scope import all_tenants, tenant_scope

ABANDONED: Final = dt.timedelta(hours=1)
"""Age from which another run's probes count as left behind; a run takes minutes."""
SLUG: Final = "isolation-probe"
FOLDERS: Final = ("calls", "exports")
"""Of the storage; in each a folder of every tenant that has files."""


@dataclass
class Probe:
    """One of the two: everything by which it may be reached, and what it must not give away."""

    tenant: Tenant
    owner: User
    canary: str
    """Stands in its rows' texts."""
    session: str = ""
    """Session key of its owner."""
    api_key: str = ""
    widget_key: str = ""
    visitor: tokens.Visitor | None = None
    rows: dict[type[TenantModel], str] = field(default_factory=dict)
    """Model → the id of one of its rows."""
    unmade: dict[type[TenantModel], str] = field(default_factory=dict)
    """Models of which no row could be made, and why."""
    run: str = ""
    """A chat run that Redis knows."""
    file: str = ""
    """Name of a file in the storage."""

    def secrets(self) -> set[str]:
        """Whatever must never be seen by the other: ids of rows, the canary, keys."""
        with tenant_scope(self.tenant.pk):
            ids = {str(pk) for model in tenant_models() for pk in model.objects.values_list("pk", flat=True)}
        return ids | {self.tenant.pk, self.canary, self.owner.email, self.run, self.api_key} - {""}

    def fingerprint(self) -> dict[str, str]:
        """A hash of all rows by model: whether anything was changed, added or deleted."""
        found = {}
        with tenant_scope(self.tenant.pk):
            for model in tenant_models():
                rows = sorted(repr(row) for row in model.objects.values_list())
                found[model._meta.label] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
        with all_tenants(reason="the probe's own row is compared"):
            found["tenants.Tenant"] = repr(Tenant.objects.filter(pk=self.tenant.pk).values_list().first())
        return found


def make(name: str) -> Probe:
    """A business with an owner, the first pack's agents, a row of every model, keys, a run and a file. Sync."""
    canary = f"canary-{secrets.token_hex(8)}"
    owner = User.objects.create_user(f"{canary}@{DOMAIN}", name=canary, is_staff=True)
    with all_tenants(reason="the isolation report makes its own tenant"):
        tenant = Tenant(
            slug=f"{SLUG}-{canary}", name=f"Isolation probe {name} {canary}", vertical=next(iter(verticals()))
        )
        tenant.save()
    with tenant_scope(tenant.pk), transaction.atomic():
        Membership.objects.create(user=owner, role=Role.OWNER)
        start_trial(now=timezone.now())
        releases.install(vertical=verticals()[tenant.vertical])
        widget = WidgetKey(name=canary)
        widget.save()
        probe = Probe(tenant, owner, canary, widget_key=widget.key)
        probe.api_key = ApiKey.issue(name=canary)[1]
        probe.unmade = RowMaker(tenant=tenant, owner=owner, canary=canary).make_all()
        probe.rows = {
            model: str(row.pk)
            for model in tenant_models()
            if (row := model.objects.order_by("-pk").first()) is not None
        }
    probe.visitor = tokens.new_visitor(tenant_id=tenant.pk, widget_key=widget.pk)
    probe.session = session_of(owner)
    _begin_run(probe)
    probe.file = default_storage.save(f"calls/{tenant.pk}/{canary}.wav", ContentFile(canary.encode()))
    return probe


def outsider() -> User:
    """A person with a login who belongs to no business."""
    name = f"outsider-{secrets.token_hex(8)}"
    return User.objects.create_user(f"{name}@{DOMAIN}", name=name, is_staff=True)


def session_of(user: User) -> str:
    """Logs a user in without a password; the session's key."""
    session: Any = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def _begin_run(probe: Probe) -> None:
    """What Redis holds of a chat run, as `chat.records` admits one; no model is asked, and nobody waits for it."""
    assert probe.visitor is not None
    probe.run = new_id("run")
    state, log = keys.run_state(probe.tenant.pk, probe.run), keys.run_log(probe.tenant.pk, probe.run)
    told = {"conversation": probe.rows[Conversation], "message": new_id("msg"), "over": 1, "takeovers": 0}
    client().hset(state, mapping={**told, "visitor": probe.visitor.id, "widget": probe.visitor.widget_key})
    said = [runs.encode("", {"tok": probe.canary}), runs.encode("done", {"reason": "stop", "usage": {}})]
    client().xadd(log, dict(enumerate(said, 1)), id="1-0")
    for key in (state, log):
        client().expire(key, int(ABANDONED.total_seconds()))


def remove(*probes: Probe, people: tuple[User, ...] = ()) -> None:
    """Removes all that was made: rows, sessions, logins, Redis keys, files. May be repeated. Sync."""
    for probe in probes:
        _remove_tenant(probe.tenant)
    _remove_people([*(probe.owner for probe in probes), *people])


def _remove_tenant(tenant: Tenant) -> None:
    for folder in FOLDERS:
        _delete_folder(f"{folder}/{tenant.pk}")
    with all_tenants(reason="the isolation report removes its own tenant"):
        Tenant.objects.filter(pk=tenant.pk).delete()
    for key in list(client().scan_iter(keys.of_tenant(tenant.pk), count=1_000)):
        client().delete(key)


def _remove_people(people: list[User]) -> None:
    ids = {str(user.pk) for user in people}
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore
    while asgi.begun:
        store().delete(asgi.begun.pop())
    stored = store.get_model_class() if hasattr(store, "get_model_class") else None
    if stored is not None:
        for session in stored.objects.filter(expire_date__gt=timezone.now()).iterator():
            if session.get_decoded().get(SESSION_KEY) in ids:
                session.delete()
    with all_tenants(reason="the isolation report removes its own logins"):
        User.objects.filter(pk__in=[user.pk for user in people], email__endswith=f"@{DOMAIN}").delete()


def _delete_folder(path: str) -> None:
    try:
        folders, files = default_storage.listdir(path)
    except (FileNotFoundError, NotImplementedError):
        return
    for file in files:
        default_storage.delete(f"{path}/{file}")
    for folder in folders:
        _delete_folder(f"{path}/{folder}")
    default_storage.delete(path)


def remove_abandoned(now: dt.datetime) -> int:
    """Removes what runs that were killed have left; how many businesses. Only those whose every member is a probe's."""
    removed = 0
    with all_tenants(reason="what an isolation report left is found by its members"):
        old = list(Tenant.objects.filter(slug__startswith=f"{SLUG}-", created_at__lt=now - ABANDONED))
        members = {
            tenant.pk: [m.user for m in Membership.objects.filter(tenant=tenant).select_related("user")]
            for tenant in old
        }
    for tenant in old:
        people = members[tenant.pk]
        if people and all(user.email.endswith(f"@{DOMAIN}") for user in people):
            _remove_tenant(tenant)
            _remove_people(people)
            removed += 1
    stale = User.objects.filter(email__endswith=f"@{DOMAIN}", date_joined__lt=now - ABANDONED)
    _remove_people(list(stale))
    return removed
