"""Proving an e-mail address by the code that was sent to it: how long it holds, how often one may guess or ask again.

Six digits are few, so guesses are: with 5 of them at each of 3 codes, a stranger's chance is 15 in a million.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, assert_never

LIFETIME: Final = timedelta(minutes=15)
GUESSES: Final = 5
CODES: Final = 3
PAUSE: Final = timedelta(seconds=30)
"""Between two codes, so that a mail has time to arrive."""


@dataclass(frozen=True, slots=True)
class Proof:
    """`digest` is the code's, never the code; `wrong` counts guesses at this code."""

    digest: str
    sent_at: datetime
    wrong: int = 0
    codes: int = 1


@dataclass(frozen=True, slots=True)
class Entered:
    digest: str


@dataclass(frozen=True, slots=True)
class Asked:
    """For another code, of which this is the digest."""

    digest: str


Event = Entered | Asked


@dataclass(frozen=True, slots=True)
class Accept:
    """The address is proven."""


@dataclass(frozen=True, slots=True)
class Refuse:
    reason: Literal["wrong", "expired", "guessed_out", "too_soon", "too_many"]


@dataclass(frozen=True, slots=True)
class Send:
    """Send the new code."""


Action = Accept | Refuse | Send


def handle(proof: Proof, event: Event, now: datetime) -> tuple[Proof, Action]:
    """The proof after the event, and the answer to it."""
    match event:
        case Entered(digest):
            if now - proof.sent_at >= LIFETIME:
                return proof, Refuse("expired")
            if proof.wrong >= GUESSES:
                return proof, Refuse("guessed_out")
            if digest == proof.digest:
                return proof, Accept()
            wrong = replace(proof, wrong=proof.wrong + 1)
            return wrong, Refuse("guessed_out" if wrong.wrong >= GUESSES else "wrong")
        case Asked(digest):
            if proof.codes >= CODES:
                return proof, Refuse("too_many")
            if now - proof.sent_at < PAUSE:
                return proof, Refuse("too_soon")
            return Proof(digest, now, codes=proof.codes + 1), Send()
        case _:
            assert_never(event)
