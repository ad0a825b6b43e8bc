"""Private messages as Facebook and Instagram share them: conversations read, deliveries, answers within the window."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from inbox.clock import now
from inbox.connectors.catch_up import Page
from inbox.connectors.contract import (
    N_,
    Author,
    Batch,
    IncomingAttachment,
    IncomingMessage,
    OutgoingReply,
    Visibility,
)
from inbox.connectors.json_api import mapping, segment, text_of
from inbox.connectors.lenient import Dicts, Moment, Words, moment, unix_moment, web_address, words
from inbox.connectors.meta_api import MetaApi
from inbox.connectors.meta_setup import said_at, still_open
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_below import Parent, read_below
from inbox.connectors.read_each import name_of, read_each
from inbox.text import one_line

VERSION = 1
TALKS = 100
PAGES = 200  # of fifty conversations each
OVERLAP = timedelta(days=1)
TALK = "id,updated_time,participants,message_count"
SAID = "id,created_time,from,to,message,attachments{id,mime_type,name,size,image_data,video_data,file_url}"


def poll_talks(
    api: MetaApi, ours: Sequence[str], cursor: Mapping[str, Any], since: datetime | None, *, platform: str, owner: str
) -> Iterator[Batch]:
    """What was written in private conversations that have changed.

    `ours` are the ids and names that are us, `owner` is whose conversations are listed.
    """
    reached = moment(cursor.get("reached"))
    border = max(filter(None, (reached and reached - OVERLAP, since)), default=None)
    talks: list[Any] = []
    after: str | None = None
    for _ in range(PAGES):
        page = api.page(f"/{segment(owner)}/conversations", {"platform": platform, "fields": TALK, "limit": 50}, after)
        talks += page.rows
        times = [at for at in (moment(mapping(row).get("updated_time")) for row in page.rows) if at]
        after = page.after
        if after is None or (border and times and min(times) < border):
            break

    def said(parent: Parent[Any], older: str | None) -> Page[Any]:
        page = api.page(f"/{segment(parent.name)}/messages", {"fields": SAID, "limit": 25}, older)
        return Page([(name_of(row), moment(mapping(row).get("created_time")), row) for row in page.rows], page.after)

    parents = [Parent(name_of(row), _changed(row), row) for row in talks if mapping(row).get("id")]
    kept: dict[str, Any] = {"v": VERSION, "reached": cursor.get("reached"), "below": mapping(cursor.get("below"))}
    for parent, fresh, state in read_below(parents, said, kept, border, looks_again=False):

        def read(row: Any, person: str = _other(parent.row, ours)) -> Sequence[IncomingMessage]:
            return not_before(since, talk_message(row, ours=ours, person_id=person))

        found = read_each(fresh, read)
        kept |= state
        yield Batch(found.messages, (), found.bad, found.filtered, dict(kept))
    newest = max(filter(None, (moment(mapping(row).get("updated_time")) for row in talks)), default=reached)
    # A time that is wrong must not hide what comes until then.
    newest = newest and min(newest, now())
    below = mapping(kept["below"])
    below = {parent.name: below[parent.name] for parent in parents[:TALKS] if parent.name in below}
    yield Batch(cursor={"v": VERSION, "reached": newest and newest.isoformat(), "below": below})


def answer_talk(api: MetaApi, path: str, reply: OutgoingReply, *, by_people: bool) -> str:
    """Answer a person; the id of the answer, empty when Meta names none. Raises Refused when the window is closed."""
    person = words(reply.parent_handle.get("person_id"))
    in_time = still_open(reply.parent_handle, by_people=by_people)
    kind = {"messaging_type": "RESPONSE"} if in_time else {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    body = {"recipient": {"id": person}, "message": {"text": reply.text}, **kind}
    return text_of(api.post(f"/{path}/messages", body).get("message_id"))


def find_answer(
    api: MetaApi, reply: OutgoingReply, *, ours: Sequence[str], platform: str, owner: str
) -> IncomingMessage | None:
    """Our own words in the conversation with the person, or None."""
    person = words(reply.parent_handle.get("person_id"))
    query = {"platform": platform, "user_id": person, "fields": f"id,messages.limit(50){{{SAID}}}"}
    talks = api.page(f"/{segment(owner)}/conversations", query).rows
    rows = [row for talk in talks for row in mapping(mapping(talk).get("messages")).get("data") or ()]
    found = read_each(rows, lambda row: [talk_message(row, ours=ours, person_id=person)])
    return next((message for message in found.messages if is_our_answer(message, reply)), None)


class Said(BaseModel):
    """A message of Messenger, as a conversation lists it."""

    id: str = Field(min_length=1, max_length=400)
    message: Words = ""
    created_time: Moment = None
    author: Any = Field(None, alias="from")
    attachments: Any = None


def talk_message(raw: Mapping[str, Any], *, ours: Sequence[str], person_id: str) -> IncomingMessage:
    """A message of a conversation with one person."""
    said = Said.model_validate(raw)
    author = author_of(said.author, *ours)
    sent: Dicts = [row for row in mapping(said.attachments).get("data") or [] if isinstance(row, Mapping)]
    attachments = tuple(_sent(row) for row in sent)
    return private_message(said.id, said.message, said.created_time, author, attachments, person_id, raw)


def delivered_message(raw: Mapping[str, Any], *, ours: Sequence[str]) -> IncomingMessage | None:
    """A message as a webhook brings it; None for what is none (read, delivered, a reaction). Raises ValueError."""
    said = mapping(raw.get("message"))
    if not said or said.get("is_deleted"):
        return None
    sender, recipient = (text_of(mapping(raw.get(side)).get("id")) for side in ("sender", "recipient"))
    name = text_of(said.get("mid"))
    if not name or not sender or not recipient:
        raise ValueError(N_("it does not say who wrote to whom"))
    person_id = recipient if sender in ours else sender
    rows = said.get("attachments")
    attachments = tuple(
        IncomingAttachment(words(row.get("type")) or "file", _media_type(words(row.get("type"))), url=url)
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and (url := web_address(words(mapping(row.get("payload")).get("url"))))
    )
    stamp = raw.get("timestamp")
    at = unix_moment(stamp / 1_000) if isinstance(stamp, int | float) else None
    author = Author(sender, name=sender, is_us=sender in ours)
    return private_message(name, words(said.get("text")), at, author, attachments, person_id, raw)


def private_message(
    name: str,
    text: str,
    at: datetime | None,
    author: Author | None,
    attachments: tuple[IncomingAttachment, ...],
    person_id: str,
    raw: Mapping[str, Any],
) -> IncomingMessage:
    """A message that only the two sides can read. Raises ValueError when there is nothing in it."""
    if not text and not attachments:
        raise ValueError(N_("it has neither words nor a file"))
    return IncomingMessage(
        external_id=name,
        thread_id=f"person:{person_id}",
        text=text or ", ".join(file.name for file in attachments),
        posted_at=at,
        author=author,
        visibility=Visibility.DIRECT,
        attachments=attachments,
        reply_handle={"person_id": person_id, "message_id": name, **said_at(at)},
        raw=raw,
    )


def author_of(raw: Any, *ours: str) -> Author | None:
    """Who wrote, as far as Meta tells; `ours` are the ids and names that are us."""
    name = text_of(mapping(raw).get("id"))
    if not name:
        return None
    handle = one_line(words(mapping(raw).get("username")), 200)
    return Author(
        name,
        handle=handle,
        name=one_line(words(mapping(raw).get("name")), 200) or handle or name,
        is_us=bool({name, handle} & {*filter(None, ours)}),
    )


def not_before(since: datetime | None, message: IncomingMessage) -> Sequence[IncomingMessage]:
    """The message, unless it is older than what is wanted."""
    return () if since and message.posted_at and message.posted_at < since else (message,)


def _changed(row: Any) -> str:
    return f"{mapping(row).get('updated_time')} {mapping(row).get('message_count')}"


def _other(row: Any, ours: Sequence[str]) -> str:
    people = mapping(mapping(row).get("participants")).get("data")
    both = [author_of(person, *ours) for person in (people if isinstance(people, list) else [])]
    return next((each.external_id for each in both if each and not each.is_us), name_of(row))


def _sent(row: Mapping[str, Any]) -> IncomingAttachment:
    places = (mapping(row.get("image_data")).get("url"), mapping(row.get("video_data")).get("url"), row.get("file_url"))
    url = next((address for place in places if (address := web_address(words(place)))), "")
    size = row.get("size")
    return IncomingAttachment(
        one_line(words(row.get("name")) or "file", 200),
        words(row.get("mime_type")) or "application/octet-stream",
        size if isinstance(size, int) and size >= 0 else 0,
        url=url,
    )


def _media_type(kind: str) -> str:
    return {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/mpeg"}.get(kind, "application/octet-stream")
