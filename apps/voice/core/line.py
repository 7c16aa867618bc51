"""The connection to the model: opened, renewed before it is too old, opened again when it is lost. Pure."""

from typing import Literal

from apps.voice.core.actions import Action, AddText, ConnectModel, MuteModel, Said
from apps.voice.core.events import ModelLost, Persona
from apps.voice.core.settings import Settings


class Line:
    """Times are seconds, monotonic."""

    def __init__(self, settings: Settings) -> None:
        self.state: Literal["off", "connecting", "ready", "gone"] = "off"
        self.session = 0
        """Counts the model's sessions of this call."""
        self._settings = settings
        self._losses = 0
        self._since = 0.0
        self._notes: list[AddText] = []
        self._mute = False
        """What the present session was told."""

    @property
    def open(self) -> bool:
        return self.state in ("connecting", "ready")

    def connect(
        self, persona: Persona, history: tuple[tuple[Said, str], ...], now: float, *, mute: bool = False
    ) -> ConnectModel:
        # What the caller typed meanwhile is in the history; only notes of the product are told apart.
        self._notes = [note for note in self._notes if note.role == "system"]
        self.state, self._since = "connecting", now
        self.session += 1
        self._mute = mute
        return ConnectModel(persona, history, mute)

    def ready(self, now: float, *, mute: bool = False) -> list[Action]:
        """What had to wait: whether the model is muted by now, and the notes."""
        self.state, self._since = "ready", now
        notes, self._notes = self._notes, []
        return [*self.mute(mute), *notes]

    def mute(self, mute: bool) -> list[Action]:
        if self.state != "ready" or mute == self._mute:
            return []
        self._mute = mute
        return [MuteModel(mute)]

    def tell(self, note: AddText) -> list[Action]:
        if self.state == "ready":
            return [note]
        self._notes.append(note)
        return []

    def lost(self, event: ModelLost) -> bool:
        """True if it shall be opened again."""
        if not event.expired:
            self._losses += 1
        if event.fatal or self._losses > self._settings.reconnects:
            self.state = "gone"
            return False
        self.state = "off"
        return True

    def overdue(self, now: float) -> bool:
        """It should have been ready by now."""
        return self.state == "connecting" and now - self._since >= self._settings.connect_within

    def aged(self, now: float) -> bool:
        """It should be renewed at the next quiet moment."""
        return self.state == "ready" and now - self._since >= self._settings.recycle_after
