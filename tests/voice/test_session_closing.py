from apps.voice.core.closing import Closing


def test_the_line_is_held_a_moment_after_the_last_word() -> None:
    closing = Closing()
    closing.begin("goodbye", 0.0, words=False)
    ends = [closing.step(tenth / 10, talking=False, silent=True, idle=True, due=0.0) for tenth in range(4)]
    assert ends == [False, False, True, True]
    late = Closing()
    late.begin("goodbye", 10.0, words=False)
    assert not late.step(12.9, talking=False, silent=False, idle=False, due=11.0)
    assert late.step(13.1, talking=False, silent=False, idle=False, due=11.0)
