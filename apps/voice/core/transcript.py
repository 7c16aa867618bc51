"""What both sides said: shown as it comes, stored when it is finished, told to a model that joins later. Pure."""

from apps.voice.core.actions import Action, Said, Show, StoreTurn
from apps.voice.core.events import CallerWords
from apps.voice.core.ledger import Spoken

WIDE = "\u2e80"
"""From here on scripts mostly write no spaces between words: a word may end anywhere."""


def split(text: str, heard: int, total: int) -> tuple[str, str]:
    """The words heard of a text whose audio was heard in part; a word that was begun was not heard."""
    if heard >= total:
        return text.strip(), ""
    cut = len(text) * heard // total
    while cut > 0 and not (text[cut].isspace() or text[cut - 1].isspace() or text[cut - 1] >= WIDE):
        cut -= 1
    return text[:cut].strip(), text[cut:].strip()


class Transcript:
    def __init__(self) -> None:
        self.history: list[tuple[Said, str]] = []
        """What was said and heard, and what the model was told of it."""
        self._partial: dict[str, str] = {}

    def caller(self, event: CallerWords) -> list[Action]:
        if event.final:
            self._partial.pop(event.item, None)
            text = event.text.strip()
        else:
            text = self._partial[event.item] = self._partial.get(event.item, "") + event.text
        show = Show("transcript", {"who": "visitor", "text": text, "final": event.final, "id": event.item})
        return [show, *(self._visitor(text, event.item) if event.final and text else ())]

    def typed(self, text: str, id: str) -> list[Action]:
        show = Show("transcript", {"who": "visitor", "text": text, "final": True, "id": id})
        return [show, *self._visitor(text, id)]

    def whispered(self, text: str) -> list[Action]:
        """What a supervisor told the agent alone: nothing that the caller may see."""
        return [StoreTurn("supervisor", "", unheard=text)]

    def supervisor(self, text: str, id: str) -> list[Action]:
        """What a supervisor wrote to the caller."""
        show = Show("transcript", {"who": "supervisor", "text": text, "final": True, "id": id})
        return [show, StoreTurn("supervisor", text, item=id)]

    def speaking(self, spoken: Spoken) -> list[Action]:
        """The agent's words so far."""
        return [Show("transcript", {"who": "agent", "text": spoken.text, "final": False, "id": _id(spoken)})]

    def spoke(self, spoken: Spoken) -> list[Action]:
        """A piece is finished: what of it was heard, what was not."""
        spoken.stored = True
        if not spoken.text.strip():
            return []
        heard, unheard = (
            split(spoken.text, spoken.heard or 0, spoken.received) if spoken.cut else (spoken.text.strip(), "")
        )
        if heard:
            self.history.append(("assistant", heard))
        return [
            Show("transcript", {"who": "agent", "text": heard, "final": True, "id": _id(spoken)}),
            StoreTurn(
                "agent",
                heard,
                unheard=unheard,
                agent=spoken.persona.slug,
                agent_version=spoken.persona.version,
                item=spoken.item,
                interrupted=spoken.cut,
            ),
        ]

    def stop(self) -> list[Action]:
        """What the caller was saying when the call ended."""
        partial, self._partial = self._partial, {}
        return [
            action for item, text in partial.items() if text.strip() for action in self._visitor(text.strip(), item)
        ]

    def _visitor(self, text: str, item: str) -> list[Action]:
        self.history.append(("user", text))
        return [StoreTurn("visitor", text, item=item)]


def _id(spoken: Spoken) -> str:
    """Of a bubble: an item may hold several pieces of speech."""
    return f"{spoken.item}:{spoken.index}" if spoken.index else spoken.item
