"""The walk along a platform's own queue: each page once, the next one only after the last was kept."""

import pytest

from inbox.connectors.contract import Refused
from inbox.connectors.walk_forward import Step, walk_forward


class Queue:
    """Numbers; asking from a position forgets what lies before it, as acknowledging queues do."""

    def __init__(self, *numbers: int, size: int = 3) -> None:
        self.numbers = list(numbers)
        self.size = size
        self.asked: list[str | None] = []

    def read(self, position: str | None) -> Step[int]:
        self.asked.append(position)
        self.numbers = [n for n in self.numbers if n >= int(position or 0)]
        page = self.numbers[: self.size]
        return Step(page, str(page[-1] + 1) if page else None)


def test_everything_comes_once_and_the_position_is_kept() -> None:
    queue = Queue(*range(1, 9))
    pages = list(walk_forward(queue.read, None))
    assert [n for page, _state in pages for n in page] == list(range(1, 9))
    assert pages[-1][1] == {"after": "9"}
    assert list(walk_forward(queue.read, pages[-1][1])) == [([], {"after": "9"})]


def test_nothing_is_acknowledged_before_it_was_kept() -> None:
    queue = Queue(*range(1, 9))
    walk = walk_forward(queue.read, None)
    kept, state = next(walk)
    assert queue.numbers == list(range(1, 9))
    walk.close()
    kept += [n for page, _state in walk_forward(queue.read, state) for n in page]
    assert kept == list(range(1, 9))


def test_a_page_that_says_so_is_the_last() -> None:
    asked: list[str | None] = []

    def read(position: str | None) -> Step[int]:
        asked.append(position)
        return Step([1], "2", is_last=True)

    assert list(walk_forward(read, {"after": "1"})) == [([1], {"after": "2"})]
    assert asked == ["1"]


def test_a_position_moves_although_nothing_came() -> None:
    tokens = iter(["s2", "s3"])
    assert list(walk_forward(lambda _position: Step([], next(tokens)), {"after": "s1"})) == [([], {"after": "s2"})]


def test_a_position_that_is_not_known_any_more_starts_anew() -> None:
    def read(position: str | None) -> Step[int]:
        if position == "lost":
            raise Refused("unknown token")
        return Step([1, 2] if position is None else [], "s3")

    assert [n for page, _state in walk_forward(read, {"after": "lost"}) for n in page] == [1, 2]
    with pytest.raises(Refused):
        list(walk_forward(lambda _position: read("lost"), None))


def test_a_platform_that_stands_still_is_left() -> None:
    assert len(list(walk_forward(lambda _position: Step([1], "s"), {"after": "s"}))) == 1
