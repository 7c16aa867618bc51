"""Walks through the product's migrations in their order, each operation with the schema before and after it."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from django.conf import settings
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel
from django.db.migrations.state import ProjectState

from apps.operations.migration_lint.rules import Place, Problem, problems

OURS: Final = "apps."
REASON: Final = 20
"""Letters of a reason, at least."""
BASELINE: Final[Mapping[str, str]] = {
    "accounts": "0001_initial",
    "affiliates": "0001_initial",
    "after_hours": "0001_initial",
    "agents": "0005_releases",
    "analysis": "0001_initial",
    "api": "0001_initial",
    "business": "0003_data_rights",
    "conversations": "0007_people",
    "dashboard": "0001_initial",
    "healthcare": "0001_initial",
    "inbox": "0001_seats",
    "it_helpdesk": "0001_initial",
    "plans": "0005_billing",
    "real_estate": "0001_initial",
    "sales": "0002_the_live_floor",
    "salon": "0001_initial",
    "telephony": "0002_outgoing_texts_voicemail",
    "tenants": "0003_rest_api",
    "voice": "0001_call_files",
}
"""The last migration of each app that was written before anybody ran a release: no old code can meet it. Apps and
migrations are never added here; a squash may take some away."""


class Finding(NamedTuple):
    migration: str
    """Such as `business.0004_fax`."""
    operation: str
    rule: str
    fix: str

    def __str__(self) -> str:
        return f"{self.migration}: {self.operation}\n    {self.rule}: {self.fix}"


def release() -> tuple[int, ...]:
    """The version that is being made."""
    return tuple(int(part) for part in settings.VERSION.split("."))


def findings(*, baseline: Mapping[str, str] = BASELINE) -> list[Finding]:
    """What is wrong with the product's migrations after the baseline, and with the baseline itself."""
    loader = MigrationLoader(None)
    nodes = [(app, name) for app, name in loader.disk_migrations if _ours(loader.disk_migrations[app, name])]
    found = [
        Finding(f"{app}.{last}", "the baseline", "not-there", "it names a migration that does not exist.")
        for app, last in baseline.items()
        if (app, last) not in nodes
    ]
    for app, name in sorted(nodes):
        if name <= baseline.get(app, ""):
            continue
        before = loader.project_state((app, name), at_end=False)
        found += examine(loader.disk_migrations[app, name], before, version=release())
    return found


def _ours(migration: Migration) -> bool:
    return type(migration).__module__.startswith(OURS)


def examine(migration: Migration, before: ProjectState, *, version: tuple[int, ...]) -> list[Finding]:
    """What is wrong with one migration.

    Args:
        before: the schema that it finds; not changed.
    """
    label = f"{migration.app_label}.{migration.name}"
    accepted: Mapping[str, str] = getattr(migration, "accepted", {})
    wrong = [Finding(label, operation, *problem) for operation, problem in _walk(migration, before, version)]
    found = [finding for finding in wrong if finding.rule not in accepted]
    for rule, reason in accepted.items():
        if rule not in {finding.rule for finding in wrong}:
            found.append(Finding(label, "accepted", rule, "nothing here needs it: take it away."))
        elif len(reason) < REASON:
            found.append(Finding(label, "accepted", rule, f"say why it is safe, in {REASON} letters or more."))
    return found


def _walk(migration: Migration, before: ProjectState, version: tuple[int, ...]) -> Iterator[tuple[str, Problem]]:
    """(the operation in words, what is wrong with it)."""
    state, made = before.clone(), set[str]()
    kinds = frozenset(type(operation) for operation in migration.operations)
    for operation in migration.operations:
        earlier = state.clone()
        operation.state_forwards(migration.app_label, state)
        if isinstance(operation, CreateModel):
            made.add(operation.name_lower)
        place = Place(migration.app_label, earlier, state, frozenset(made), migration.atomic, kinds, version)
        for problem in problems(operation, place):
            yield operation.describe(), problem
