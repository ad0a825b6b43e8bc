"""A round of training as the browser's cookie keeps it. Answers are in the database; losing the cookie loses the dots."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from flask import session

KEY = "round"
SKIPPED = "skipped"
LONGEST_PAUSE = 3_600
MOST_SKIPPED = 60


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one message: its correction and primary tag, or neither where it was skipped."""

    correction_id: int = 0
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Round:
    """Messages in their order, and a step for each that is behind. Times are seconds since the epoch."""

    ids: Sequence[int]
    began_at: float
    moved_at: float
    steps: Sequence[Step] = field(default_factory=tuple)

    @property
    def left(self) -> Sequence[int]:
        """The messages still to come, the present one first."""
        return self.ids[len(self.steps) :]

    @property
    def answered(self) -> list[Step]:
        """The steps with an answer."""
        return [step for step in self.steps if step.correction_id]

    @property
    def seconds(self) -> int:
        """From the beginning to the last step."""
        return max(1, round(self.moved_at - self.began_at))


def begin(ids: Sequence[int]) -> None:
    """A new round; the clock runs."""
    _keep(Round(ids, time.time(), time.time()))


def find_round() -> Round | None:
    """The round of this browser; None where there is none, or it was left an hour ago."""
    kept: dict[str, Any] = session.get(KEY) or {}
    try:
        steps = tuple(Step(int(number), str(tag)) for number, tag in kept["steps"])
        found = Round([int(one) for one in kept["ids"]], float(kept["began_at"]), float(kept["moved_at"]), steps)
    except (TypeError, KeyError, ValueError):
        return None  # none yet, or one of another version
    return found if time.time() - found.moved_at < LONGEST_PAUSE else None


def step_on(here: Round, step: Step) -> Round:
    """One message further."""
    if not step.correction_id:
        session[SKIPPED] = [*session.get(SKIPPED, []), here.left[0]][-MOST_SKIPPED:]
    return _keep(replace(here, steps=(*here.steps, step), moved_at=time.time()))


def step_back(here: Round) -> Round:
    """To the message before."""
    return _keep(replace(here, steps=here.steps[:-1]))


def end(here: Round) -> Round:
    """Leave out what was not asked."""
    return _keep(replace(here, ids=here.ids[: len(here.steps)]))


def skipped() -> list[int]:
    """The messages that were lately skipped in this browser."""
    return [int(one) for one in session.get(SKIPPED, [])]


def _keep(here: Round) -> Round:
    kept: dict[str, Any] = asdict(here)
    kept["steps"] = [(step.correction_id, step.tag) for step in here.steps]
    session[KEY] = kept
    return here
