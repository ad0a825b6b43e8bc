"""What thresholds mean in this inbox: messages a week in each lane, wrong tags to expect, and what people have said lately.

Volumes are counted from the probabilities stored in the last four weeks; how right a threshold is comes from the texts
that the model had been held back from, and from corrections.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.conversations.models import Direction, Message
from inbox.database import is_sqlite
from inbox.labels.lanes import Lanes, reached
from inbox.labels.models import LABELS, Correction, Label, Tag

WEEKS = 4
STEPS = 100  # thresholds are looked at in whole percent
MOST_CORRECTIONS = 5_000
Curve = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Expected:
    """One label: by whole percent of the threshold, 0 to 100.

    `volume` is messages a week at or above it, `judged` how many such messages people have judged in the last weeks,
    `changed` those of which they took the tag away. On held-out texts `share` of all lay at or above it, `precision` of
    these rightly.
    """

    volume: list[float]
    precision: list[float]
    share: list[float]
    judged: list[int]
    changed: list[int]

    def of_hundred(self) -> "Expected":
        """The same for a hundred messages like those held out, where none have come that could be counted."""
        return replace(self, volume=[100 * share for share in self.share])

    @property
    def hills(self) -> list[float]:
        """How many lie in each two percent, as heights from 0 to 1: by their roots, so that few are seen beside many."""
        sizes = [(self.volume[step] - self.volume[step + 2]) ** 0.5 for step in range(0, STEPS, 2)]
        # Nearly all lie at the very bottom; they may be cut off, the rest is what thresholds part.
        tallest = max(sizes[2:]) or 1.0
        return [round(min(size / tallest, 1.05), 3) for size in sizes]

    def wrong_from(self, step: int) -> float:
        """Wrong tags a week when everything from this threshold on carries the tag."""
        return self.volume[step] * (1 - self.precision[step])

    def wrong_between(self, low: int, high: int) -> float:
        """Wrong ones a week among those from `low` on that do not reach `high`."""
        number, share = self.volume[low] - self.volume[high], self.share[low] - self.share[high]
        if share <= 0:
            return number * (1 - self.precision[low])
        right = (self.share[low] * self.precision[low] - self.share[high] * self.precision[high]) / share
        return number * (1 - min(max(right, 0.0), 1.0))


@dataclass(frozen=True, slots=True)
class Week:
    """How a usual week of this language falls into lanes: each message once, by its surest label."""

    automatic: float
    suggest: float
    ask: float
    other: float

    @property
    def all(self) -> float:
        """Messages a week."""
        return self.automatic + self.suggest + self.ask + self.other


def expect(session: Session, language: str, curves: dict[Tag, Curve]) -> dict[Tag, Expected]:
    """What to expect of each threshold of each label, in two statements."""
    volumes = _volumes(session, language)
    judged = _judged(session, language)
    return {tag: _expected(volumes[tag], curves[tag], judged[tag]) for tag in curves}


def expect_week(session: Session, language: str, lanes: Lanes) -> Week:
    """How many messages a week these lanes would set, propose and ask about, in one statement; nothing is changed."""
    automatic, suggest = reached(Label, lanes)
    is_set, is_likely = sa.or_(*automatic.values()), sa.or_(*suggest.values())
    counts = session.execute(
        _recent(
            sa.func.count(),
            sa.func.count().filter(is_set),
            sa.func.count().filter(~is_set, is_likely),
            sa.func.count().filter(~is_likely, Label.is_doubtful),
            language=language,
        )
    ).one()
    everything, set_alone, proposed, asked = (count / WEEKS for count in counts)
    return Week(set_alone, proposed, asked, everything - set_alone - proposed - asked)


def read_curve(curve: Curve, threshold: float) -> tuple[float, float]:
    """Precision and share of all messages from this threshold on, between the measured points."""
    if not curve:
        return 0.0, 0.0
    after = bisect_right(curve, threshold, key=lambda point: point[0])
    if after in (0, len(curve)):
        _, precision, _, share = curve[0 if after == 0 else -1]
        return precision, share
    low, high = curve[after - 1], curve[after]
    way = (threshold - low[0]) / (high[0] - low[0])
    return low[1] + (high[1] - low[1]) * way, low[3] + (high[3] - low[3]) * way


def _recent(*columns: Any, language: str) -> sa.Select[Any]:
    """A question about what was written in the last weeks; invented messages count only while there are no others."""
    return (
        sa.select(*columns)
        .select_from(Message)
        .join(Label, Label.message_id == Message.id)
        .join(Channel, Channel.id == Message.channel_id)
        .where(
            Message.posted_at >= now() - timedelta(weeks=WEEKS),
            Message.direction == Direction.IN.value,
            Message.deleted_at.is_(None),
            Label.language == language,
            _is_counted(),
        )
    )


def _is_counted() -> sa.ColumnElement[bool]:
    only_samples = ~sa.exists().where(Channel.is_sample.is_(False)).correlate(None)
    return sa.or_(Channel.is_sample.is_(False), only_samples)


def _volumes(session: Session, language: str) -> dict[Tag, list[int]]:
    """Per label how many of the last weeks' messages lie in each percent."""
    recent = _recent(*(getattr(Label, tag.value).label(tag.value) for tag in LABELS), language=language).cte("recent")
    parts = []
    for tag in LABELS:
        percent = recent.c[tag.value] * STEPS + 1e-9
        # SQLite cuts off, and may have come without floor(); PostgreSQL rounds.
        whole = sa.cast(percent if is_sqlite(session) else sa.func.floor(percent), sa.Integer).label("step")
        parts.append(sa.select(sa.literal(tag.value), whole, sa.func.count()).group_by(whole))
    found: dict[Tag, list[int]] = {tag: [0] * (STEPS + 1) for tag in LABELS}
    for name, step, count in session.execute(sa.union_all(*parts)):
        found[Tag(name)][step] += count
    return found


def _judged(session: Session, language: str) -> dict[Tag, list[tuple[float, bool]]]:
    """Per label the probabilities of messages that people judged in the last weeks, and whether the tag held."""
    rows = session.execute(
        sa.select(Correction.message_id, Correction.probabilities, Correction.after)
        .join(Label, Label.message_id == Correction.message_id)
        .join(Message, Message.id == Correction.message_id)
        .join(Channel, Channel.id == Message.channel_id)
        .where(
            _is_counted(),
            Correction.at >= now() - timedelta(weeks=WEEKS),
            Correction.undone_at.is_(None),
            Correction.model_version != "",
            Label.language == language,
        )
        .order_by(Correction.at.desc(), Correction.id.desc())
        .limit(MOST_CORRECTIONS)
    )
    found: dict[Tag, list[tuple[float, bool]]] = {tag: [] for tag in LABELS}
    seen: set[int] = set()
    for message_id, probabilities, after in rows:
        if message_id in seen:
            continue
        seen.add(message_id)
        for tag in LABELS:
            found[tag].append((float(probabilities.get(tag.value, 0.0)), tag.value in after.split()))
    return found


def _expected(volume: list[int], curve: Curve, judged: list[tuple[float, bool]]) -> Expected:
    above = [sum(volume[step:]) / WEEKS for step in range(STEPS + 1)]
    measured = [read_curve(curve, step / STEPS) for step in range(STEPS + 1)]
    # At 100 % the lane is switched off.
    above[STEPS], measured[STEPS] = 0.0, (measured[STEPS][0], 0.0)
    known = [[held for chance, held in judged if step < STEPS and chance >= step / STEPS] for step in range(STEPS + 1)]
    return Expected(
        [round(value, 2) for value in above],
        [round(precision, 4) for precision, _ in measured],
        [round(share, 5) for _, share in measured],
        [len(of) for of in known],
        [sum(not held for held in of) for of in known],
    )
