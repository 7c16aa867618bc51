import time

from apps.voice.core.actions import PlaceMark
from apps.voice.core.events import AudioHeard, AudioSpoken, MarkPlayed, ResponseStarted
from apps.voice.core.settings import Settings
from tests.voice.simulated import SimulatedCall


def test_a_frame_costs_little() -> None:
    """A frame each way, in microseconds of this process; generous, for a machine that is busy."""
    call = SimulatedCall(settings=Settings(cap=100_000)).run(5.0)
    frame = bytes(160)
    call.feed(ResponseStarted("resp_hot"))
    spoken, heard = AudioSpoken("resp_hot", "item_hot", 0, frame), AudioHeard(frame)
    count, handle = 5000, call.session.handle
    begun = time.process_time()
    for number in range(count):
        handle(heard, 10.0)
        for action in handle(spoken, 10.0):
            if isinstance(action, PlaceMark) and number % 7:
                handle(MarkPlayed(action.name), 10.0)
    assert (time.process_time() - begun) / count < 100e-6
