"""A seventh industry is one folder: dropped into a copy of the product, it works, and nothing else changes."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PACK = Path(__file__).parent / "dental_pack"


@pytest.fixture(scope="module")
def product() -> Iterator[Path]:
    """A copy of the product with the folder in its place."""
    with tempfile.TemporaryDirectory(prefix="cs-") as folder:
        copy = Path(folder)
        shutil.copy(ROOT / "manage.py", copy)
        for part in ("apps", "callsphere", "templates", "static"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(PACK, copy / "apps" / "verticals" / "dental", ignore=shutil.ignore_patterns("__pycache__"))
        yield copy


def manage(product: Path, *arguments: str) -> str:
    """What a command printed; it must end well."""
    environment = {**os.environ, "DEBUG": "1", "SANDBOX_PACE": "0", "CALLSPHERE_VAR": str(product / "v")}
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    ran = subprocess.run(
        [sys.executable, str(product / "manage.py"), *arguments],
        env=environment,
        cwd=product,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.once
@pytest.mark.timeout(900)  # a pytest of its own, with its migrations
def test_it_works_and_no_migration_of_anybody_changes(product: Path) -> None:
    manage(product, "makemigrations", "--check", "--dry-run")
    manage(product, "migrate", "--verbosity=0")
    assert "/demo/brightside-dental/" in manage(product, "demo")
    played = manage(product, "scenarios", "dental")
    assert "2 of 2" in played


@pytest.mark.once
def test_its_resources_are_in_the_api(product: Path) -> None:
    """With their scopes, in the description that programs read."""
    ask = "from apps.api.pages import description; from apps.tenants import key_scopes; "
    ask += "print(*description()['paths'], *key_scopes.scopes(vertical='dental'))"
    printed = manage(product, "shell", "--no-imports", "-c", ask).split()
    assert {"/api/recalls", "/api/recalls/{id}", "/api/contacts", "recalls:read"} <= set(printed)
    assert "leads:read" not in printed
