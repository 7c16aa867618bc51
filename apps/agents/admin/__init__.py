from apps.agents.admin import agents, knowledge, questions, widgets

__all__ = ["agents", "knowledge", "questions", "widgets"]
