"""Why a message has its tag, as the panel under it shows it; asks a worker where nobody has looked yet."""

import math
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from inbox.conversations.models import Direction, Message
from inbox.conversations.reasons import find_reasons
from inbox.jobs import Job, ring
from inbox.labels.lanes import Lane, LaneName, Lanes, find_lanes
from inbox.labels.models import LABELS, Label, Reasons, Tag
from inbox.pages.shown_text import Spoken
from inbox.pages.spoken_words import spoken_words, strongest


@dataclass(frozen=True, slots=True)
class Word:
    """A word and what it does to the odds: `times` more likely, or less likely where it speaks against. `width` is 0 to 1."""

    text: str
    times: float
    width: float


@dataclass(frozen=True, slots=True)
class OfLabel:
    """The reasons for one label: without any word it has the probability `start`.

    `rest` is what all other words do to the odds, `manner` what the way of writing does: how long, how loud.
    """

    tag: Tag
    probability: float
    lane: Lane | None
    lane_name: LaneName | None
    start: float = 0.0
    rest: float = 1.0
    manner: float = 1.0
    speaks_for: list[Word] = field(default_factory=list)
    speaks_against: list[Word] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Why:
    """The panel, and the words that are `spoken` in the message above it.

    Without `labels` nobody has found the reasons yet; `is_rung` says whether somebody was asked to.
    """

    message: Message
    label: Label
    labels: list[OfLabel] = field(default_factory=list)
    spoken: list[Spoken] = field(default_factory=list)
    model_version: str = ""
    is_spoken: bool = True
    is_rung: bool = True


def can_explain(message: Message | None) -> bool:
    """Whether there is something to explain: a text from outside that a classifier has judged."""
    return bool(
        message
        and message.direction == Direction.IN
        and not message.deleted_at
        and message.label
        and message.label.model_version
    )


def reasons_for(session: Session, message: Message) -> Why | None:
    """The panel of a message in two statements; None where there is nothing to explain. Rings for the job that finds reasons."""
    if not can_explain(message) or message.label is None:
        return None
    label, lanes = message.label, find_lanes(session)
    if lanes and not any(language == label.language for _, language in lanes):
        return Why(message, label, is_spoken=False)
    reasons = find_reasons(session, message.id)
    if reasons is None or reasons.model_version != label.model_version:
        # A worker with a newer model answers too: its words are shown under its own name.
        is_rung = ring(Job.EXPLAIN, message.id)
    if reasons is None:
        return Why(message, label, is_rung=is_rung)
    shown = [_of_label(message.text, label, tag, lanes, reasons) for tag in LABELS]
    shown.sort(key=lambda one: -one.probability)
    return Why(message, label, shown, spoken_words(message.text, reasons), reasons.model_version)


def _of_label(text: str, label: Label, tag: Tag, lanes: Lanes, reasons: Reasons) -> OfLabel:
    found: dict[str, Any] = reasons.shares[tag.value]
    lane = lanes.get((tag, label.language))
    probability = float(getattr(label, tag.value))
    ahead, against = strongest(text, reasons, tag, 1), strongest(text, reasons, tag, -1)
    named = sum(share for _, share in (*ahead, *against))
    rest = found["rest"] + sum(share for *_, share in found["words"]) - named
    longest = max((abs(share) for _, share in (*ahead, *against)), default=1.0)
    return OfLabel(
        tag,
        probability,
        lane,
        lane.of(probability) if lane else None,
        1 / (1 + math.exp(-found["start"])),
        math.exp(rest),
        math.exp(found["manner"]),
        [Word(text, math.exp(share), share / longest) for text, share in ahead],
        [Word(text, math.exp(-share), -share / longest) for text, share in against],
    )
