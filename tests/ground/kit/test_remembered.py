"""What a process remembers: asked for again when its time is over, but never twice within one answer."""

import time

from cityloop.ground.kit.remembered import Remembered, one_moment


def test_it_is_asked_again_when_its_time_is_over_and_loaded_again_when_it_changed() -> None:
    asked, loaded = [], []
    kept = Remembered(lambda: loaded.append(1) or len(loaded), lambda: asked.append(1) or len(asked) // 3, 0.02)
    assert (kept(), kept()) == (1, 1) and len(asked) == 1
    time.sleep(0.03)
    assert kept() == 1 and len(asked) == 2
    kept.forget()
    assert kept() == 2 and len(asked) == 3


def test_within_one_moment_nothing_is_asked_twice() -> None:
    asked = []
    kept = Remembered(lambda: None, lambda: asked.append(1), 0.02)
    with one_moment():
        kept()
        time.sleep(0.03)
        kept()
        assert len(asked) == 1
        kept.forget()  # what was changed meanwhile is seen at once
        kept()
        assert len(asked) == 2
    time.sleep(0.03)
    kept()
    assert len(asked) == 3
