"""Cookies, passwords and verbs as they are with DEBUG=0, where the suite's own settings differ."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as own
from django.test import Client

from tests.common.test_deploy import PRODUCTION
from tests.docs.test_docs import ROOT

pytestmark = pytest.mark.once
NAMES = ("SESSION_COOKIE", "CSRF_COOKIE")


def production(folder: Path, *names: str) -> dict[str, object]:
    """Settings as a production environment makes them; Django's defaults where ours say nothing."""
    script = (
        "import json, sys; from django.conf import settings; "
        "print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}))"
    )
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = {**kept, **PRODUCTION, "CALLSPHERE_VAR": str(folder), "DJANGO_SETTINGS_MODULE": "callsphere.settings"}
    done = subprocess.run(
        [sys.executable, "-c", script, *names], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_in_production_they_are_of_this_host_alone(tmp_path: Path) -> None:
    parts = ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "PATH", "DOMAIN")
    found = production(tmp_path, *(f"{name}_{part}" for name in NAMES for part in parts))
    for name in NAMES:
        assert str(found[f"{name}_NAME"]).startswith("__Host-")
        # What the prefix demands, or browsers take no such cookie.
        assert (found[f"{name}_SECURE"], found[f"{name}_PATH"], found[f"{name}_DOMAIN"]) == (True, "/", None)
        assert (found[f"{name}_HTTPONLY"], found[f"{name}_SAMESITE"]) == (True, "Lax")


def test_passwords_are_hashed_slowly(tmp_path: Path) -> None:
    hashers = production(tmp_path, "PASSWORD_HASHERS")["PASSWORD_HASHERS"]
    assert isinstance(hashers, list)
    assert hashers[0].endswith(("PBKDF2PasswordHasher", "Argon2PasswordHasher", "ScryptPasswordHasher"))


@pytest.mark.django_db
def test_the_cookie_of_a_form_is_out_of_reach_for_scripts() -> None:
    cookie = Client().get("/account/login/").cookies[own.CSRF_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/pricing/", "/account/login/", "/api/contacts", "/healthz"])
def test_trace_is_not_answered(path: str) -> None:
    answer = Client().trace(path)
    assert answer.status_code in (401, 403, 405)
