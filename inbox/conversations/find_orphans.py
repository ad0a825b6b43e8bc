"""New messages that answer something nobody here knows, found before they are stored."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from inbox.connectors.contract import IncomingMessage
from inbox.conversations.ingest_known import find_known
from inbox.text import clean_key


def find_orphans(session: Session, channel_id: int, messages: Sequence[IncomingMessage]) -> list[IncomingMessage]:
    """Those of a batch whose parent is neither stored, nor deleted, nor in the batch, nor quoted. Three statements, or none."""
    here = {message.external_id for message in messages}
    answers = [each for each in messages if each.parent_id and each.parent_id not in here and not each.quote]
    if not answers:
        return []
    named = {key: clean_key(key).strip() for each in answers for key in (each.external_id, each.parent_id)}
    known = find_known(session, channel_id, set(named.values()), set())
    there = known.messages.keys() | known.answers.keys() | known.tombstones.keys()
    return [each for each in answers if there.isdisjoint((named[each.external_id], named[each.parent_id]))]
