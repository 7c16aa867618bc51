"""How a call or a message that we sent stands, from reports that may come late, twice, or in the wrong order. Pure.

https://www.twilio.com/docs/voice/api/call-resource#call-status-values
"""

from typing import Final, Literal

Outcome = Literal["", "answered", "machine", "busy", "no_answer", "failed", "canceled"]

UNCONFIRMED: Final = "unconfirmed"
"""The carrier did not answer: it may have got the request, or not."""
FAILED: Final = "failed"
CALL_OVER: Final = frozenset({"completed", "busy", "no_answer", FAILED, "canceled"})
TEXT_OVER: Final = frozenset({"delivered", "undelivered", FAILED})

_CALL: Final = {UNCONFIRMED: 0, "queued": 1, "initiated": 2, "ringing": 3, "in_progress": 4}
_CALL.update(dict.fromkeys(CALL_OVER, 5))
_TEXT: Final = {UNCONFIRMED: 0, "queued": 1, "sending": 2, "sent": 3}
_TEXT.update(dict.fromkeys(TEXT_OVER, 4))


def call_after(status: str, told: str) -> str:
    """A call's status after the carrier's `told`: it never goes back, and what is over stays as it ended."""
    return _after(_CALL, status, told.replace("-", "_"))


def text_after(status: str, told: str) -> str:
    """The same for an SMS."""
    return _after(_TEXT, status, told)


def outcome(status: str, answered_by: str) -> Outcome:
    """What came of a call; "" while it goes on. `answered_by` is the carrier's verdict, "" = none."""
    if status not in CALL_OVER:
        return ""
    if status == "completed":
        return "machine" if is_machine(answered_by) else "answered"
    return status  # type: ignore[return-value]


def is_machine(answered_by: str) -> bool:
    """Whether nobody listens. What the carrier does not know is taken for a person: nobody is hung up on."""
    return answered_by == "fax" or answered_by.startswith("machine")


def can_hear_message(answered_by: str) -> bool:
    """Whether the machine records now: its greeting and its beep are over."""
    return answered_by.startswith("machine_end")


def _after(ranks: dict[str, int], status: str, told: str) -> str:
    return told if told in ranks and ranks[told] > ranks.get(status, 0) else status
