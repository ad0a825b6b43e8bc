"""Reads a mail folder from where it was left: by UID, in batches of bounded size, with a cursor that survives renumbering."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from inbox.clock import as_utc
from inbox.connectors.contract import N_, BadItem, Batch, IncomingMessage, IncomingReport, NeedsPerson, Sentence
from inbox.connectors.email_bounce import bounced
from inbox.connectors.email_charset import decode_bytes
from inbox.connectors.email_imap import Entered, Envelope, Mailbox
from inbox.connectors.mime import message_ids, read_mail

MESSAGE_LIMIT = 40 * 1024 * 1024
BATCH_MESSAGES = 50
BATCH_BYTES = 20 * 1024 * 1024
RAW_KEPT = 60_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Place:
    """Where we are in a folder. Up to `until` only what arrived since `since` counts: that was there when we first came."""

    uidvalidity: int
    uid: int
    since: datetime | None = None
    until: int = 0

    def after(self, uid: int) -> "Place":
        """The place behind `uid`."""
        return replace(self, uid=max(self.uid, uid))

    def cursor(self) -> dict[str, Any]:
        """As JSON."""
        plain: dict[str, Any] = {"v": 1, "uidvalidity": self.uidvalidity, "uid": self.uid}
        if self.since and self.uid < self.until:
            plain |= {"since": self.since.isoformat(), "until": self.until}
        return plain


def poll_folder(
    box: Mailbox, folder: str, cursor: Mapping[str, Any] | None, since: datetime | None, own: Collection[str]
) -> Iterator[Batch]:
    """Batches of everything above the cursor. When the folder was renumbered it is read again since `since`: ids stay the same."""
    entered = box.enter(folder)
    place = _resume(cursor, entered, since)
    if place.since and place.uid < place.until:
        for uids in box.uids_above(place.uid, place.until + 1, entered.count, f"SINCE {_day_before(place.since)}"):
            yield from _batches(box, folder, place, uids, own)
            place = place.after(uids[-1])
        place = place.after(place.until)
        yield Batch(cursor=place.cursor())
    for uids in box.uids_above(place.uid, entered.next_uid, entered.count):
        yield from _batches(box, folder, place, uids, own)
        place = place.after(uids[-1])
    if not cursor or cursor.get("uidvalidity") != place.uidvalidity:
        yield Batch(cursor=place.cursor())


def read_one(envelope: Envelope, body: bytes, own: Collection[str]) -> IncomingMessage | BadItem:
    """One fetched mail, or why it cannot be read."""
    try:
        return read_mail(body, received_at=envelope.arrived_at, own=own)
    except ValueError as error:
        return _bad(N_("This mail cannot be read: %(error)s.", error=error), body)


def _resume(cursor: Mapping[str, Any] | None, entered: Entered, since: datetime | None) -> Place:
    try:
        if cursor and int(cursor["uidvalidity"]) == entered.uidvalidity:
            began = datetime.fromisoformat(cursor["since"]) if cursor.get("since") else None
            return Place(entered.uidvalidity, int(cursor["uid"]), began, int(cursor.get("until", 0)))
    except (KeyError, TypeError, ValueError):
        pass  # a cursor we do not understand is no cursor
    return Place(entered.uidvalidity, 0, as_utc(since) if since else None, max(0, entered.next_uid - 1))


def _day_before(moment: datetime) -> str:
    """The server compares days in its own time zone, so a day is added; the hour is compared later."""
    day = moment - timedelta(days=1)
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"


def _batches(box: Mailbox, folder: str, place: Place, uids: Sequence[int], own: Collection[str]) -> Iterator[Batch]:
    for begin in range(0, len(uids), BATCH_MESSAGES):
        chunk = uids[begin : begin + BATCH_MESSAGES]
        group: list[Envelope] = []
        for envelope in box.envelopes(chunk):
            if group and sum(min(one.size, MESSAGE_LIMIT) for one in group) + envelope.size > BATCH_BYTES:
                place = place.after(group[-1].uid)
                yield _fetch(box, folder, place, group, own)
                group = []
            group.append(envelope)
        # What vanished from the folder meanwhile is behind us too.
        place = place.after(chunk[-1])
        yield _fetch(box, folder, place, group, own)


def _fetch(box: Mailbox, folder: str, place: Place, group: Sequence[Envelope], own: Collection[str]) -> Batch:
    wanted = [one for one in group if not one.is_deleted and not _is_before(one, place)]
    bodies = box.bodies([one.uid for one in wanted if one.size <= MESSAGE_LIMIT])
    messages: list[IncomingMessage] = []
    bad: list[BadItem] = []
    reports: list[IncomingReport] = []
    for envelope in wanted:
        if envelope.size > MESSAGE_LIMIT:
            reason = N_(
                "This mail has %(size)s MB; the limit is %(limit)s MB. It is still in the mailbox.",
                size=envelope.size // 1_048_576,
                limit=MESSAGE_LIMIT // 1_048_576,
            )
            bad.append(_bad(reason, box.head(envelope.uid)))
        elif envelope.uid in bodies:
            body = bodies.pop(envelope.uid)
            read = read_one(envelope, body, own)
            if isinstance(read, BadItem):
                bad.append(read)
            else:
                if read.is_automatic and (report := bounced(body)):
                    reports.append(report)
                    # So that it is read below the answer that it is about.
                    read = replace(read, parent_id=read.parent_id or report.external_id)
                handle = {"uid": envelope.uid, "uidvalidity": place.uidvalidity, "folder": folder}
                messages.append(replace(read, reply_handle={**read.reply_handle, **handle}))
        elif box.uids(f"UID {envelope.uid}"):
            reason = N_("The server has this mail and does not hand it out.")
            bad.append(_bad(reason, b"", f"uid:{place.uidvalidity}:{envelope.uid}"))
    deleted = sum(1 for one in group if one.is_deleted and not _is_before(one, place))
    return Batch(_proven(box, folder, messages), (), bad, deleted, place.cursor(), reports=reports)


def _proven(box: Mailbox, folder: str, messages: list[IncomingMessage]) -> list[IncomingMessage]:
    """Anybody can write our address into From. Ours is what lies among the sent; the rest is somebody's claim and waits.

    What left through the outbox is known to ingest by its id, whoever is said to have written it.
    """
    claimed = [one.external_id for one in messages if one.author and one.author.is_us]
    sent = box.folder("sent") if claimed else None
    if not claimed or sent == folder:
        return messages
    ours: set[str] = set()
    if sent:
        try:
            box.enter(sent)
            ours = {name for name in claimed if box.find(name)}
        except NeedsPerson:
            pass  # a folder that is listed and cannot be opened proves nothing
        box.enter(folder)
    return [_unproven(one) if one.external_id in claimed and one.external_id not in ours else one for one in messages]


def _unproven(message: IncomingMessage) -> IncomingMessage:
    assert message.author
    # Another person than us: what is known of ourselves must not change by it.
    stranger = replace(message.author, is_us=False, external_id=f"unproven:{message.author.external_id}")
    return replace(message, author=stranger)


def _is_before(envelope: Envelope, place: Place) -> bool:
    """Whether it was there when we first came, and older than we were asked to go back."""
    return bool(
        place.since and envelope.uid <= place.until and envelope.arrived_at and envelope.arrived_at < place.since
    )


def _bad(reason: Sentence, raw: bytes, external_id: str = "") -> BadItem:
    head = raw[:RAW_KEPT]
    found = (
        message_ids(head[head.lower().find(b"message-id:") :][:1_000].decode("latin-1")) if b"essage-" in head else []
    )
    return BadItem(reason=reason, raw=decode_bytes(head, None), external_id=external_id or (found[0] if found else ""))
