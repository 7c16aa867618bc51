"""Secrets by file: NAME_FILE in place of NAME."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from callsphere import environment
from callsphere.environment import SECRETS, Environment


@pytest.fixture(autouse=True)
def _no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_read_from_its_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    urls = {"SMTP_URL": "smtp://user:word@mail.example:587", "REDIS_URL": "redis://:word@redis.example:6379/0"}
    value = urls.get(name, "a secret")
    (tmp_path / "secret").write_text(f"{value}\n")
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    assert getattr(environment.read(), name.lower()) == value


def test_every_secret_is_a_setting() -> None:
    assert {name.lower() for name in SECRETS} <= set(Environment.model_fields)


def test_what_looks_like_a_secret_is_one() -> None:
    words = ("_key", "_token", "_secret")
    assert {name.upper() for name in Environment.model_fields if name.endswith(words)} <= set(SECRETS)


def test_both_is_one_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("one")
    monkeypatch.setenv("SECRET_KEY", "another")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "secret"))
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY_FILE: SECRET_KEY is set, too"):
        environment.read()


def test_every_file_that_is_of_no_use_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("METRICS_TOKEN_FILE", str(tmp_path / "empty"))
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "bytes"))
    with pytest.raises(ImproperlyConfigured) as error:
        environment.read()
    assert "SECRET_KEY_FILE" in str(error.value)
    assert "nowhere cannot be read: No such file" in str(error.value)
    assert "METRICS_TOKEN_FILE" in str(error.value)
    assert "REDIS_URL_FILE" in str(error.value)


def test_an_empty_name_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TOKEN_FILE", "")
    assert environment.read().metrics_token == ""


def test_a_bad_secret_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_URL", "mail.example with the word hunter2")
    with pytest.raises(ImproperlyConfigured) as error:
        environment.read()
    assert "SMTP_URL" in str(error.value)
    assert "hunter2" not in str(error.value)
