"""docker/: no engine runs here, so all that can be known without one: names, commands, paths, secrets, scripts."""

import fnmatch
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pgserver
import psycopg
import pytest
import yaml
from django.core.management import get_commands
from django.urls import resolve

from apps.operations.cluster.product import ROOT
from callsphere import environment
from callsphere.environment import SECRETS, Environment
from tests.edge.proxies import missing

pytestmark = pytest.mark.once

DOCKER = ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "callsphere"}
EVERY = pytest.mark.parametrize("name", SERVICES)
EACH_OF_OURS = pytest.mark.parametrize("name", OURS)
CADDY = {"CALLSPHERE_SITE", "CALLSPHERE_WEB", "CALLSPHERE_VOICE", "CALLSPHERE_TLS", "CALLSPHERE_PROTOCOLS"}


def instructions() -> list[tuple[str, str]]:
    """(name, rest) of the Dockerfile's, continuation lines joined."""
    text = re.sub(r"(?m)^#.*\n", "", (DOCKER / "Dockerfile").read_text())
    return [tuple(line.split(None, 1)) for line in text.replace("\\\n", " ").splitlines() if line.strip()]  # type: ignore[misc]


def probed(check: list[str]) -> str:
    """The path that a check written in Python asks for; "" = it does something else."""
    found = re.search(r"http://127\.0\.0\.1:8000(/\w+)", check[-1])
    return found[1] if found else ""


def test_the_topology_is_the_one_that_is_promised() -> None:
    assert set(SERVICES) == {"web1", "web2", "voice1", "voice2", "worker", "migrate", "postgres", "redis", "edge"}
    assert set(OURS) == set(SERVICES) - {"postgres", "redis", "edge"}


@EVERY
def test_every_service_is_held_in(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert service["healthcheck"].get("test") or name == "migrate"
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    for volume in service["volumes"]:
        source = volume.split(":")[0]
        assert source in COMPOSE["volumes"] or (DOCKER / source).exists(), source
    for other in service.get("depends_on", {}):
        assert other in SERVICES


@EVERY
def test_every_secret_that_is_used_is_declared_and_given(name: str) -> None:
    service = SERVICES[name]
    given = set(service.get("secrets", ()))
    assert given <= set(COMPOSE["secrets"])
    told = str(service.get("environment", {}))
    if name == "postgres":
        told += (DOCKER / "postgres.sh").read_text().replace("$secrets", "/run/secrets")
    assert set(re.findall(r"/run/secrets/(\w+)", told)) == given


def test_no_secret_is_declared_for_nobody() -> None:
    assert {secret for service in SERVICES.values() for secret in service.get("secrets", ())} == set(COMPOSE["secrets"])


@EACH_OF_OURS
def test_our_processes_are_told_what_they_know(name: str) -> None:
    known = {field.upper() for field in Environment.model_fields} | {f"{secret}_FILE" for secret in SECRETS}
    assert set(OURS[name]["environment"]) <= known
    assert not set(OURS[name]["environment"]) & (set(SECRETS) - {"REDIS_URL"}), "a secret in the open"


@EACH_OF_OURS
def test_our_processes_run_commands_that_exist(name: str) -> None:
    for words in (OURS[name]["command"], OURS[name]["healthcheck"].get("test", ["CMD"])[1:]):
        if words[:2] == ["python", "manage.py"]:
            assert words[2] in get_commands()
            parsed = subprocess.run(
                ["python", "manage.py", words[2], "--help"], cwd=ROOT, capture_output=True, text=True, check=True,
                env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
            )  # fmt: skip
            assert {word for word in words if word.startswith("--")} <= set(re.findall(r"--[\w-]+", parsed.stdout))
        elif words:
            assert resolve(probed(words))
    if OURS[name]["command"][2] == "serve":
        assert probed(OURS[name]["healthcheck"]["test"]) == "/readyz"


def test_the_edge_asks_the_services_and_knows_its_settings() -> None:
    told = SERVICES["edge"]["environment"]
    text = (DOCKER / "edge" / "Caddyfile").read_text()
    assert set(told) == CADDY == set(re.findall(r"\{\$(CALLSPHERE_\w+):", text))
    asked = {address.split(":")[0] for role in ("WEB", "VOICE") for address in told[f"CALLSPHERE_{role}"].split()}
    assert asked == {"web1", "web2", "voice1", "voice2"}
    for name in asked:
        assert set(SERVICES[name]["networks"]) & set(SERVICES["edge"]["networks"]) - {"outside"}


@pytest.mark.parametrize("tls", ["tls internal", ""])
@pytest.mark.parametrize("protocols", ["h1 h2", "h1 h2 h3"])
def test_caddy_takes_its_file_with_what_compose_tells_it(tls: str, protocols: str, tmp_path: Path) -> None:
    missing("caddy")
    told = {name: str(value) for name, value in SERVICES["edge"]["environment"].items()}
    told |= {"CALLSPHERE_SITE": "app.example.com", "CALLSPHERE_TLS": tls, "CALLSPHERE_PROTOCOLS": protocols}
    words = ["caddy", "validate", "--adapter", "caddyfile", "--config", str(DOCKER / "edge" / "Caddyfile")]
    done = subprocess.run(
        words,
        env={**told, "PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_image() -> None:
    lines = instructions()
    assert {name for name, _ in lines} == {
        *("ARG", "FROM", "ENV", "RUN", "COPY", "WORKDIR", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD"),
    }
    allowed = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    for name, rest in lines:
        if name == "COPY" and not rest.startswith("--from="):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert any(fnmatch.fnmatch(source, pattern) for pattern in allowed), f"{source} is ignored"
    said = dict(lines)  # the last of each
    assert said["USER"] == "10001:10001"
    assert "slim" in said["FROM"]
    assert re.findall(r'"(\w+)"', said["CMD"].split("manage.py")[1])[0] in get_commands()
    assert resolve(probed([said["HEALTHCHECK"]]))
    assert "--require-hashes" in str(lines)
    assert "collectstatic" in str(lines)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The secrets as docker/secrets.sh makes them."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody")
    shutil.copy(DOCKER / "secrets.sh", tmp_path)
    for _ in range(2):  # a second time changes nothing
        subprocess.run(["sh", str(tmp_path / "secrets.sh")], check=True)
        made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
        assert made == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    monkeypatch.delenv("OPENAI_API_KEY")
    return tmp_path / "secrets"


def test_the_secrets_are_made_and_read(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {path.name for path in made.iterdir()} == {Path(one["file"]).name for one in COMPOSE["secrets"].values()}
    assert made.stat().st_mode & 0o777 == 0o700
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)
        if (made / name.lower()).exists():
            monkeypatch.setenv(f"{name}_FILE", str(made / name.lower()))
    read = environment.read()
    assert len(read.secret_key) == 64
    assert read.openai_api_key == "sk-of-somebody"
    assert urlsplit(read.database_url).username == "callsphere_app"
    assert urlsplit(read.database_owner_url).hostname in SERVICES


def test_the_script_makes_both_logins_and_the_database(made: Path, tmp_path: Path) -> None:
    server = pgserver.get_server(tmp_path / "pg")
    try:
        binaries = Path(pgserver.__file__).parent / "pginstall" / "bin"
        told = {"PATH": f"{binaries}:{os.environ['PATH']}", "PGHOST": str(tmp_path / "pg"), "SECRETS": str(made)}
        subprocess.run(["sh", str(DOCKER / "postgres.sh")], env=told, check=True)
        with psycopg.connect(host=str(tmp_path / "pg"), user="callsphere_app", dbname="callsphere") as connection:
            found = connection.execute(
                "SELECT rolsuper OR rolbypassrls OR rolcreatedb, pg_get_userbyid(datdba)"
                " FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()"
            ).fetchone()
        assert found == (False, "callsphere_owner")
    finally:
        server.cleanup()
