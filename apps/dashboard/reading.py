"""Brings a board up to the database, whole or only where it is in doubt. Sync, in a tenant's scope."""

import datetime as dt

from apps.dashboard import selectors
from apps.dashboard.core.board import Board
from apps.dashboard.core.events import Event, State
from apps.dashboard.core.hints import Doubts

MOST_DOUBTS = 500
"""Rows in doubt; beyond, everything is read."""


def read_all(board: Board, *, now: dt.datetime, simulated: bool, hinted: bool = False) -> list[Event]:
    """Everything, whatever the board knew. `hinted`: what is new may be on its way to it."""
    board.take(selectors.everything(now=now, simulated=simulated))
    _read_details(board, Doubts(everything=True), hinted=hinted)
    return board.changed()


def read_live(board: Board) -> list[Event]:
    """What changes from second to second, without a hint."""
    board.take(selectors.live_part(known_open=board.open_calls))
    _read_details(board, Doubts(), hinted=True)
    return board.changed()


def read_doubts(board: Board, doubts: Doubts, *, now: dt.datetime, simulated: bool) -> list[Event]:
    """What is in doubt, and no more."""
    if doubts.everything or len(doubts.turns) + len(doubts.calls) > MOST_DOUBTS:
        return read_all(board, now=now, simulated=simulated)
    changes = selectors.some(
        agents=doubts.agents,
        call_ids=doubts.calls,
        team_at=now if doubts.team else None,
        simulated=simulated,
    )
    if doubts.counts:
        changes.campaigns, changes.leads = selectors.campaigns(), selectors.lead_counts()
        changes.whole |= {"campaigns"}
    board.take(changes)
    _read_details(board, doubts)
    return board.changed()


def _read_details(board: Board, doubts: Doubts, *, hinted: bool = False) -> None:
    """`hinted`: an audit, while hints come, too."""
    wanted, shown = board.wants(), board.conversations()
    conversations = set(wanted.conversations)
    if doubts.everything or hinted:
        conversations |= board.compare_turns(selectors.extents(shown.keys()), at_once=not hinted)
    calls = board.shown()
    leads = {call.lead for call in calls.values() if call.lead}
    everything = doubts.everything
    doubted = doubts.calls | {shown[one] for one in doubts.conversations & shown.keys()}
    board.detail(
        selectors.details(
            lead_ids=leads if everything else wanted.leads | (doubts.leads & leads),
            conversations=conversations,
            voice_of=shown.keys() if everything else wanted.conversations | (doubts.conversations & shown.keys()),
            turn_ids=[turn for turn, one in doubts.turns.items() if one in shown and one not in conversations],
            call_ids=calls.keys() if everything else wanted.calls | (doubted & calls.keys()),
        )
    )


def snapshot(*, now: dt.datetime, simulated: bool = False) -> State:
    """The floor as the database has it now, read from nothing."""
    board = Board()
    read_all(board, now=now, simulated=simulated)
    return board.state()
