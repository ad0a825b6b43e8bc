"""Job `explain`: finds the words that spoke for and against each label of one message. Rung by the page that shows them."""

import logging
from typing import Any

from classifiers.prediction import Explanation
from classifiers.spans import place_words
from inbox.conversations.reasons import find_text, keep_reasons
from inbox.jobs import Job, answered
from inbox.labels.models import LABELS
from workers.champion import Outdated, champion
from workers.opened import open_database

log = logging.getLogger(__name__)

MOST = 24


def explain(message_id: int) -> None:
    """Keep the reasons for a message as it is now; nothing where it is gone."""
    answered(Job.EXPLAIN, message_id)
    database = open_database()
    with database.reading() as session:
        message = find_text(session, message_id)
    if message is None:
        return
    try:
        found = champion(database).reasons(message.text, message.language or None)
    except Outdated as reason:
        log.warning("not explained", extra={"message_id": message_id, "reason": str(reason)})
        return
    with database.writing() as session:
        keep_reasons(session, message, found.version, shares_of(message.text, found))
    log.info("explained", extra={"message_id": message_id, "model": found.version})


def shares_of(text: str, found: Explanation) -> dict[str, Any]:
    """Per label its `start`, the strongest words as [start, end, share], what the `rest` of the words and the `manner` do.

    Together they are exactly its log-odds.
    """
    return {label.value: _shares(text, found, label.value) for label in LABELS}


def _shares(text: str, found: Explanation, label: str) -> dict[str, Any]:
    words = found.words[label]
    placed: dict[str, tuple[tuple[int, int], float]] = {}
    for span, (_, share) in zip(place_words(text, [word for word, _ in words]), words, strict=True):
        if span is not None:
            # A word that occurs again is one reason: it stands where it came first.
            written = text[slice(*span)].casefold().strip(".,;:!()\"'„“”»«")
            first, before = placed.get(written, (span, 0.0))
            placed[written] = first, before + share
    strongest = sorted(placed.values(), key=lambda one: -abs(one[1]))[:MOST]
    named = [[*span, round(share, 4)] for span, share in strongest]
    rest = sum(share for _, share in words) - sum(share for *_, share in named)
    return {"start": found.start[label], "words": named, "rest": rest, "manner": found.manner[label]}
