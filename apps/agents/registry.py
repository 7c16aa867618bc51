"""The verticals, found by listing the folder: adding one changes no file outside its own."""

from functools import cache
from importlib import import_module

from django.conf import settings

from apps.agents.blueprints import Vertical
from apps.agents.tools.definition import Tool
from apps.agents.tools.knowledge import search_knowledge

_BUILT_IN = (search_knowledge,)


@cache
def verticals() -> dict[str, Vertical]:
    """Every vertical by slug, ordered by `place`, then by name."""
    found: list[Vertical] = [import_module(f"{app}.agents").VERTICAL for app in settings.VERTICAL_APPS]
    return {vertical.slug: vertical for vertical in sorted(found, key=lambda one: (one.place, one.name))}


def tools_of(vertical: Vertical) -> dict[str, Tool]:
    """Every tool that an agent of the vertical may have: its own, then the built-in ones that it does not replace."""
    own = {tool.name: tool for agent in vertical.agents for tool in agent.tools}
    return own | {tool.name: tool for tool in _BUILT_IN if tool.name not in own}


def given_to_all(vertical: Vertical) -> list[str]:
    """The built-in tools that each agent of the vertical begins with."""
    return [tool.name for tool in _BUILT_IN if vertical.tool(tool.name) is None]
