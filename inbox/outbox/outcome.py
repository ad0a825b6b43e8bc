"""What an attempt or a look came to; the one thing that the network side tells the database side."""

from dataclasses import dataclass, field
from enum import StrEnum

from inbox.connectors.contract import Receipt, Sentence
from inbox.sentence import NOTHING


class Result(StrEnum):
    """`later` is said only when surely nothing left."""

    SENT = "sent"
    LATER = "later"
    FAILED = "failed"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`wait_seconds` is the patience a platform asks for; with `look_again` an unsure one is looked up once more."""

    result: Result
    receipt: Receipt = field(default_factory=Receipt)
    reason: Sentence = NOTHING
    wait_seconds: float | None = None
    needs_person: bool = False
    is_rate_limit: bool = False
    look_again: bool = True
