"""Who of ours is told what comes of calls and texts: a vertical, which this layer does not know.

A vertical subclasses `Listener` and registers it in its AppConfig.ready(), under its own slug. It is told of the calls
and texts that it placed with that `topic`, of what people answer to them, and of texts and voicemails out of the blue
that reach a business of that industry. Each method is called in the tenant's scope, in a thread, and in the transaction
that records what happened: what it writes is kept together with the record, or not at all. It is told once of each
thing, and must not wait for the network: what it wants done it does after the commit.
"""

from apps.telephony.models import PlacedCall, TextMessage, Voicemail


class Listener:
    """Does nothing with what it is told; subclasses say what matters to them."""

    def call_changed(self, call: PlacedCall) -> None:
        """Its status, or the verdict on who answered, is a new one; `call.outcome` says how it ended."""

    def digits_pressed(self, call: PlacedCall, digits: str) -> str | None:
        """A key was pressed at the question of `call`. The words that answer it, or None: the question comes again."""
        return "Thank you. Goodbye."

    def called_back(self, call: PlacedCall) -> str | None:
        """Whom we called with `call` calls us. The words that they hear, or None: the agent answers as always."""
        return None

    def text_received(self, text: TextMessage) -> str | None:
        """An SMS came; its `about` is that of our last text or call to them.

        Returns the reply, "" for none, or None when it is not ours.
        """
        return None

    def text_changed(self, text: TextMessage) -> None:
        """The status of one that was sent is a new one."""

    def voicemail_left(self, voicemail: Voicemail) -> None:
        """It can be played now."""


_NOBODY = Listener()
_listeners: dict[str, Listener] = {}


def register(topic: str, listener: Listener) -> None:
    """From now on `listener` is told of what is of that topic."""
    _listeners[topic] = listener


def listener_of(topic: str) -> Listener:
    """One that does nothing where nobody has registered."""
    return _listeners.get(topic, _NOBODY)
