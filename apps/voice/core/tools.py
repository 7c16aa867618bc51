"""The calls of tools that the model asks for: each is run once and answered once. Pure."""

from dataclasses import dataclass

from apps.voice.core.events import ToolAsked


@dataclass(slots=True)
class Call:
    call: str
    name: str
    response: str
    session: int
    """Of the call's model sessions, the one that asked."""
    hold_at: float
    """When a holding sentence is due, in seconds, if it is silent until then."""
    held: bool = False
    """One was said."""


class Tools:
    def __init__(self) -> None:
        self._open: dict[str, Call] = {}
        self._seen: set[str] = set()
        self._unanswered: set[str] = set()
        """Responses whose calls are not followed by a response yet."""

    @property
    def running(self) -> tuple[Call, ...]:
        return tuple(self._open.values())

    def asked(self, event: ToolAsked, session: int, hold_at: float) -> bool:
        """True the first time that a call is asked for, in all sessions."""
        if event.call in self._seen:
            return False
        self._seen.add(event.call)
        self._open[event.call] = Call(event.call, event.name, event.response, session, hold_at)
        self._unanswered.add(event.response)
        return True

    def finished(self, call: str) -> Call | None:
        """The open call that is finished now; None if there is none."""
        return self._open.pop(call, None)

    def follow_up(self, response: str) -> bool:
        """True once, when all calls of a response that ended are answered."""
        if response not in self._unanswered or any(call.response == response for call in self._open.values()):
            return False
        self._unanswered.remove(response)
        return True

    def lost(self) -> None:
        """The session that asked is gone; what still runs is told to the next one as a note."""
        self._unanswered.clear()

    def held(self, until: float) -> None:
        """A holding sentence was said, for all that run."""
        for call in self._open.values():
            call.hold_at, call.held = until, True
