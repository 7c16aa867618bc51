"""The OpenAPI document, laid out for the page that people read: groups of operations, each with an example."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

Document = dict[str, Any]
_LINE = 60
_SAMPLE_ID = "3k9v2m4x7p0a8d5e6fqw"
_FORMATS = {
    "date-time": "2026-11-24T15:00:00Z",
    "date": "2026-11-24",
    "email": "ada@example.com",
    "uri": "https://example.com/hook",
}
_SAMPLES = {
    "phone": "+12125550142",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "url": "https://example.com/callsphere",
    "events": ["booking.created", "booking.cancelled"],
    "contact": f"con_{_SAMPLE_ID}",
    "staff": f"stf_{_SAMPLE_ID}",
    "service": f"svc_{_SAMPLE_ID}",
    "rep": f"rep_{_SAMPLE_ID}",
    "minutes": 45,
    "description": "Water comes through the ceiling",
    "problem": "Outlook does not open",
    "source": "Website form",
    "greeting": "Hello, how can I help?",
    "reason": "Asked for by phone",
    "text": "Called back, no answer",
    "silence_ms": 500,
}
_PREFIXES = {
    "agents": "agt", "bookings": "bkg", "calls": "voc", "contacts": "con", "conversations": "conv", "services": "svc",
    "staff": "stf", "webhooks": "whk", "deliveries": "whd", "leads": "led", "campaigns": "cmp", "incidents": "inc",
    "tickets": "tkt",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a table: of a body, of an answer, or of what an address can be asked with."""

    name: str
    kind: str
    is_required: bool
    meaning: SafeString
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    anchor: str
    method: str
    path: str
    summary: SafeString
    paragraphs: list[SafeString]
    query: list[Field]
    headers: list[Field]
    body: list[Field]
    answer: list[Field]
    status: str
    curl: str


@dataclass(slots=True)
class Group:
    name: str
    title: str
    operations: list[Operation] = field(default_factory=list)


def prose(text: str) -> SafeString:
    """Words of the document, with what stands between backticks as code."""
    parts = ((part, "code" if place % 2 else "span") for place, part in enumerate(text.split("`")))
    return format_html_join("", "<{1}>{0}</{1}>", ((part, tag) for part, tag in parts if part))


def groups_of(document: Document, *, host: str) -> list[Group]:
    """The operations by resource, as the page shows them; `host` is where the examples call."""
    groups: dict[str, Group] = {}
    for path, operations in document["paths"].items():
        root = path.split("/")[2]
        for method, described in operations.items():
            group = groups.setdefault(root, Group(root, root.replace("-", " ").capitalize()))
            group.operations.append(_operation(document, path, method.upper(), described, host))
    return [groups[name] for name in sorted(groups)]


def _operation(document: Document, path: str, method: str, described: Document, host: str) -> Operation:
    parameters = described.get("parameters", [])
    body = _body_of(document, described)
    status = next(code for code in described["responses"] if code.startswith("2"))
    return Operation(
        anchor=described["operationId"].replace("_", "-"),
        method=method,
        path=path,
        summary=prose(described["summary"].rstrip(".")),
        paragraphs=[prose(paragraph) for paragraph in described["description"].split("\n\n")],
        query=[_parameter(document, one) for one in parameters if one["in"] == "query"],
        headers=[_parameter(document, one) for one in parameters if one["in"] == "header"],
        body=_fields(document, body),
        answer=_fields(document, _answer_of(document, described["responses"][status])),
        status=status,
        curl=_curl(document, path, method, body, parameters, host),
    )


def _body_of(document: Document, described: Document) -> Document:
    content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    return resolved(document, content.get("schema", {}))


def _answer_of(document: Document, response: Document) -> Document:
    content = response.get("content", {}).get("application/json", {})
    schema = resolved(document, content.get("schema", {}))
    data = schema.get("properties", {}).get("data")
    return resolved(document, data["items"]) if data is not None and "items" in data else schema


def resolved(document: Document, schema: Document) -> Document:
    """Without references, and without the wrappings that carry a description beside one."""
    if "$ref" in schema:
        return resolved(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    for wrapping in ("allOf", "oneOf", "anyOf"):
        if wrapping in schema:
            inner = resolved(document, schema[wrapping][0])
            return {**inner, **{name: value for name, value in schema.items() if name != wrapping}}
    return schema


def _fields(document: Document, schema: Document) -> list[Field]:
    required = schema.get("required", [])
    return [_field(document, name, one, name in required) for name, one in schema.get("properties", {}).items()]


def _parameter(document: Document, parameter: Document) -> Field:
    schema = {**parameter["schema"], "description": parameter.get("description", "")}
    return _field(document, parameter["name"], schema, parameter.get("required", False))


def _field(document: Document, name: str, schema: Document, is_required: bool) -> Field:
    whole = resolved(document, schema)
    kind = whole.get("format") or whole.get("type", "any")
    if whole.get("type") == "array":
        kind = f"list of {resolved(document, whole['items']).get('type', 'any')}s"
    if whole.get("nullable"):
        kind = f"{kind} or null"
    values = tuple(str(value) for value in whole.get("enum", ()) if value not in ("", None))
    return Field(name, kind, is_required, prose(whole.get("description", "")), values)


def _curl(document: Document, path: str, method: str, body: Document, parameters: Iterable[Document], host: str) -> str:
    asked = [one for one in parameters if one["in"] == "query" and one.get("required")]
    query = "&".join(f"{one['name']}={_sample(document, one['name'], one['schema'])}" for one in asked)
    lines = [f"curl {'' if method == 'GET' else f'-X {method} '}'{host}{_filled(path)}{f'?{query}' if query else ''}'"]
    lines.append("  -H 'Authorization: Bearer sk_…'")
    if method == "POST":
        lines.append("  -H 'Idempotency-Key: a-key-of-your-own'")
    if body:
        lines.append("  -H 'Content-Type: application/json'")
        lines.append(f"  -d '{_laid_out(example(document, body))}'")
    return " \\\n".join(lines)


def _laid_out(body: dict[str, Any]) -> str:
    """On one line where that can be read at once."""
    line = json.dumps(body, ensure_ascii=False)
    return line if len(line) < _LINE else json.dumps(body, ensure_ascii=False, indent=2)


def _filled(path: str) -> str:
    parts = path.split("/")
    for place, part in enumerate(parts):
        if part == "{number}":
            parts[place] = "2"
        elif part.startswith("{"):
            parts[place] = f"{_PREFIXES.get(parts[place - 1], 'id')}_{_SAMPLE_ID}"
    return "/".join(parts)


def example(document: Document, schema: Document) -> dict[str, Any]:
    """A body that the schema allows: what is required, or else the first thing that can be said."""
    properties = schema.get("properties", {})
    names = schema.get("required") or list(properties)[:1]
    return {name: _sample(document, name, properties[name]) for name in names}


def _sample(document: Document, name: str, schema: Document) -> Any:
    whole = resolved(document, schema)
    if name in _SAMPLES:
        return _SAMPLES[name]
    if whole.get("enum"):
        return whole["enum"][0]
    if whole.get("format") in _FORMATS:
        return _FORMATS[whole["format"]]
    match whole.get("type"):
        case "integer":
            return whole.get("minimum", 1)
        case "boolean":
            return True
        case "array":
            return [_sample(document, name, whole["items"])]
    return name.replace("_", " ").capitalize()
