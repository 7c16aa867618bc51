"""Agents and knowledge are the business's own words: an erasure searches them and names what it finds."""

from apps.agents.models import Agent, AgentVersion, KnowledgeFile, KnowledgePiece, KnowledgeSource, SavedQuestion
from apps.agents.questions.models import Examination
from apps.tenants import data_rights


def register() -> None:
    """From the app's ready()."""
    data_rights.owners_words(KnowledgeSource, KnowledgePiece, AgentVersion, SavedQuestion, Examination)
    data_rights.nothing_personal(
        SavedQuestion, Examination, reason="The business's own questions, and answers to them."
    )
    data_rights.nothing_personal(
        Agent, AgentVersion, KnowledgeFile, KnowledgePiece, KnowledgeSource, reason="The business's own words."
    )
