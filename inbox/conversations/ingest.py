"""Stores one batch of a stream: everything in it, its ledger entry and the stream's cursor, in the caller's transaction.

The number of statements does not depend on the size of the batch. Called by `workers/poll`, imports and webhooks.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.abilities import abilities
from inbox.channels.ledger import Counts, enter
from inbox.channels.models import Channel, Stream
from inbox.channels.quarantine import quarantine
from inbox.clock import earliest, now
from inbox.connectors.contract import BadItem, Batch, Deletion, IncomingReport
from inbox.conversations.clean import CleanMessage, Unreadable, clean, clean_deletion, raw_of
from inbox.conversations.ingest_known import (
    Known,
    find_conversations,
    find_known,
    is_answer_of_ours,
    is_same_author,
)
from inbox.conversations.ingest_returned import bring_back, forget_tombstones, is_there_again
from inbox.conversations.ingest_threads import Thread, add_conversations, place
from inbox.conversations.ingest_write import (
    add_messages,
    bury_messages,
    edit_messages,
    keep_metrics,
    link_answers,
    remember_deleted,
    show_to,
)
from inbox.conversations.models import ConversationState
from inbox.conversations.refresh import Change, changes_by_id, refresh
from inbox.conversations.waiting import asks
from inbox.jobs import Job, after_commit
from inbox.live import publish
from inbox.members.recognise import Known as Person
from inbox.members.recognise import Seen, recognise
from inbox.outbox.hear import hear

# News of more conversations than this says only that there is some.
TOLD_IDS = 200


@dataclass(slots=True)
class Sorted:
    """The items of a batch by what becomes of them; keys are external ids."""

    fresh: dict[str, CleanMessage] = field(default_factory=dict)
    edits: dict[str, CleanMessage] = field(default_factory=dict)
    came_back: dict[str, CleanMessage] = field(default_factory=dict)
    shown: dict[int, CleanMessage] = field(default_factory=dict)
    counted: dict[int, dict[str, int]] = field(default_factory=dict)
    buried: dict[int, datetime] = field(default_factory=dict)
    returned: dict[int, CleanMessage] = field(default_factory=dict)
    seen_after_all: set[str] = field(default_factory=set)
    remembered: dict[str, datetime] = field(default_factory=dict)
    duplicates: int = 0


def ingest(
    session: Session, channel: Channel, stream_name: str, batch: Batch, *, stream: Stream | None = None
) -> Counts:
    """Store `batch`, whose files have been kept (`attach`), and say what became of its items; flushes, never commits.

    Repeats are counted and change nothing; what was deleted stays deleted, unless its platform shows it again long after;
    a bad item goes to quarantine. With `stream`, which was read just now, its cursor moves along. Nobody else may ingest
    into the channel meanwhile, which locking its row ensures.
    """
    moment = now()
    session.execute(sa.select(Channel.id).where(Channel.id == channel.id).with_for_update(key_share=True))
    messages, bad = _cleaned(batch, moment)
    deletions, bad_deletions = _cleaned_deletions(batch.deletions, moment)
    bad += bad_deletions

    ids = {message.external_id for message in messages} | deletions.keys()
    relatives = {key for message in messages for key in (message.parent_id, message.thread_id) if key}
    known = find_known(session, channel.id, ids, relatives)
    can_come_back = {deletion.external_id for deletion in batch.deletions if deletion.can_come_back}
    read_at = moment if stream is not None else None
    items = _sort(messages, deletions, known, can_come_back, read_at, tells_edits=abilities(channel).tells_edits)
    items.duplicates += len(batch.deletions) - len(bad_deletions) - len(deletions)

    # Before conversations are locked: whoever acts on a report locks them after it.
    hear(session, channel.id, [*batch.reports, *_proofs(items, known)])
    touched = _store(session, channel, items, known, moment)
    new_bad = quarantine(session, channel.id, stream_name, [*batch.bad, *bad])
    counts = Counts(
        fetched=batch.fetched,
        stored=len(items.fresh),
        duplicate=items.duplicates + len(batch.bad) + len(bad) - new_bad,
        filtered=batch.filtered,
        quarantined=new_bad,
        tombstoned=len(items.buried) + len(items.remembered),
        edited=len(items.edits),
    )
    enter(session, channel.id, moment.date(), counts)
    if stream is not None:
        stream.cursor = dict(batch.cursor)
        session.flush()
    if items.fresh or items.edits:
        after_commit(session, Job.CLASSIFY)
    if touched:
        publish(session, "conversations", *sorted(touched)[:TOLD_IDS], channel=channel.id)
    return counts


def _cleaned(batch: Batch, moment: datetime) -> tuple[list[CleanMessage], list[BadItem]]:
    """The messages fit to be stored, in the order in which they were written, and those that are not."""
    messages, bad = [], []
    for message in batch.messages:
        try:
            messages.append(clean(message, moment))
        except Unreadable as error:
            bad.append(BadItem(error.sentence, raw_of(message), str(getattr(message, "external_id", ""))))
    messages.sort(key=lambda message: message.posted_at)
    return messages, bad


def _cleaned_deletions(deletions: Iterable[Deletion], moment: datetime) -> tuple[dict[str, datetime], list[BadItem]]:
    cleaned, bad = {}, []
    for deletion in deletions:
        try:
            key, deleted_at = clean_deletion(deletion, moment)
            cleaned[key] = deleted_at
        except Unreadable as error:
            bad.append(BadItem(error.sentence, raw_of(deletion)))
    return cleaned, bad


def _sort(
    messages: Sequence[CleanMessage],
    deletions: Mapping[str, datetime],
    known: Known,
    can_come_back: Set[str],
    read_at: datetime | None,
    *,
    tells_edits: bool,
) -> Sorted:
    """Where nothing can be edited, other words under a known id are a forgery: whoever got a mail knows its id.

    What we have put out of sight ourselves is expected to be gone; as long as it can come back, it keeps its words.
    """
    items = Sorted()
    for message in messages:
        key = message.external_id
        stored = known.messages.get(key)
        if key in deletions or _stays_unseen(message, known, read_at):
            items.duplicates += 1
        elif stored is not None and stored.deleted_at is not None:
            items.duplicates += 1
            is_theirs = is_same_author(message.author_id, stored.author_id) and not stored.expired_at
            if is_theirs and is_there_again(message, stored.deleted_at, stored.told_at, read_at):
                items.returned[stored.id] = message
        elif stored is not None:
            items.duplicates += 1
            earlier = items.edits.get(key)
            before, edited_at = (earlier.text, earlier.edited_at) if earlier else (stored.text, stored.edited_at)
            is_theirs = is_same_author(message.author_id, stored.author_id) and not is_answer_of_ours(stored)
            # Words that had to be erased do not come back by a page that tells them once more.
            may_change = tells_edits and is_theirs and not stored.expired_at
            if may_change and _is_newer(message, before, edited_at):
                items.edits[key] = message
            if may_change and message.visibility != stored.visibility:
                items.shown[stored.id] = message
            # A page that tells no counts takes none back.
            metrics = stored.metrics | message.metrics
            if metrics != stored.metrics and not stored.expired_at:
                items.counted[stored.id] = metrics
        elif key in known.answers:
            items.duplicates += 1
            items.came_back[key] = message
        elif key in items.fresh:
            items.duplicates += 1
            if tells_edits and _is_newer(message, items.fresh[key].text, items.fresh[key].edited_at):
                items.fresh[key] = message
        else:
            items.fresh[key] = message
            if key in known.tombstones:
                items.seen_after_all.add(key)
    for key, deleted_at in deletions.items():
        stored = known.messages.get(key)
        is_put_away = stored is not None and stored.hidden_at is not None and key in can_come_back
        if is_put_away or key in known.tombstones or (stored and stored.deleted_at):
            items.duplicates += 1
        elif stored is not None:
            items.buried[stored.id] = deleted_at
        else:
            items.remembered[key] = deleted_at
    return items


def _stays_unseen(message: CleanMessage, known: Known, read_at: datetime | None) -> bool:
    """Whether it was deleted before it was ever seen, and nothing says that it is there again."""
    times = known.tombstones.get(message.external_id)
    return times is not None and not is_there_again(message, *times, read_at)


def _is_newer(message: CleanMessage, text: str, edited_at: datetime | None) -> bool:
    """Whether other words came, and not from a page that is older than what is stored."""
    if message.text == text:
        return False
    return message.edited_at is None or edited_at is None or message.edited_at > edited_at


def _store(session: Session, channel: Channel, items: Sorted, known: Known, moment: datetime) -> set[int]:
    """Write everything; returns the ids of the conversations that changed."""
    fresh = list(items.fresh.values())
    edited = [known.messages[key] for key in items.edits]
    gone_or_back = items.buried.keys() | items.returned.keys()
    moved = [message for message in known.messages.values() if message.id in gone_or_back]
    homes = {message.conversation_id for message in known.messages.values()}
    homes |= {conversation_id for _, conversation_id in known.answers.values()}
    changed = items.counted or items.shown
    if not (fresh or edited or moved or changed or items.remembered or items.came_back):
        return set()

    conversations = find_conversations(session, channel.id, {message.thread_id for message in fresh}, homes)
    people = recognise(session, channel.id, _authors(fresh), is_sample=channel.is_sample)
    placed = place(fresh, known, conversations)
    threads = list({id(thread): thread for thread in placed.values()}.values())
    add_conversations(session, channel.id, threads, people, moment)
    told_at = {key: known.tombstones[key][1] for key in items.seen_after_all}
    add_messages(session, channel, fresh, placed, people, told_at, moment)
    edit_messages(session, items.edits, known.messages, moment)
    left_as = {key: number for key, (number, _) in known.answers.items()}
    link_answers(session, channel, left_as, items.came_back, moment)
    show_to(session, items.shown)
    keep_metrics(session, items.counted)
    bury_messages(session, items.buried, moment)
    bring_back(session, channel, items.returned, moment)
    forget_tombstones(session, channel, items.seen_after_all)
    remember_deleted(session, channel.id, items.remembered, moment)

    changes = _changes(threads, people)
    for message in (*edited, *moved):
        stored = conversations[message.conversation_id]
        change = changes.setdefault(stored.id, Change(stored))
        change.touched += 1
        back = items.returned.get(message.id)
        # Its author waits again; a conversation that somebody has closed stays so.
        if back is not None and asks(back) and stored.state == ConversationState.OPEN:
            change.asked_at = earliest(change.asked_at, back.posted_at)
    refresh(session, changes_by_id(changes), moment)
    return {thread.id for thread in threads} | changes.keys()


def _proofs(items: Sorted, known: Known) -> list[IncomingReport]:
    """Of answers of ours of which nobody knows whether they arrived: those that came back, or that somebody answered."""
    answered = {message.parent_id for message in items.fresh.values() if asks(message)}
    return [IncomingReport(key, True) for key in known.answers if key in items.came_back or key in answered]


def _authors(messages: Iterable[CleanMessage]) -> dict[str, Seen]:
    seen: dict[str, Seen] = {}
    for message in messages:
        author, at = message.author, message.posted_at
        if author is None:
            continue
        first = seen[author.external_id].first_at if author.external_id in seen else at
        # Messages come in the order in which they were written, so the last one knows the newest name.
        seen[author.external_id] = Seen(
            author.external_id,
            author.handle,
            author.name,
            author.avatar_url,
            author.profile_url,
            author.is_us,
            first,
            at,
        )
    return seen


def _changes(threads: Sequence[Thread], people: Mapping[str, Person]) -> dict[int, Change]:
    changes = {}
    for thread in threads:
        if thread.stored is None:
            continue
        asking = [message for message in thread.messages if asks(message)]
        author = next((message.author for message in thread.messages if message.author and not message.is_us), None)
        changes[thread.id] = Change(
            thread.stored,
            added=len(thread.messages),
            asked_at=min((message.posted_at for message in asking), default=None),
            newest_at=max(message.posted_at for message in thread.messages),
            subject=next((message.subject for message in thread.messages if message.subject), ""),
            member_id=people[author.external_id].member_id if author else None,
        )
    return changes
