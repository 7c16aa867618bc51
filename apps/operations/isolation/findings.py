"""What was tried and what came of it, in a shape that JSON, Markdown and HTML are made from. Pure."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Line:
    """One thing that was tried in several ways: a model, a route, a socket, a key."""

    subject: str
    outcomes: Counter[str] = field(default_factory=Counter)
    """What happened, in words → how often; of what was refused."""
    holes: list[str] = field(default_factory=list)
    """What got through. Empty is the promise."""
    note: str = ""

    @property
    def refused(self) -> int:
        return self.outcomes.total()

    @property
    def tried(self) -> int:
        return self.refused + len(self.holes)

    def refuse(self, outcome: str) -> None:
        self.outcomes[outcome] += 1

    def fail(self, what: str) -> None:
        self.holes.append(what)

    def expect(self, ok: bool, outcome: str, otherwise: str) -> None:
        """Counts `outcome` when it is as promised, else the hole in words."""
        if ok:
            self.refuse(outcome)
        else:
            self.fail(otherwise)

    def happened(self) -> str:
        """The outcomes with their counts, the most frequent first."""
        return ", ".join(f"{outcome} ×{count}" for outcome, count in self.outcomes.most_common())


@dataclass
class Section:
    """One kind of way from one business to another."""

    title: str
    explained: str
    lines: list[Line] = field(default_factory=list)
    seconds: float = 0.0

    def line(self, subject: str, *, note: str = "") -> Line:
        made = Line(subject, note=note)
        self.lines.append(made)
        return made

    @property
    def tried(self) -> int:
        return sum(line.tried for line in self.lines)

    @property
    def refused(self) -> int:
        return sum(line.refused for line in self.lines)

    @property
    def holes(self) -> list[tuple[str, str]]:
        """(subject, what got through)."""
        return [(line.subject, hole) for line in self.lines for hole in line.holes]


@dataclass
class Report:
    facts: list[tuple[str, str]]
    """What and when was examined: (name, value)."""
    sections: list[Section] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)
    """What was not tried, and why."""

    @property
    def tried(self) -> int:
        return sum(section.tried for section in self.sections)

    @property
    def refused(self) -> int:
        return sum(section.refused for section in self.sections)

    @property
    def holes(self) -> list[tuple[str, str, str]]:
        """(section, subject, what got through)."""
        return [(section.title, *hole) for section in self.sections for hole in section.holes]
