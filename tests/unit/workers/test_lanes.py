"""Lanes: what is slow stands in nobody's way, and what is quick again comes back."""

from workers.lanes import PATIENCE_SECONDS, QUICK, SLOW, Lanes


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_eight_quick_streams_fill_the_quick_lanes() -> None:
    lanes = Lanes(Clock())
    for each in range(QUICK):
        lanes.begin(each, channel_id=each)
    assert lanes.free() == (0, SLOW)


def test_whoever_takes_long_gives_the_lane_back_and_is_remembered() -> None:
    clock = Clock()
    lanes = Lanes(clock)
    for each in range(QUICK):
        lanes.begin(each, channel_id=each)
    clock.now += PATIENCE_SECONDS + 0.1
    lanes.begin(99, channel_id=99)
    assert lanes.free() == (QUICK - 1, SLOW - QUICK)
    lanes.end(0)
    assert lanes.slow == set(range(QUICK))
    # The next time it begins in a slow lane at once.
    lanes.begin(0, channel_id=0)
    assert lanes.free() == (QUICK - 1, SLOW - QUICK)


def test_whoever_is_quick_again_comes_back() -> None:
    clock = Clock()
    lanes = Lanes(clock)
    lanes.begin(1, channel_id=7)
    clock.now += PATIENCE_SECONDS + 0.1
    lanes.end(1)
    assert lanes.slow == {7}
    lanes.begin(1, channel_id=7)
    lanes.end(1)
    assert lanes.slow == set()
    assert lanes.free() == (QUICK, SLOW)
