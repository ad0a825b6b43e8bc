"""Job `classify`: drains whatever is unlabelled, in batches. The model reads outside of any transaction.

Two of them at once, or one that is killed and starts over, label the same messages twice and store the same once.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple

from classifiers.prediction import Prediction
from classifiers.tagger import Tagger
from inbox.conversations.retag import hold_conversations, retag
from inbox.conversations.unlabelled import Unlabelled, find_unlabelled, mark_labelled
from inbox.database import Database
from inbox.jobs import RECIPES, Job, answered, ring
from inbox.labels.publish_lanes import Published, is_published, publish_lanes
from inbox.labels.record import Answer, record
from inbox.live import publish
from workers.champion import Outdated, champion
from workers.opened import open_database

log = logging.getLogger(__name__)


def classify() -> int:
    """Label until nothing is unlabelled or half of the job's time is over; returns how many messages were labelled."""
    answered(Job.CLASSIFY)
    try:
        return drain(open_database(), champion, seconds=RECIPES[Job.CLASSIFY].seconds / 2)
    except Outdated as reason:
        log.warning("nothing labelled", extra={"reason": str(reason)})
        return 0


def drain(database: Database, serving: Callable[[Database], Tagger], *, seconds: float) -> int:
    """Label batch after batch for up to `seconds`, each with the tagger that serves then; rings when there is more."""
    count, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        tagger = serving(database)
        show_lanes(database, tagger)
        with database.reading() as session:
            messages = find_unlabelled(session)
        if not messages:
            return count
        predictions = tagger.tag([m.text for m in messages], [m.language or None for m in messages])
        count += store(database, messages, predictions, tagger.version)
    ring(Job.CLASSIFY)
    return count


def show_lanes(database: Database, tagger: Tagger) -> None:
    """Let the thresholds of this model be in force, and the web know what they mean, once per model."""
    with database.reading() as session:
        if is_published(session, tagger.version):
            return
    lanes = [
        Published(label, lang, lane.automatic, lane.suggest, [astuple(point) for point in tagger.curve(label, lang)])
        for label, spoken in tagger.lanes.items()
        for lang, lane in spoken.items()
    ]
    with database.writing() as session:
        publish_lanes(session, tagger.version, lanes)


def store(database: Database, messages: Sequence[Unlabelled], predictions: Sequence[Prediction], version: str) -> int:
    """Write labels, marks and the conversations' tags in one transaction; returns how many texts were still the same."""
    with database.writing() as session:
        hold_conversations(session, [message.id for message in messages])
        marked = mark_labelled(session, messages)
        pairs = zip(messages, predictions, strict=True)
        answers = [Answer(m.id, p.primary, p.tags, p.labels, p.lang or "") for m, p in pairs if m.id in marked]
        record(session, answers, version)
        changed = retag(session, sorted(marked))
        publish(session, "conversations", *changed[:200], labelled=True)
    log.info("labelled", extra={"messages": len(marked), "model": version})
    return len(marked)
