"""What Reddit says, as our messages. Used by `reddit` alone."""

import re
from collections.abc import Mapping
from typing import Any

from inbox.connectors.contract import N_, Author, IncomingMessage, Metric, Visibility
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import counted, unix_moment, web_address, words
from inbox.text import one_line, plain_from_html

SITE = "https://www.reddit.com"
COMMENT, POST, PRIVATE = "t1", "t3", "t4"
GONE = {"[deleted]", "[removed]"}
_POST_IN_PATH = re.compile(r"/comments/([a-z0-9]{1,12})/")


def fields_of(thing: Any) -> Mapping[str, Any]:
    """What a thing says, behind the kind that it is."""
    return mapping(mapping(thing).get("data"))


def name_in(thing: Any) -> str:
    """The fullname of a thing, such as t1_abc; empty for none."""
    return words(fields_of(thing).get("name"))


def is_empty(found: Mapping[str, Any]) -> bool:
    """Whether only the place is left: deleted by its author, or removed by somebody."""
    return (words(found.get("body")) or words(found.get("selftext"))) in GONE or _is_out_of_sight(found)


def is_gone(found: Mapping[str, Any]) -> bool:
    """Whether Reddit wants it erased: empty, or its author's account is deleted."""
    return is_empty(found) or words(found.get("author")) in GONE


def _is_out_of_sight(found: Mapping[str, Any]) -> bool:
    category = words(found.get("removed_by_category"))
    # Moderators still see what they, or a filter, took away; it waits for them.
    return category == "deleted" or (bool(category) and found.get("can_mod_post") is not True)


def message_of(thing: Any, *, our_name: str) -> IncomingMessage:
    """A comment, a post or a private message. Raises ValueError when it cannot be read."""
    kind, found = words(mapping(thing).get("kind")), fields_of(thing)
    name = words(found.get("name"))
    if kind not in {COMMENT, POST, PRIVATE} or not name.startswith(f"{kind}_"):
        raise ValueError(N_("it is neither comment nor post nor message"))
    is_private = kind == PRIVATE
    path = words(found.get("permalink")) or words(found.get("context")).partition("?")[0]
    title = words(found.get("title")) or words(found.get("link_title")) or words(found.get("subject"))
    markup = words(found.get("body_html")) or words(found.get("selftext_html"))
    text = plain_from_html(markup) or words(found.get("body")) or words(found.get("selftext"))
    if not text and (kind == COMMENT or not title):
        raise ValueError(N_("it says nothing"))
    parent = words(found.get("parent_id"))
    edited = found.get("edited")
    return IncomingMessage(
        external_id=name,
        thread_id=_thread_of(kind, found, path),
        parent_id=parent,
        text=text or title,
        html=markup or None,
        subject=one_line(title, 500),
        # A post that is a link has no words of its own; where it leads to is what it is about.
        quote="" if text else web_address(words(found.get("url"))),
        posted_at=unix_moment(found.get("created_utc")),
        edited_at=unix_moment(edited) if edited is not False else None,
        author=_author(words(found.get("author")), our_name),
        url=f"{SITE}{path}" if path.startswith("/") else "",
        visibility=Visibility.DIRECT if is_private else Visibility.PUBLIC,
        reply_handle={
            "name": name,
            "author": words(found.get("author")),
            "subreddit": words(found.get("subreddit")),
            "is_locked": bool(found.get("locked")),
        },
        raw=found,
        metrics=counted({Metric.POINTS: found.get("score"), Metric.REPLIES: found.get("num_comments")})
        if not is_private
        else {},
    )


def _thread_of(kind: str, found: Mapping[str, Any], path: str) -> str:
    if kind == POST:
        return words(found.get("name"))
    if kind == PRIVATE:
        return words(found.get("first_message_name")) or words(found.get("name"))
    in_path = _POST_IN_PATH.search(path)
    return words(found.get("link_id")) or (f"t3_{in_path[1]}" if in_path else words(found.get("name")))


def _author(name: str, our_name: str) -> Author | None:
    if not name or name in GONE:
        return None
    return Author(
        # Inboxes give the name only; names cannot be changed on Reddit, so they are the key everywhere.
        external_id=name.casefold(),
        handle=name,
        profile_url=f"{SITE}/user/{name}",
        is_us=bool(our_name) and name.casefold() == our_name.casefold(),
    )
