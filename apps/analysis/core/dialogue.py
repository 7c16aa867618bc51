"""A conversation as it is judged: who said what, and what happened beside the words. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One message; `who` is visitor, agent or person (somebody of the business)."""

    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Used:
    """A tool that was called, and what came of it: done, refused or failed."""

    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The lines are the last ones of a long conversation, and no longer than they may be."""

    lines: tuple[Line, ...]
    tools: tuple[Used, ...] = ()
    agent: str = ""
    """Name of who spoke last."""
    channel: str = "chat"
    is_known: bool = False
    """Whether the visitor was identified."""
    booked: int = 0
    with_person: bool = False
    """Whether somebody of the business took part, or was asked to."""

    @property
    def visitor(self) -> tuple[str, ...]:
        return tuple(line.text for line in self.lines if line.who == "visitor")

    @property
    def answers(self) -> int:
        return sum(line.who == "agent" for line in self.lines)
