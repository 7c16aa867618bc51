"""Tools: typed Python functions whose JSON schema comes from their signature."""

import datetime as dt
import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic.fields import FieldInfo

Phone = Annotated[str, Field(max_length=40, json_schema_extra={"format": "phone"})]
Email = Annotated[str, Field(max_length=254, json_schema_extra={"format": "email"})]
Time = Annotated[dt.time, Field(json_schema_extra={"format": "time"})]
"""Local wall-clock time, HH:MM."""

MAX_TEXT = 1_000
_AGAIN = "I did not get that quite right. Could you say it once more?"
_FREE_TEXT = (str, str | None)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class ToolRefused(Exception):
    """The tool will not do it, and says why in one sentence that can be spoken.

    Args:
        code: stable, snake_case; the model may act on it.
        say: for the visitor.
        field: the argument that another value would mend.
        data: facts that help, such as free times.
    """

    def __init__(self, code: str, say: str, *, field: str | None = None, data: dict[str, Any] | None = None) -> None:
        super().__init__(say)
        self.code = code
        self.say = say
        self.field = field
        self.data = data or {}


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool found or did.

    Attributes:
        say: one sentence that can be spoken; no ids, no jargon.
        data: JSON values; ids under the names of the arguments they feed (`provider_id`, `date`, `time`).
    """

    say: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ToolContext:
    """Where a tool runs. Who the visitor is comes from here and never from an argument.

    Attributes:
        contact_id: the contact this conversation has identified; None before that. A model's id is not proof.
        bind_contact: records an identification for the rest of the conversation.
        caller_phone: E.164 number that the carrier vouches for; None in chat.
        now: aware, in the business's time zone.
        prepared: what the tool's `prepare` brought from outside.
        sources: ids of the documents that the agent answers from; none = all.
        is_check: nobody asks but a saved question; what a tool that writes has done is undone.
    """

    tenant_id: str
    conversation_id: str
    channel: Literal["chat", "phone", "browser"]
    agent: str
    now: dt.datetime
    contact_id: str | None
    bind_contact: Callable[[str], None]
    caller_phone: str | None = None
    prepared: Any = None
    sources: tuple[str, ...] = ()
    is_check: bool = False


ToolFunction = Callable[..., ToolResult]
Preparation = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Tool:
    """A tool as the model sees it and as the runner calls it.

    Attributes:
        label: what the visitor reads while it runs, such as "Checking free times".
        writes: changes something; never run again under one idempotency key, in voice only after a spoken yes.
        timeout: seconds after which the visitor is not left waiting.
        prepare: what the tool wants from the network, awaited before its transaction begins, with the same arguments.
    """

    name: str
    description: str
    label: str
    writes: bool
    timeout: float
    function: ToolFunction
    prepare: Preparation | None = None

    @cached_property
    def arguments_model(self) -> type[BaseModel]:
        """The pydantic model of the keyword arguments."""
        hints = get_type_hints(self.function, include_extras=True)
        fields: dict[str, Any] = {}
        for parameter in list(inspect.signature(self.function).parameters.values())[1:]:
            if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
                raise TypeError(f"{self.name}: arguments after the context must be keyword-only ({parameter.name})")
            default = ... if parameter.default is inspect.Parameter.empty else parameter.default
            fields[parameter.name] = (_described(hints[parameter.name]), default)
        return create_model(self.name, __config__=ConfigDict(extra="forbid", str_strip_whitespace=True), **fields)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """In the form of Chat Completions: `{"type": "function", "function": {…}}`."""
        parameters = _plain(self.arguments_model.model_json_schema())
        function = {"name": self.name, "description": self.description, "parameters": parameters}
        return {"type": "function", "function": function}

    def read(self, arguments: str) -> dict[str, Any]:
        """The model's argument text as typed values.

        Raises:
            ToolRefused: not JSON, an unknown, missing or wrong argument; the text names it for the model.
        """
        if "\\u0000" in arguments:  # no text column takes it, and no visitor says it
            raise ToolRefused("invalid_arguments", _AGAIN, data={"problem": "NUL characters are not allowed."})
        try:
            parsed = self.arguments_model.model_validate_json(arguments or "{}")
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or None
            problem = f"{place}: {first['msg']}" if place else first["msg"]
            raise ToolRefused("invalid_arguments", _AGAIN, field=place, data={"problem": problem}) from None
        return {name: getattr(parsed, name) for name in type(parsed).model_fields}


def tool(
    *, label: str, writes: bool = False, timeout: float = 10.0, prepare: Preparation | None = None
) -> Callable[[ToolFunction], Tool]:
    """Makes a tool of `def name(ctx: ToolContext, *, …) -> ToolResult`.

    The docstring is the description that the model reads: it says when to use the tool and which values come back. An
    argument is described by `Annotated[str, "what it is"]`.
    """

    def make(function: ToolFunction) -> Tool:
        name = function.__name__
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name}: a tool's name is snake_case")
        description = inspect.cleandoc(function.__doc__ or "")
        if not description:
            raise ValueError(f"{name}: a tool needs a docstring, which the model reads")
        return Tool(name, " ".join(description.split()), label, writes, timeout, function, prepare)

    return make


def _described(annotation: Any) -> Any:
    """Turns bare strings in Annotated into descriptions, and bounds free text."""
    if get_origin(annotation) is not Annotated:
        return Annotated[annotation, Field(max_length=MAX_TEXT)] if annotation in _FREE_TEXT else annotation
    base, *metadata = get_args(annotation)
    described = [Field(description=item) if isinstance(item, str) else item for item in metadata]
    if base in _FREE_TEXT and not any(isinstance(item, FieldInfo) and item.metadata for item in described):
        described.append(Field(max_length=MAX_TEXT))
    return Annotated[(base, *described)]


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Drops pydantic's titles and flattens `anyOf [X, null]` to X: shorter for the model, the same meaning."""
    properties = {}
    for name, value in schema.get("properties", {}).items():
        flat = dict(value)
        options = [option for option in flat.pop("anyOf", []) if option.get("type") != "null"]
        if len(options) == 1:
            flat = {**options[0], **flat}
        elif options:
            flat["anyOf"] = options
        flat.pop("title", None)
        if flat.get("default", ...) is None:
            del flat["default"]
        properties[name] = flat
    plain = {"type": "object", "properties": properties, "additionalProperties": False}
    if schema.get("required"):
        plain["required"] = schema["required"]
    return plain
