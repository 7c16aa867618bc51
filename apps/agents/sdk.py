"""All that a vertical may import of `agents`."""

from apps.agents.blueprints import Agent, DemoTenant, NewBusiness, Vertical
from apps.agents.tools.definition import Email, Phone, Time, Tool, ToolContext, ToolRefused, ToolResult, tool

__all__ = [
    "Agent",
    "DemoTenant",
    "Email",
    "NewBusiness",
    "Phone",
    "Time",
    "Tool",
    "ToolContext",
    "ToolRefused",
    "ToolResult",
    "Vertical",
    "tool",
]
