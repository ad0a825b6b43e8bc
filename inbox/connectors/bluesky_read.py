"""What Bluesky says, as our messages: post views and notifications. Used by `bluesky` alone."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from inbox.connectors.bluesky_text import with_whole_links
from inbox.connectors.contract import N_, Author, IncomingAttachment, IncomingMessage, Metric
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import counted, is_before, moment, words
from inbox.connectors.read_each import Place
from inbox.text import one_line

POST = "app.bsky.feed.post"
_POST_URI = re.compile(rf"at://(did:[a-z]+:[\w.:%-]+)/{re.escape(POST)}/([\w.:~-]{{1,512}})", re.ASCII)
LATE = timedelta(days=1)


def is_post_uri(uri: Any) -> bool:
    """Whether this is the address of a post; a hostile record may hold anything."""
    return isinstance(uri, str) and len(uri) <= 500 and _POST_URI.fullmatch(uri) is not None


def parts_of(uri: str) -> tuple[str, str]:
    """Account and record key of a post's address. Raises ValueError for something else."""
    match = _POST_URI.fullmatch(uri)
    if match is None:
        raise ValueError(N_("is not the address of a post"))
    return match[1], match[2]


def message_of(view: Mapping[str, Any], *, our_did: str, quote: str = "") -> IncomingMessage:
    """A post view, or a notification (the same shape without embeds), as a message. Raises ValueError or the like."""
    uri, record = view["uri"], view["record"]
    did, key = parts_of(uri)
    if not isinstance(record, dict) or not isinstance(record.get("text", ""), str):
        raise ValueError(N_("has no record of words"))
    root, parent = reply_refs(record)
    author = author_of(view.get("author"), our_did)
    own = {"uri": uri, "cid": str(view.get("cid") or "")}
    languages = record.get("langs")
    return IncomingMessage(
        external_id=uri,
        thread_id=root.get("uri") or uri,
        text=with_whole_links(record.get("text", ""), record),
        quote=quote or _quoted(view.get("embed")),
        posted_at=_posted_at(record.get("createdAt"), view.get("indexedAt")),
        author=author,
        url=f"https://bsky.app/profile/{did}/post/{key}",
        parent_id=parent.get("uri") or "",
        language=str(languages[0])[:8] if isinstance(languages, list) and languages else "",
        attachments=tuple(_attachments(view.get("embed"))),
        reply_handle={**own, "did": did, "root": dict(root) or own},
        raw={name: value for name, value in view.items() if name != "viewer"},
        metrics=counted(
            {
                Metric.LIKES: view.get("likeCount"),
                Metric.SHARES: view.get("repostCount"),
                Metric.REPLIES: view.get("replyCount"),
            }
        ),
    )


def read_placed(item: Any, place: Place, *, our_did: str, since: datetime | None = None) -> Sequence[IncomingMessage]:
    """A post that may have been told of by a notification; none from before `since`. Raises ValueError or the like.

    A place is its `view`, which knows pictures and quoted posts (the notification suffices where it is withheld), its `thread`
    where that is known already, and whether only what others say is wanted (`of_others`).
    """
    message = message_of({**item, **mapping(place.get("view"))}, our_did=our_did)
    is_ours = message.author is not None and message.author.is_us
    if is_before(message.posted_at, since) or (is_ours and place.get("of_others")):
        return ()
    return (replace(message, thread_id=words(place.get("thread")) or message.thread_id),)


def author_of(raw: Any, our_did: str) -> Author | None:
    """Who wrote; None when the platform does not say."""
    if not isinstance(raw, dict) or not isinstance(raw.get("did"), str):
        return None
    did, avatar = raw["did"], raw.get("avatar")
    return Author(
        external_id=did,
        handle=one_line(str(raw.get("handle") or ""), 300),
        name=one_line(str(raw.get("displayName") or ""), 200),
        avatar_url=avatar if isinstance(avatar, str) and avatar.startswith(("https://", "http://")) else "",
        profile_url=f"https://bsky.app/profile/{did}",
        is_us=did == our_did,
    )


def reply_refs(record: Mapping[str, Any]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The references to root and parent of a reply; empty ones when it is none, or claims nonsense."""
    reply = record.get("reply")
    if not isinstance(reply, dict):
        return {}, {}
    return _ref(reply.get("root")), _ref(reply.get("parent"))


def stamp_of(text: str) -> str:
    """Changes when the words do."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:10]


def _ref(raw: Any) -> Mapping[str, str]:
    if isinstance(raw, dict) and is_post_uri(raw.get("uri")) and isinstance(raw.get("cid"), str):
        return {"uri": raw["uri"], "cid": raw["cid"]}
    return {}


def _posted_at(claimed: Any, indexed: Any) -> datetime | None:
    # The author's program declares `createdAt` and may lie; the index knows when it came.
    created, seen = moment(claimed), moment(indexed)
    if created is None or seen is None:
        return seen or created
    return created if timedelta(0) <= seen - created <= LATE else seen


def _quoted(embed: Any) -> str:
    """The words of a post that is quoted inside this one."""
    record = embed.get("record") if isinstance(embed, dict) else None
    record = record.get("record") if isinstance(record, dict) and isinstance(record.get("record"), dict) else record
    value = record.get("value") if isinstance(record, dict) else None
    if not isinstance(record, dict) or not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return ""
    author = record.get("author")
    return f"@{author.get('handle', '?') if isinstance(author, dict) else '?'}: {value['text'][:2_000]}"


def _attachments(embed: Any) -> Iterator[IncomingAttachment]:
    media = embed.get("media", embed) if isinstance(embed, dict) else None
    images = media.get("images") if isinstance(media, dict) else None
    for image in images[:10] if isinstance(images, list) else ():
        url = image.get("fullsize") if isinstance(image, dict) else None
        if isinstance(url, str) and url.startswith(("https://", "http://")) and len(url) <= 2_000:
            yield IncomingAttachment(one_line(str(image.get("alt") or "image"), 200), "image/jpeg", url=url)
