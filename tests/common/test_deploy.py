"""`check --deploy` is silent for an environment as the documentation wants it, and names each door left open."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_docs import ROOT

pytestmark = pytest.mark.once
PRODUCTION = {
    "DEBUG": "0",
    "SECRET_KEY": "kZ1uQ8b-4mP0sT7xW2vY9cD6fG3hJ5lN-aR8eU1iO4pS7dF2g-xC5vB8nM1qA4",
    "ALLOWED_HOSTS": "app.example",
    "CSRF_TRUSTED_ORIGINS": "https://app.example",
    "PUBLIC_URL": "https://app.example",
    "TRUSTED_PROXIES": "1",
    "DATABASE_URL": "postgres://callsphere_app:secret@db.example/callsphere",
    "REDIS_URL": "redis://:secret@redis.example:6379/0",
    "SMTP_URL": "smtp://user:secret@mail.example:587",
    "METRICS_TOKEN": "hJ5lN-aR8eU1iO4pS7dF2gkZ1uQ8b",
    "OPENAI_API_KEY": "sk-none",
}


def checked(folder: Path, **changed: str) -> tuple[int, str]:
    """Exit status and words of `check --deploy`, which fails on any warning."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    environment = kept | PRODUCTION | {"CALLSPHERE_VAR": str(folder)} | changed
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_production_environment_is_clean(tmp_path: Path) -> None:
    status, words = checked(tmp_path)
    assert status == 0, words
    assert "no issues" in words


def test_every_open_door_is_named(tmp_path: Path) -> None:
    status, words = checked(
        tmp_path,
        SECRET_KEY="short",
        ALLOWED_HOSTS="*",
        CSRF_TRUSTED_ORIGINS="http://app.example",
        PUBLIC_URL="http://app.example",
        TRUSTED_PROXIES="0",
        WEBHOOK_NETWORKS="10.0.0.0/8,169.254.169.254/32",
        DATABASE_URL="",
        REDIS_URL="redis://redis.example:6379/0",
        SMTP_URL="smtp://mail.example:25",
        METRICS_TOKEN="short",
        STRIPE_SECRET_KEY="sk_live_none",
    )
    assert status == 1
    named = {f"callsphere.W{number:03}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11)} | {"security.W009"}
    assert {word for word in named if word not in words} == set()
