from apps.agents.admin import agents, widgets

__all__ = ["agents", "widgets"]
