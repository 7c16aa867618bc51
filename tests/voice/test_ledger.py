import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.voice.core.actions import Action, PlaceMark, PlayAudio
from apps.voice.core.formats import L16, PCM16, PCMA, PCMU
from apps.voice.core.ledger import AHEAD_MS, LATE, Ledger, Spoken
from apps.voice.core.transcript import split
from tests.voice.simulated import PERSONA

formats = st.sampled_from([PCMU, PCMA, PCM16, L16])


@given(formats, st.lists(st.integers(1, 2000), min_size=1, max_size=19))
def test_audio_goes_out_whole_in_frames_with_marks(format, sizes) -> None:
    ledger, spoken = Ledger(format), Spoken(PERSONA, item="a")
    chance = random.Random(sum(sizes))
    sent, actions = b"", []
    for size in sizes:
        audio = chance.randbytes(size * format.sample_bytes)
        sent += audio
        actions += ledger.play(spoken, audio, 0.0)
    actions += ledger.finish(spoken, 0.0)
    played = b"".join(action.audio for action in actions if isinstance(action, PlayAudio))
    assert played[: len(sent)] == sent
    assert len(played) - len(sent) < format.frame_bytes
    assert played[len(sent) :] == format.silence_of(len(played) - len(sent))
    assert spoken.sent == spoken.received == len(sent)
    unmarked = 0
    for action in actions:
        unmarked = unmarked + len(action.audio) if isinstance(action, PlayAudio) else 0
        assert unmarked <= 100 * format.bytes_per_ms
    assert unmarked == 0
    marks = [action.name for action in actions if isinstance(action, PlaceMark)]
    for name in marks:
        assert ledger.echoed(name, 1.0)
    assert ledger.idle
    assert spoken.played == len(sent)
    assert ledger.finished() == [spoken]


@given(st.permutations(range(10)), st.lists(st.integers(0, 9)))
def test_echoes_in_any_order_and_number_never_count_twice_or_backwards(order, again) -> None:
    ledger, spoken = Ledger(PCMU), Spoken(PERSONA, item="a")
    actions = ledger.play(spoken, bytes(8000), 0.0)
    names = [action.name for action in actions if isinstance(action, PlaceMark)]
    assert len(names) == 10
    reached = -1
    for place in [*order, *again]:
        assert ledger.echoed(names[place], 0.5) is (place > reached)
        reached = max(reached, place)
        assert spoken.played == (reached + 1) * 800
    assert not ledger.echoed("nonsense", 0.5)


@given(st.integers(0, 9), st.floats(0, 0.5), st.integers(1, 12_000))
def test_heard_is_what_was_echoed_and_a_little_trust(echoes, since, size) -> None:
    ledger, first, second = Ledger(PCMU), Spoken(PERSONA, item="a"), Spoken(PERSONA, item="b")
    actions = ledger.play(first, bytes(size), 0.0)
    actions += ledger.finish(first, 0.0)
    actions += ledger.play(second, bytes(800), 0.0)
    names = [action.name for action in actions if isinstance(action, PlaceMark)][:-1]
    at = 0.0
    for number, name in enumerate(names[:echoes], 1):
        at = number / 10
        ledger.echoed(name, at)
    ledger.finished()
    played = min(size, echoes * 800) if echoes < len(names) else size
    cut = ledger.clear(at + since)
    if first.played < first.sent:
        assert cut == [(first, min(size, played + int(min((at + since - at) * 1000, 100) * 8))), (second, 0)]
    else:
        assert cut == [(second, int(min((at + since - at) * 1000, 100) * 8))]
    assert ledger.generation == 1
    assert ledger.idle
    assert not any(ledger.echoed(name, 9.0) for name in names)


def test_time_since_an_echo_counts_from_the_start_of_playback() -> None:
    ledger, old, new = Ledger(PCMU), Spoken(PERSONA, item="a"), Spoken(PERSONA, item="b")
    ledger.play(old, bytes(800), 0.0)
    ledger.finish(old, 0.0)
    assert ledger.echoed("g0:1", 0.2)
    ledger.finished()
    ledger.play(new, bytes(8000), 60.0)
    assert ledger.clear(60.03) == [(new, 240)]


def test_marks_that_never_come_back_are_counted_at_last() -> None:
    ledger, spoken = Ledger(PCMU), Spoken(PERSONA, item="a")
    ledger.play(spoken, bytes(8000), 0.0)
    ledger.finish(spoken, 0.0)
    ledger.settle(5.9)
    assert not ledger.idle
    ledger.settle(6.1)
    assert ledger.idle
    assert ledger.finished() == [spoken]


words = st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=9), max_size=12).map(" ".join)


@given(words, st.integers(0, 5000), st.integers(1, 5000))
def test_heard_and_unheard_words_are_the_whole_text(text, heard, total) -> None:
    before, after = split(text, heard, total)
    assert "".join((before + after).split()) == "".join(text.split())
    assert after == "" or len(before) <= len(text) * heard / total


def test_words_are_not_cut_in_the_middle() -> None:
    assert split("I can offer nine thirty on Monday", 50, 100) == ("I can offer nine", "thirty on Monday")
    assert split("Hello", 50, 100) == ("", "Hello")
    assert split("月曜日の九時半です", 50, 100) == ("月曜日の", "九時半です")
    assert split("All of it ", 100, 100) == ("All of it", "")


def burst(ledger: Ledger, seconds: float) -> tuple[Spoken, list[Action]]:
    piece = Spoken(PERSONA, item="long")
    return piece, ledger.play(piece, bytes(int(seconds * 8_000)), 0.0)


def sent_ms(actions: Sequence[Action]) -> float:
    return PCMU.ms(sum(len(action.audio) for action in actions if isinstance(action, PlayAudio)))


def test_a_minute_at_once_leaves_as_it_is_heard() -> None:
    ledger = Ledger(PCMU)
    piece, actions = burst(ledger, 60.01)
    actions += ledger.finish(piece, 0.0)
    assert sent_ms(actions) == AHEAD_MS
    assert ledger.due == pytest.approx(60.02)
    marks = [action.name for action in actions if isinstance(action, PlaceMark)]
    whole, now = list(actions), 0.0
    while marks:
        now += 0.1
        assert ledger.echoed(marks.pop(0), now)
        released = ledger.release(now)
        assert sent_ms(released) <= 100
        marks += [action.name for action in released if isinstance(action, PlaceMark)]
        whole += released
    assert sent_ms(whole) == 60_020  # the last frame filled up
    assert ledger.finished() == [piece]
    assert (piece.sent, piece.played) == (piece.received, piece.received)
    assert ledger.idle


def test_what_is_held_is_dropped_by_an_interruption() -> None:
    ledger = Ledger(PCMU)
    piece, actions = burst(ledger, 60.0)
    marks = [action.name for action in actions if isinstance(action, PlaceMark)]
    assert ledger.echoed(marks[0], 0.1)
    [(cut, heard)] = ledger.clear(0.15)
    assert cut is piece
    assert heard == pytest.approx(800 + 400, abs=1)
    assert ledger.release(1.0) == []
    assert ledger.idle


def test_a_carrier_that_tells_nothing_is_played_to_all_the_same() -> None:
    ledger = Ledger(PCMU)
    _, actions = burst(ledger, 8.0)
    ledger.settle(AHEAD_MS / 1000 + LATE + 0.1)
    assert sent_ms([*actions, *ledger.release(11.0)]) == 8_000


def test_two_pieces_are_held_in_order_and_each_is_finished() -> None:
    ledger = Ledger(PCMU)
    first, second = Spoken(PERSONA, item="a"), Spoken(PERSONA, item="b")
    actions = ledger.play(first, b"\1" * 48_010, 0.0) + ledger.finish(first, 0.0)
    actions += ledger.play(second, b"\2" * 4_010, 0.0) + ledger.finish(second, 0.0)
    heard: list[Spoken] = []
    for action in actions:  # grows while we walk it
        if isinstance(action, PlaceMark):
            assert ledger.echoed(action.name, 1.0)
            actions += ledger.release(1.0)
            heard += ledger.finished()
    assert heard == [first, second]
    assert ledger.idle
    audio = b"".join(action.audio for action in actions if isinstance(action, PlayAudio))
    assert audio.rstrip(b"\xff") == b"\1" * 48_010 + b"\xff" * 150 + b"\2" * 4_010
