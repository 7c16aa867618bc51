"""What a log line may say: static text of ours, templates of others, types and places of what went wrong."""

import ast
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management.utils import get_random_secret_key
from django.db import IntegrityError, connection
from opentelemetry import trace

from apps.common import telemetry
from apps.common.logs import JsonFormatter, known_by, told
from apps.tenants.models import User

ROOT = Path(settings.BASE_DIR)
SECRET = "Quirin Vandermolen"
FORMATTER = JsonFormatter()


def line(name: str, message: str, *args: Any, **more: Any) -> dict[str, Any]:
    record = logging.LogRecord(name, logging.WARNING, "x.py", 1, message, args, None)
    vars(record).update(more)
    written: dict[str, Any] = json.loads(FORMATTER.format(record))
    return written


@pytest.mark.parametrize(
    ("message", "args", "expected"),
    [
        ("Not Found: %s", ("/r/quirin@vandermolen.example",), "Not Found: …"),
        ('%s - "WebSocket %s" %d', ("203.0.113.7:5000", "/ws/?ticket=t", 403), '… - "WebSocket …" 403'),
        ("Called %s", (2128675309,), "Called …"),
        ("%(who)s has %(n)d", ({"who": SECRET, "n": 3},), "… has 3"),
        ("Header To: +1 (212) 867-5309", (), "Header To: …"),
        ("Mail to quirin@vandermolen.example failed", (), "Mail to … failed"),
        ("GET https://api.example/?To=%2B12128675309", (), "GET …"),
        (
            "Task exception was never retrieved\nfuture: <Task exception=ValueError('Quirin')>",
            (),
            "Task exception was never retrieved",
        ),
        ("100% of it", (), "100% of it"),
    ],
)
def test_of_others_only_the_template_is_kept(message: str, args: tuple[Any, ...], expected: str) -> None:
    said = line("somebodys.package", message, *args, sql=SECRET, params=(SECRET,), duration=0.5)
    assert (said["message"], said["duration"]) == (expected, 0.5)
    assert not {"sql", "params"} & set(said)


def test_an_answer_that_django_logs_is_its_status_and_route() -> None:
    said = line("django.request", "%s: %s", "Not Found", f"/{SECRET}", status_code=404, request=object())
    assert (said["message"], said["status_code"], said["route"]) == ("Not Found", 404, "")


def test_ours_are_kept_as_they_are() -> None:
    said = line("apps.chat.runs", "A run failed", run="run_1", reason=ValueError(SECRET), pii={"name": SECRET})
    assert (said["message"], said["run"], said["reason"]) == ("A run failed", "run_1", "ValueError")
    assert said["pii"] == {"name": "***"}
    assert SECRET not in json.dumps(said)


def test_an_exception_is_its_types_and_places() -> None:
    def outer() -> None:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(f"no {SECRET}") from error

    with pytest.raises(ValueError, match=SECRET) as caught:
        outer()
    text = told(caught.value)
    assert text.index("builtins.KeyError") < text.index("builtins.ValueError")
    assert "test_logs.py" in text
    assert "in outer" in text
    assert SECRET not in text


def test_a_chain_that_bites_its_tail_ends() -> None:
    first, second = ValueError(SECRET), KeyError(SECRET)
    first.__cause__, second.__cause__ = second, first
    assert told(first).count("builtins.") == 2


def test_a_database_says_which_rule_was_broken(db: None) -> None:
    User.objects.create_user("alice@riverside.example", get_random_secret_key())
    with pytest.raises(IntegrityError) as caught:
        User.objects.create_user("alice@riverside.example", get_random_secret_key())
    text = told(caught.value)
    assert "alice" not in text
    if connection.vendor == "postgresql":
        assert "23505" in text


def test_the_ids_of_a_request_are_on_its_lines_and_errors() -> None:
    span = telemetry.root("x", kind=trace.SpanKind.SERVER)
    telemetry.enter(span)
    said, known = line("apps.x", "Hello"), known_by()
    assert said["trace_id"] == known["trace_id"] == trace.format_trace_id(span.get_span_context().trace_id)
    assert said["span_id"] == trace.format_span_id(span.get_span_context().span_id)


@pytest.mark.once
def test_every_message_of_ours_is_static() -> None:
    """Values are attributes: else a name in one would be in the message, where nothing masks it."""
    found = []
    for path in sorted((ROOT / "apps").rglob("*.py")) + sorted((ROOT / "callsphere").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if getattr(node.func.value, "id", "") != "logger":
                continue
            if node.func.attr in {"debug", "info", "warning", "error", "exception", "critical"} and not (
                len(node.args) == 1 and isinstance(node.args[0], ast.Constant)
            ):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert found == []


@pytest.mark.once
def test_the_exporter_is_not_loaded_without_a_collector() -> None:
    program = (
        "import django; django.setup(); from apps.common.telemetry import tracer; "
        "tracer().start_span('x').end(); import sys; "
        "print([name for name in sys.modules if name.startswith('opentelemetry.exporter')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"
