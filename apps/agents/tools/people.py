"""The built-in tool that brings a person of the business; every agent that may offer one has it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from apps.agents.tools.definition import Email, Phone, ToolContext, ToolRefused, ToolResult, tool


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants a person, and what about. Empty = not said."""

    about: str
    name: str = ""
    phone: str = ""
    email: str = ""


Bring = Callable[[ToolContext, Wish], ToolResult]
"""Puts the conversation before the team; what the visitor may be told. Called in the tenant's scope."""
_bring: list[Bring] = []


def serve(bring: Bring) -> None:
    """From AppConfig.ready() of whoever knows the team: from now on `bring` is asked."""
    _bring[:] = [bring]


@tool(label="Getting a person", writes=True)
def request_human(
    ctx: ToolContext,
    *,
    about: Annotated[str, "what it is about, in the visitor's words"] = "",
    name: Annotated[str | None, "the visitor's name, where they leave one"] = None,
    phone: Annotated[Phone | None, "the number to reach them on"] = None,
    email: Annotated[Email | None, "the address to write back to"] = None,
) -> ToolResult:
    """Gets a human, a real person of the team, into this conversation.

    Use it when the visitor wants a human or a manager, and whenever you cannot help; again with a name and a phone
    number or an e-mail address, so that they can be reached. Returns present: whether somebody is at the desk.
    """
    if not _bring:
        raise ToolRefused("nobody", "I cannot reach anybody of the team from here.")
    return _bring[0](ctx, Wish(about, name or "", phone or "", email or ""))
