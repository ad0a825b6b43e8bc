"""Reads issues of a GitLab project and their comments as our messages. Used by `gitlab` alone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from inbox.clock import as_utc
from inbox.connectors.contract import Author, BadItem, Batch, Gone, IncomingMessage, Metric, Visibility
from inbox.connectors.http import read_json
from inbox.connectors.json_api import JsonApi, listed, mapping
from inbox.connectors.lenient import Moment, Words, counted, moment, web_address
from inbox.connectors.look_again import LookAgain, Refetch
from inbox.connectors.read_each import Harvest, Place, name_of, read_each
from inbox.connectors.walk_since import Slice, walk_since
from inbox.text import one_line

VERSION = 1
PAGE = 100
NOTE_PAGES = 200
WATCHED, AT_ONCE = 100, 20
OVERLAP = timedelta(minutes=10)
DRAWN_LATE = timedelta(seconds=5)  # a description saved with the issue is no edit


class Person(BaseModel):
    """An account."""

    id: int
    username: Words = ""
    name: Words = ""
    avatar_url: Words = ""
    web_url: Words = ""


class Issue(BaseModel):
    """An issue, of which only its number is sure."""

    iid: int
    title: Words = ""
    description: Words = ""
    created_at: Moment = None
    updated_at: Moment = None
    author: Person | None = None
    web_url: Words = ""
    confidential: Any = False


class Note(BaseModel):
    """A comment, of which only its number is sure."""

    id: int
    body: Words = ""
    created_at: Moment = None
    updated_at: Moment = None
    author: Person | None = None
    system: Any = False
    internal: Any = False
    confidential: Any = False


def poll_issues(
    api: JsonApi, project: str, our_id: int, cursor: Mapping[str, Any], since: datetime | None, refetch: Refetch
) -> Iterator[Batch]:
    """Issues by the time of their last change, each with the comments that were written or changed since the last look.

    GitLab does not tell what was deleted; once an hour the latest are asked for again, with `refetch`.
    """
    # A walk that was cut off goes on with the comments that it was after; of the issues to come none was read.
    is_cut_off = "from" in cursor
    border = moment(cursor.get("border")) if is_cut_off else _earlier(moment(cursor.get("after"))) or since
    watch = LookAgain(cursor, watched=WATCHED)

    def state(walked: Mapping[str, Any]) -> dict[str, Any]:
        kept = {"border": border.isoformat()} if border else {}
        return {"v": VERSION, **walked, **kept, **watch.state}

    walked: Mapping[str, Any] = {}

    def page(start: datetime | None, further: str | None) -> Slice[Any]:
        query = {"order_by": "updated_at", "sort": "asc", "scope": "all", "per_page": PAGE, "page": further or "1"}
        after = as_utc(start).isoformat() if start else None
        response = api.read(f"{project}/issues", {**query, "updated_after": after})
        issues = listed(read_json(response))
        dated = [(name_of(issue, "iid"), moment(mapping(issue).get("updated_at")), issue) for issue in issues]
        return Slice(dated, response.headers.get("X-Next-Page", "").strip() or None)

    for fresh, walked in walk_since(page, cursor, since):
        whole = Harvest()

        def read(raw: Any, whole: Harvest = whole) -> Sequence[IncomingMessage]:
            issue = Issue.model_validate(raw)
            above = {name: raw.get(name) for name in ("iid", "title", "web_url", "confidential")}
            notes = read_each(
                _notes(api, project, issue.iid, border),
                lambda note: _spoken(note, raw, our_id, since),
                {"issue": above},
            )
            whole.add(notes)
            message = message_of_issue(raw, our_id=our_id)
            # What is written below an old issue needs it.
            is_wanted = not since or not message.posted_at or message.posted_at >= since or bool(notes.messages)
            return (message,) if is_wanted else ()

        issues = read_each(fresh, read, {})
        bad: list[BadItem] = [*issues.bad, *whole.bad]
        messages = [*issues.messages, *whole.messages]
        watch.add(messages)
        yield Batch(messages, (), bad, issues.filtered + whole.filtered, state(walked))
    for changed in watch.look(refetch, at_once=AT_ONCE):
        yield Batch(changed.messages, changed.deletions, cursor=state(walked))
    yield Batch(cursor=state(walked))


def read_placed(raw: Any, place: Place, *, our_id: int) -> Sequence[IncomingMessage]:
    """A comment on the `issue` of its place, or an issue. Raises ValueError and the like."""
    issue = place.get("issue")
    return _spoken(raw, issue, our_id, None) if issue else (message_of_issue(raw, our_id=our_id),)


def message_of_issue(raw: Mapping[str, Any], *, our_id: int) -> IncomingMessage:
    """An issue as the first message of its conversation. Raises ValueError when it cannot be read."""
    issue = Issue.model_validate(raw)
    return IncomingMessage(
        external_id=f"issue:{issue.iid}",
        thread_id=f"issue:{issue.iid}",
        text=issue.description or issue.title,
        subject=one_line(issue.title, 500),
        posted_at=issue.created_at,
        author=_author(issue.author, our_id),
        visibility=_visibility(issue),
        url=web_address(issue.web_url),
        reply_handle=_handle(issue),
        raw=raw,
        metrics=counted({Metric.LIKES: raw.get("upvotes"), Metric.REPLIES: raw.get("user_notes_count")}),
    )


def message_of_note(raw: Mapping[str, Any], issue: Mapping[str, Any], *, our_id: int) -> IncomingMessage:
    """A comment as a message of its issue's conversation. Raises ValueError when it cannot be read."""
    note, above = Note.model_validate(raw), Issue.model_validate(issue)
    is_edited = note.updated_at and note.created_at and note.updated_at > note.created_at + DRAWN_LATE
    address = web_address(above.web_url)
    return IncomingMessage(
        external_id=f"note:{note.id}",
        thread_id=f"issue:{above.iid}",
        parent_id=f"issue:{above.iid}",
        text=note.body,
        subject=one_line(above.title, 500),
        posted_at=note.created_at,
        edited_at=note.updated_at if is_edited else None,
        author=_author(note.author, our_id),
        visibility=_visibility(above),
        url=f"{address}#note_{note.id}" if address else "",
        reply_handle={**_handle(above), "note": note.id},
        raw=raw,
    )


def _handle(issue: Issue) -> dict[str, Any]:
    about = {"issue": issue.iid, "url": web_address(issue.web_url), "title": one_line(issue.title, 200)}
    return {**about, "confidential": True} if issue.confidential is True else about


def _visibility(issue: Issue) -> Visibility:
    return Visibility.PRIVATE if issue.confidential is True else Visibility.PUBLIC


def _spoken(raw: Any, issue: Mapping[str, Any], our_id: int, since: datetime | None) -> Sequence[IncomingMessage]:
    note = Note.model_validate(raw)
    # What the system notes, and what a team says among itself, is nobody's message to us.
    if note.system or note.internal or note.confidential or (since and note.created_at and note.created_at < since):
        return ()
    return (message_of_note(raw, issue, our_id=our_id),)


def _notes(api: JsonApi, project: str, number: int, border: datetime | None) -> list[Any]:
    """The comments changed since `border`, oldest change first."""
    found: list[Any] = []
    for page in range(1, NOTE_PAGES + 1):
        query = {"sort": "desc", "order_by": "updated_at", "per_page": PAGE, "page": page}
        try:
            notes = listed(api.get(f"{project}/issues/{number}/notes", query))
        except Gone:
            # Moved or deleted a moment ago.
            return []
        fresh = [note for note in notes if not _is_before(note, border)]
        found += fresh
        if len(fresh) < PAGE:
            break
    return found[::-1]


def _is_before(note: Any, border: datetime | None) -> bool:
    changed = moment(mapping(note).get("updated_at"))
    return border is not None and changed is not None and changed < border


def _earlier(at: datetime | None) -> datetime | None:
    return at - OVERLAP if at else None


def _author(person: Person | None, our_id: int) -> Author | None:
    if person is None:
        return None
    return Author(
        external_id=f"{person.id}",
        handle=person.username,
        name=one_line(person.name, 200),
        avatar_url=web_address(person.avatar_url),
        profile_url=web_address(person.web_url),
        is_us=bool(our_id) and person.id == our_id,
    )
