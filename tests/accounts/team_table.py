"""What each role may do, read from the admin as it is, in the words of docs/team.md.

`DEBUG=1 python -m tests.accounts.team_table` writes the table into the page after a change of what somebody may do
(with a database that is migrated: some checks look whether a business has a row already).
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.contrib import admin

PAGE = Path(__file__).resolve().parents[2] / "docs/team.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
ACTIONS = ("view", "add", "change", "delete")


def pages() -> list[Any]:
    """Every page of the admin about a tenant's rows: what all businesses have first, then industry by industry."""
    from apps.tenants.models import User

    found = [page for model, page in admin.site._registry.items() if model is not User]
    return sorted(found, key=lambda page: (_industry(page), _title(page)))


def rights(page: Any, role: str) -> set[str]:
    """What the page's own permission checks allow a member of that role, in a business that has no rows yet."""
    from apps.tenants.scope import tenant_scope

    request: Any = SimpleNamespace(
        membership=SimpleNamespace(role=role), user=SimpleNamespace(is_active=True, is_superuser=False)
    )
    with tenant_scope("ten_none"):
        return {action for action in ACTIONS if getattr(page, f"has_{action}_permission")(request)}


def table() -> str:
    from apps.tenants.models import Role

    roles = [Role.OWNER.value, Role.MANAGER.value, Role.STAFF.value]
    return "\n".join(
        ["| page | owner | manager | staff |", "|---|---|---|---|"]
        + [f"| {_name(page)} | {' | '.join(_words(rights(page, role)) for role in roles)} |" for page in pages()]
        + [f"| {name} | {' | '.join(words)} |" for name, words in _elsewhere(roles)]
    )


def written(text: str) -> str:
    """The table as it stands in the page."""
    return text.partition(BEGIN)[2].partition(END)[0].strip()


def _elsewhere(roles: list[str]) -> Iterator[tuple[str, list[str]]]:
    """What is not a page of the admin."""
    from apps.dashboard.viewers import STEERING

    floor = "watch, set the outcome of one's own leads"
    yield "Live floor", ["watch and command" if role in STEERING else floor for role in roles]


def _words(allowed: set[str]) -> str:
    if allowed == set(ACTIONS):
        return "everything"
    return ", ".join(action for action in ACTIONS if action in allowed) or "–"


def _name(page: Any) -> str:
    industry = _industry(page)
    return f"{industry}: {_title(page)}" if industry else _title(page)


def _industry(page: Any) -> str:
    from apps.agents.registry import verticals

    vertical = verticals().get(page.opts.app_label)
    return vertical.name if vertical is not None else ""


def _title(page: Any) -> str:
    """As the sidebar says it."""
    from callsphere import navigation

    titles = {
        label: title
        for group in (navigation._DAILY, navigation._AGENTS, navigation._PHONE, navigation._BUSINESS, navigation._TEAM)
        for label, title in group
    }
    return titles.get(page.opts.label) or str(page.opts.verbose_name_plural).capitalize()


def main() -> None:
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
    import django

    django.setup()
    admin.autodiscover()
    text = PAGE.read_text()
    head, tail = text.partition(BEGIN)[0], text.partition(END)[2]
    PAGE.write_text(f"{head}{BEGIN}\n{table()}\n{END}{tail}")
    sys.stdout.write(f"{PAGE}\n")


if __name__ == "__main__":
    main()
