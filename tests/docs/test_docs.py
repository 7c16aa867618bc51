"""The documentation is in step with the code."""

import re
from pathlib import Path

import pytest

from apps.agents.registry import verticals
from apps.common.errors import AppError
from callsphere.environment import Environment

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])


def subclasses(cls: type[AppError]) -> set[type[AppError]]:
    return {cls} | {deeper for sub in cls.__subclasses__() for deeper in subclasses(sub)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", (ROOT / "docs/operators.md").read_text(), re.MULTILINE))
    assert set(rows) == {name.upper() for name in Environment.model_fields}
    for name, field in Environment.model_fields.items():
        if isinstance(field.default, int | float | str) and not isinstance(field.default, bool) and field.default:
            assert (
                f"`{field.default:g}`"
                if isinstance(field.default, float)
                else f"`{field.default}`" in rows[name.upper()]
            )


def test_every_command_is_documented() -> None:
    commands = {path.stem for path in ROOT.glob("apps/*/management/commands/[a-z]*.py")}
    documented = set(re.findall(r"`manage\.py ([a-z_]+)`", (ROOT / "docs/operators.md").read_text()))
    assert commands <= documented


def test_every_error_of_the_chat_is_documented() -> None:
    import apps.chat.urls  # noqa: F401  # defines the errors

    page = (ROOT / "docs/embedding.md").read_text()
    modules = ("apps.common.", "apps.chat.", "apps.agents.live", "apps.plans.allowance", "apps.plans.refusals")
    codes = {error.code for error in subclasses(AppError) if error.__module__.startswith(modules)}
    hidden = {"error", "not_allowed"}  # bases, never raised themselves
    assert {code for code in codes - hidden if f"`{code}`" not in page} == set()


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        for target in re.findall(r"\bmake ([a-z]+)", page.read_text()):
            if target in {"run", "test", "check", "bench", "format"}:
                assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_demo_is_in_the_catalogue() -> None:
    for vertical in verticals().values():
        assert vertical.demo is not None
        assert vertical.demo.widget_key == f"wk_demo_{vertical.slug}"
