"""The black box: what a call's session was told can be told to it again, and leads to the same actions."""

import gzip
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from apps.voice import blackbox
from apps.voice.blackbox import BlackBox
from apps.voice.book import Book
from apps.voice.core import blackbox as core
from apps.voice.core.actions import Action, EndCall, PlayAudio
from apps.voice.core.blackbox import BadLog, replay
from apps.voice.core.events import (
    AudioDone,
    AudioHeard,
    AudioSpoken,
    CallerWords,
    CarrierStarted,
    CarrierStopped,
    DigitPressed,
    Event,
    MarkPlayed,
    ModelLost,
    ModelReady,
    Persona,
    ResponseEnded,
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
    TextTyped,
    Tick,
    ToolAsked,
    ToolFinished,
    WordsSpoken,
)
from apps.voice.core.formats import PCMU
from apps.voice.core.session import Session
from apps.voice.core.settings import Settings

AVA = Persona("triage", "Ava", 3, "Be kind.", "marin", "Hello, Riverside Clinic.", b'[{"name":"x"}]', {"x": "Looking"})
BEN = Persona("billing", "Ben", 1, "Be exact.", "cedar", "")
FRAME = b"\x2a" * PCMU.frame_bytes

TALK: list[tuple[float, Event]] = [
    (0.0, CarrierStarted("MZ1", "CA1", {"token": "t"})),
    (0.1, AudioHeard(FRAME, 0)),
    (0.3, ModelReady()),
    (0.4, ResponseStarted("r1")),
    (0.5, AudioSpoken("r1", "i1", 0, FRAME * 30)),
    (0.5, WordsSpoken("r1", "i1", 0, "Hello, Riverside Clinic. How can I help?")),
    (0.55, AudioDone("r1", "i1", 0)),
    (0.6, ResponseEnded("r1", "completed", "", {"input_tokens": 10, "output_tokens": 5})),
    (0.7, MarkPlayed("g0:1")),
    (0.75, SpeechStarted("u1")),
    (1.6, SpeechStopped("u1")),
    (1.7, CallerWords("u1", "The bill, please", True)),
    (1.8, ResponseStarted("r2")),
    (1.9, ToolAsked("r2", "f1", "call_1", "transfer_to_billing", '{"intent": "bill"}')),
    (2.0, ResponseEnded("r2", "completed")),
    (2.2, ToolFinished("call_1", True, {"ok": True, "say": "", "data": {"handed_to": "billing"}}, BEN)),
    (2.3, Tick()),
    (2.4, ModelReady()),
    (2.5, TextTyped("Are you there?")),
    (2.6, DigitPressed("1")),
    (3.0, ModelLost("closed_1006")),
    (3.4, CarrierStopped("stop")),
]


def logged(events: list[tuple[float, Event]], *, audio: bool = False, settings: Settings | None = None) -> list[bytes]:
    """The lines of a call's log."""
    held = settings or Settings()
    session = Session(PCMU, AVA, held)
    lines = [core.opening(call="voc_1", format=PCMU, persona=AVA, settings=held, audio=audio)]
    for at, event in events:
        actions = [core.plain(action, audio=audio) for action in session.handle(event, at)]
        lines.append(core.line(at, core.plain(event, audio=audio), actions))
    return lines


@pytest.mark.parametrize("audio", [False, True])
def test_a_replay_does_the_same(audio: bool) -> None:
    steps = list(replay(logged(TALK, audio=audio)))
    assert [type(step.event) for step in steps] == [type(event) for _, event in TALK]
    assert all(step.same for step in steps)
    names = {action[0] for step in steps for action in step.replayed}
    assert {"ConnectModel", "PlayAudio", "ClearPlayback", "TruncateItem", "RunTool", "StoreTurn", "EndCall"} <= names
    if audio:
        assert [step.event for step in steps] == [event for _, event in TALK]


def test_a_log_holds_no_audio_unless_it_shall() -> None:
    encoded = json.dumps("Kioq")[1:-1].encode()  # three samples of it in base64
    assert encoded not in b"".join(logged(TALK))
    assert encoded in b"".join(logged(TALK, audio=True))


def test_a_session_that_does_something_else_is_found() -> None:
    lines = logged(TALK)
    lines[5] = lines[5].replace(b"4800", b"1600", 1)  # less audio than was played
    assert any(not step.same for step in replay(lines))


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1.5),
            st.sampled_from([event for _, event in TALK]),
        ),
        max_size=80,
    )
)
@profile(max_examples=60)
def test_whatever_happens_replays_alike(steps: list[tuple[float, Event]]) -> None:
    now, events = 100.0, []
    for pause, event in steps:
        now += pause
        events.append((now, event))
    filler = Settings(filler_audio=FRAME * 3, server_interrupts=False)
    assert all(step.same for step in replay(logged(events, settings=filler)))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [],
        lambda lines: [b"not json\n"],
        lambda lines: [lines[0].replace(b'"version":1', b'"version":99'), *lines[1:]],
        lambda lines: [lines[0], b'[1.0,["NoSuchEvent"],[]]\n'],
        lambda lines: [lines[0], b'[1.0,["Tick","too much"],[]]\n'],
        lambda lines: [lines[0], b"[1.0]\n"],
    ],
)
def test_what_is_no_log_is_refused(spoil: Callable[[list[bytes]], list[bytes]]) -> None:
    with pytest.raises(BadLog):
        list(replay(spoil(logged(TALK))))


async def _written(settings: Any, folder: Path, events: list[tuple[float, Event]]) -> Path:
    """The file that a call's black box leaves."""
    settings.VAR_DIR = folder
    held = Settings()
    box, session = BlackBox(call="voc_1", format=PCMU, persona=AVA, settings=held), Session(PCMU, AVA, held)
    book = Book([box])
    for at, event in events:
        book.saw(event, at)
        for action in session.handle(event, at):
            book.did(action, at)
    assert await box.close()
    return box.spool.path


async def test_the_command_shows_a_call_and_checks_it(settings: Any, tmp_path: Path) -> None:
    path = await _written(settings, tmp_path, TALK)
    out = StringIO()
    call_command("replay", path, stdout=out)
    shown = out.getvalue()
    assert f"{len(TALK)} events, the same actions." in shown
    assert "The bill, please" in shown
    assert "RunTool" in shown
    assert "AudioHeard" not in shown
    call_command("replay", path, "--all", stdout=out)
    assert "AudioHeard 160 0" in out.getvalue()


async def test_the_command_fails_where_the_replay_differs(settings: Any, tmp_path: Path) -> None:
    path = await _written(settings, tmp_path, TALK)
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(gzip.decompress(path.read_bytes()).replace(b'"reconnects":2', b'"reconnects":0'))
    out = StringIO()
    with pytest.raises(CommandError, match="something else"):
        call_command("replay", changed, stdout=out)
    assert "+    →" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("replay", tmp_path / "none")


async def test_memory_is_bounded_and_a_slow_disk_gives_the_file_up(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr("apps.voice.spool.MOST_WAITING", 3 * blackbox.PIECE)
    box = BlackBox(call="voc_2", format=PCMU, persona=AVA, settings=Settings(), audio=True)
    monkeypatch.setattr("apps.voice.spool._pool.submit", lambda *_: None)  # a disk that never gets to it
    for number in range(2_000):
        box.saw(AudioHeard(FRAME, number * 20), number * 0.02)
        box.did(PlayAudio(FRAME), number * 0.02)
        assert len(box._lines) <= 2 * blackbox.PIECE
    assert box.spool.lost
    assert box.spool._waiting <= 3 * blackbox.PIECE


def test_an_observer_that_fails_is_left_out_and_the_others_go_on() -> None:
    class Broken:
        def saw(self, event: Event, now: float) -> None:
            raise RuntimeError("broken")

        def did(self, action: Action, now: float) -> None:
            raise RuntimeError("broken")

    class Counting:
        seen = 0

        def saw(self, event: Event, now: float) -> None:
            self.seen += 1

        def did(self, action: Action, now: float) -> None:
            self.seen += 1

    counting = Counting()
    book = Book([Broken(), counting])
    book.saw(Tick(), 0.0)
    book.did(EndCall("goodbye"), 0.1)
    assert counting.seen == 2
