"""1,000 interruptions with jitter, bursts and late marks: what is cut off is what was not heard."""

import random
from itertools import pairwise

import pytest

from apps.voice.core.actions import (
    ClearPlayback,
    CreateResponse,
    DeleteItem,
    PlaceMark,
    PlayAudio,
    Show,
    StoreTurn,
    TruncateItem,
)
from apps.voice.core.events import (
    AudioDone,
    AudioSpoken,
    Interrupted,
    ResponseEnded,
    ResponseStarted,
    SpeechStarted,
    WordsSpoken,
)
from apps.voice.core.settings import Settings
from tests.voice.simulated import Piece, SimulatedCall


def noisy(seed: int) -> SimulatedCall:
    call = SimulatedCall(seed, settings=Settings(cap=100_000), jitter=0.08)
    call.carrier.late = 0.3 if seed % 3 == 0 else 0.0
    return call


def interrupt(call: SimulatedCall, chance: random.Random) -> None:
    """Lets the agent speak, interrupts it anywhere, and checks what was done at that moment."""
    model = call.model
    model.seconds = chance.uniform(0.1, 6.0)
    model.burst = chance.random() < 0.6
    model.words_late = chance.random() < 0.3
    call.at(call.now, lambda: model.respond() if not model.active else None)
    call.run(chance.uniform(0.0, model.seconds + 0.6))
    before = len(call.answers)
    model.speech(chance.uniform(0.1, 0.4), answer=False)
    call.run(0.2)
    for now, event, actions in call.answers[before:]:
        if not isinstance(event, SpeechStarted):
            continue
        if any(isinstance(action, ClearPlayback) for action in actions):
            assert isinstance(actions[0], ClearPlayback)
        for action in actions:
            if isinstance(action, TruncateItem):
                made = call.format.ms(model.pieces[action.item].made)
                truth = call.carrier.heard(action.item, now)
                assert action.audio_end_ms <= made
                assert action.audio_end_ms <= truth + 100
                # The estimate is behind by what the echoes are behind: the way there and back, and one mark's length.
                assert action.audio_end_ms >= min(truth, made) - 100 - 1000 * (0.2 + call.carrier.late) - 40
    call.run(chance.uniform(0.3, 1.0))


@pytest.mark.parametrize("seed", range(20))
def test_fifty_interruptions(seed: int) -> None:
    chance = random.Random(seed)
    call = noisy(seed).run(1.0)
    for _ in range(50):
        interrupt(call, chance)
    call.run(10.0)
    assert len([event for _, event, _ in call.answers if isinstance(event, SpeechStarted)]) == 50
    assert len(call.model.truncations) >= 30  # or what is checked of them would prove little
    check_nothing_stale(call)
    check_transcript(call)


def check_nothing_stale(call: SimulatedCall) -> None:
    """Marks carry the generation they belong to, and no audio of a discarded response is sent after it was cleared."""
    generation = 0
    gone: set[int] = set()
    recent: set[int] = set()
    for _, action in call.actions:
        match action:
            case ClearPlayback(number):
                assert number == generation + 1
                generation, gone, recent = number, gone | recent, set()
            case PlayAudio(audio):
                assert len(audio) % call.format.frame_bytes == 0
                codes = set(audio) - {0xFF}
                assert not codes & gone
                recent |= codes
            case PlaceMark(name):
                assert name.startswith(f"g{generation}:")


def check_transcript(call: SimulatedCall) -> None:
    """Each piece is stored once, whole in heard and unheard words, as far as it was truncated."""
    turns = [turn for turn in call.done(StoreTurn) if isinstance(turn, StoreTurn) and turn.role == "agent"]
    items = [turn.item for turn in turns]
    assert len(items) == len(set(items))
    spoken = {item for item, piece in call.model.pieces.items() if piece.text}
    assert spoken == set(items)
    ends = {action.item: action.audio_end_ms for action, _ in call.model.truncations}
    deleted = {action.item for action in call.done(DeleteItem) if isinstance(action, DeleteItem)}
    for turn in turns:
        piece = call.model.pieces[turn.item]
        assert f"{turn.text} {turn.unheard}".strip() == piece.text
        if turn.item in deleted:
            assert turn.text == ""
        elif turn.item in ends:
            share = ends[turn.item] / call.format.ms(piece.made) if piece.made else 1.0
            assert turn.interrupted
            assert len(turn.text) <= len(piece.text) * share + 1
            assert len(turn.text) >= len(piece.text) * share - max(map(len, piece.text.split())) - 2
        else:
            assert not turn.interrupted
            assert turn.unheard == ""


def test_it_works_after_the_model_finished_sending() -> None:
    call = SimulatedCall().run(2.0)
    assert not call.model.active
    call.feed(SpeechStarted("caller"))
    assert call.done(ClearPlayback)
    (truncation, made), *more = call.model.truncations
    assert not more
    assert 0 < truncation.audio_end_ms < call.format.ms(made)


def test_nothing_to_interrupt_is_nothing() -> None:
    call = SimulatedCall().run(6.0)
    call.feed(SpeechStarted("caller"))
    assert not call.done(ClearPlayback)
    assert not call.done(TruncateItem)


def test_a_response_asked_for_just_before_the_caller_speaks_is_never_heard() -> None:
    call = SimulatedCall(settings=Settings(server_responds=False)).run(6.0)
    call.model.mute = True
    call.model.speech(0.2, answer=False)
    call.run(0.5)
    assert len(call.model.requests) == 2
    call.model.mute = False
    call.feed(SpeechStarted("again"))
    call.model.respond()
    before = len(call.actions)
    call.run(3.0)
    assert not any(isinstance(action, PlayAudio) for _, action in call.actions[before:])


@pytest.mark.parametrize("by", ["supervisor", "digit", "text"])
def test_others_than_the_voice_cancel_the_response_themselves(by: str) -> None:
    call = SimulatedCall()
    call.model.burst = False
    call.run(1.0)
    assert call.model.active
    call.feed(Interrupted(by))  # type: ignore[arg-type]
    kinds = [type(action).__name__ for action in call.answers[-1][2]]
    call.run(0.1)
    assert not call.model.active
    assert kinds[:3] == ["ClearPlayback", "CancelResponse", "TruncateItem"]


def test_marks_come_every_hundred_milliseconds() -> None:
    call = SimulatedCall().run(5.0)
    sizes, size = [], 0
    for _, action in call.actions:
        if isinstance(action, PlayAudio):
            size += len(action.audio)
        elif isinstance(action, PlaceMark):
            sizes.append(size)
            size = 0
    assert size == 0
    assert sizes
    assert max(sizes) <= 100 * call.format.bytes_per_ms
    names = [int(action.name.split(":")[1]) for action in call.done(PlaceMark) if isinstance(action, PlaceMark)]
    assert all(later > earlier for earlier, later in pairwise(names))


def test_the_greeting_may_be_deaf_for_a_moment() -> None:
    call = SimulatedCall(settings=Settings(deaf_ms=1500, server_interrupts=False)).run(1.0)
    call.feed(SpeechStarted("echo"))
    assert not call.done(ClearPlayback)
    call.run(1.0)
    call.feed(SpeechStarted("caller"))
    assert call.done(ClearPlayback)
    assert len(call.done(CreateResponse)) == 1


def test_of_several_items_the_first_unfinished_is_cut_and_later_ones_were_not_heard() -> None:
    call = SimulatedCall().run(6.0)
    call.feed(ResponseStarted("r"))
    for item, index, words in (("a", 0, "one two"), ("a", 1, "three four"), ("b", 0, "five six")):
        call.model.codes[item] = 201 + index
        call.model.pieces[item] = Piece("r", item, made=8000)
        call.feed(WordsSpoken("r", item, index, words))
        call.feed(AudioSpoken("r", item, index, bytes([201 + index]) * 8000))
        call.feed(AudioDone("r", item, index))
    call.feed(ResponseEnded("r", "completed"))
    call.run(0.65)
    actions = call.feed(SpeechStarted("caller"))
    kinds = [type(action) for action in actions if not isinstance(action, Show)]
    assert kinds == [ClearPlayback, TruncateItem, TruncateItem, DeleteItem, StoreTurn, StoreTurn, StoreTurn]
    assert isinstance(actions[1], TruncateItem)
    assert (actions[1].item, actions[1].index) == ("a", 0)
    assert 500 <= actions[1].audio_end_ms <= 650
    assert actions[2] == TruncateItem("a", 1, 0)  # deleting it would take the part that was heard along
    assert actions[3] == DeleteItem("b")


def test_a_part_of_an_item_that_was_heard_before_keeps_the_item() -> None:
    call = SimulatedCall().run(6.0)
    call.feed(ResponseStarted("r"))
    call.model.pieces["a"] = Piece("r", "a", made=1600)
    call.feed(AudioSpoken("r", "a", 0, bytes(800)))
    call.feed(AudioDone("r", "a", 0))
    call.run(1.0)
    call.feed(AudioSpoken("r", "a", 1, bytes(80)))
    call.feed(AudioSpoken("r", "a", 1, bytes(40)))
    assert call.feed(SpeechStarted("caller"))[1] == TruncateItem("a", 1, 0)
