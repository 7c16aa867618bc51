"""JSON logs: static text as the message, values as attributes, personal values only under `pii` (masked).

What others write is cut down to what cannot name anybody: packages put addresses, headers and whole rows into their
messages, exceptions quote what a person typed. So of a foreign message only its template is kept, with the numbers in
it, and of every exception its type and where it was raised.
"""

import datetime as dt
import json
import logging
import re
import traceback
from contextvars import ContextVar
from http import HTTPStatus
from pathlib import Path
from typing import Any

from apps.common import metrics, telemetry

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the request being served; copied into tasks and threads with the context."""

OURS = ("apps.", "callsphere.")
_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLACEHOLDER = re.compile(r"%(?:\((\w+)\))?[-#0 +]*[\d*]*(?:\.\d+)?[a-zA-Z]")
_PERSONAL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+|https?://\S+|\+?\d[\d ().-]{6,}\d")
"""E-mail addresses, addresses with all that may be in their query, and what may be a phone number."""
_CODE = re.compile(r"[A-Za-z_.-]*\d{0,6}[A-Za-z_.-]{0,60}")
_CHAIN = 5
"""Exceptions of a chain that are told."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `at`, `level`, `logger`, `message`, `request_id`, `trace_id`, `span_id`, then `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        metrics.LOGGED.labels(record.levelname).inc()
        ours = record.name.startswith(OURS)
        entry: dict[str, Any] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage() if ours else _template(record),
        }
        if (current := request_id.get()) is not None:
            entry["request_id"] = current
        if (ids := telemetry.ids()) is not None:
            entry["trace_id"], entry["span_id"] = ids
        for key, value in vars(record).items():
            if key == "request":  # Django attaches all of it, with headers and cookies: its route says enough
                entry["route"] = route_of(value)
            elif key not in _STANDARD and (ours or isinstance(value, int | float)):
                entry[key] = dict.fromkeys(value, "***") if key == "pii" and isinstance(value, dict) else value
        if record.exc_info and record.exc_info[1] is not None:
            entry["exception"] = told(record.exc_info[1])
        return json.dumps(entry, default=_written, ensure_ascii=False)


def _written(value: Any) -> str:
    """An object that is no JSON may say anything of itself."""
    return str(value) if isinstance(value, Path | dt.date | dt.timedelta) else type(value).__name__


def _template(record: logging.LogRecord) -> str:
    """The first line of a foreign message, without any value but numbers."""
    status = getattr(record, "status_code", None)
    if record.name == "django.request" and isinstance(status, int) and status in set(HTTPStatus):
        return HTTPStatus(status).phrase  # Django's own template is two placeholders: this, and the address
    line = str(record.msg).partition("\n")[0]
    given: Any = record.args
    values = iter(given if isinstance(given, tuple) else ())

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        value = given.get(name) if name and isinstance(given, dict) else next(values, None)
        is_number = isinstance(value, int | float) and abs(value) < 1e6
        return str(value) if is_number else "…"

    return _PERSONAL.sub("…", _PLACEHOLDER.sub(fill, line) if given else line)


def told(error: BaseException) -> str:
    """An exception as its types and places, the cause first; what it says is left out.

    Of a database's error the SQLSTATE and the constraint's name are kept, of the system's its number.
    """
    chain: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in chain and len(chain) < _CHAIN:
        chain.append(each)
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return "\n".join(_one(each) for each in reversed(chain))


def _one(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    places = [f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}' for frame in frames]
    facts = [getattr(error, "sqlstate", None), getattr(getattr(error, "diag", None), "constraint_name", None)]
    facts += [getattr(error, "code", None), getattr(error, "errno", None)]
    known = [str(fact) for fact in facts if isinstance(fact, int | str) and _CODE.fullmatch(str(fact))]
    return "\n".join([*places, " ".join([f"{type(error).__module__}.{type(error).__qualname__}", *known])])


def route_of(request: Any) -> str:
    """The pattern of the address that a request found; "" = none. Never the address itself."""
    match = getattr(request, "resolver_match", None)
    return str(match.route) if match is not None else ""


def known_by() -> dict[str, str | None]:
    """The ids that are on every log line of the request, for its error answers."""
    ids = telemetry.ids()
    return {"request_id": request_id.get(), **({"trace_id": ids[0]} if ids is not None else {})}
