"""What X says, as our messages. Used by `x` alone."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from inbox.connectors.contract import N_, Author, IncomingMessage, Metric
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import counted, dicts, moment, web_address, words
from inbox.connectors.read_each import Place
from inbox.text import one_line

SITE = "https://x.com"


def id_in(post: Any) -> str:
    """The id of a post as it was first written: every edit is a post of its own at X."""
    found = mapping(post)
    history = found.get("edit_history_tweet_ids")
    first = words(history[0]) if isinstance(history, list) and history else ""
    return first or words(found.get("id"))


def message_of(post: Any, along: Mapping[str, Any], *, our_id: str) -> IncomingMessage:
    """A post as a message. Raises ValueError when it cannot be read."""
    found = mapping(post)
    number, name = words(found.get("id")), id_in(found)
    text = _text_of(found)
    if not number.isdecimal() or not text:
        raise ValueError(N_("it has no id or says nothing"))
    author, thread = words(found.get("author_id")), words(found.get("conversation_id"))
    people = {words(person.get("id")): person for person in dicts(along.get("users"))}
    at, numbers = moment(found.get("created_at")), mapping(found.get("public_metrics"))
    return IncomingMessage(
        external_id=name,
        thread_id=name if thread in {"", number} else thread,
        parent_id=parent_in(found),
        text=text,
        posted_at=at,
        # Its edits are posts of their own, each with its own time.
        edited_at=at if name != number else None,
        author=_author(author, mapping(people.get(author)), our_id),
        language=words(found.get("lang")) if words(found.get("lang")) not in {"und", "zxx", "qme"} else "",
        url=f"{SITE}/i/web/status/{number}",
        reply_handle={"post_id": number, "author_id": author, "is_summons": _is_summons(found, our_id)},
        raw=found,
        metrics=counted(
            {
                Metric.VIEWS: numbers.get("impression_count"),
                Metric.LIKES: numbers.get("like_count"),
                Metric.SHARES: numbers.get("retweet_count"),
                Metric.REPLIES: numbers.get("reply_count"),
            }
        ),
    )


def read_placed(post: Any, place: Place, *, our_id: str) -> Sequence[IncomingMessage]:
    """The post after our own one that it answers; a stranger's words are its quote. Raises ValueError.

    A place is what came along with the page, and the conversation, where that is known better.
    """
    message = message_of(post, place, our_id=our_id)
    message = replace(message, thread_id=words(place.get("thread")) or message.thread_id)
    above = next((post for post in dicts(place.get("tweets")) if words(post.get("id")) == message.parent_id), None)
    if above is None:
        return (message,)
    if words(above.get("author_id")) != our_id or not _text_of(above):
        return (replace(message, quote=_text_of(above)[:2_000]),)
    return (message_of(above, place, our_id=our_id), message)


def place_of(post: Any, along: Mapping[str, Any]) -> Place:
    """Of all that came along with a page of posts, what concerns this one: who wrote it, and what it answers."""
    found = mapping(post)
    tweets = [each for each in dicts(along.get("tweets")) if words(each.get("id")) == (parent_in(found) or None)]
    people = {words(each.get("author_id")) for each in (found, *tweets)}
    users = [each for each in dicts(along.get("users")) if words(each.get("id")) in people]
    return {"tweets": tweets, "users": users, "thread": words(along.get("thread"))}


def parent_in(post: Mapping[str, Any]) -> str:
    """The post that this one answers; empty for none."""
    kinds = {words(other.get("type")): words(other.get("id")) for other in dicts(post.get("referenced_tweets"))}
    return kinds.get("replied_to", "")


def _text_of(post: Mapping[str, Any]) -> str:
    note = mapping(post.get("note_tweet"))
    text, entities = words(note.get("text")), mapping(note.get("entities"))
    if not text:
        text, entities = words(post.get("text")), mapping(post.get("entities"))
    for link in dicts(entities.get("urls")):
        short, whole = words(link.get("url")), web_address(words(link.get("expanded_url")))
        if short and whole:
            text = text.replace(short, whole)
    return html.unescape(text)


def _is_summons(post: Mapping[str, Any], our_id: str) -> bool:
    """Whether X lets us answer by program: the author named us, or answered us."""
    named = {words(mention.get("id")) for mention in dicts(mapping(post.get("entities")).get("mentions"))}
    return our_id in {words(post.get("in_reply_to_user_id")), words(post.get("author_id")), *named}


def _author(number: str, person: Mapping[str, Any], our_id: str) -> Author | None:
    if not number:
        return None
    handle = words(person.get("username"))
    return Author(
        external_id=number,
        handle=handle,
        name=one_line(words(person.get("name")), 200) or handle or number,
        avatar_url=web_address(words(person.get("profile_image_url"))),
        profile_url=f"{SITE}/{handle}" if handle else f"{SITE}/i/user/{number}",
        is_us=number == our_id,
    )
