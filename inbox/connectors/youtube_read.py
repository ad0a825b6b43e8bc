"""What YouTube gives, as our messages: comments of a thread, and videos that a search found. Used by `youtube` alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from inbox.connectors.contract import N_, Author, IncomingAttachment, IncomingMessage, Metric
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import Moment, Words, counted, moment, web_address, words
from inbox.connectors.read_each import Place
from inbox.text import one_line

SITE = "https://www.youtube.com"
VIDEO = "video:"


class Snippet(BaseModel):
    """A comment's content. `text_original` is given only for our own."""

    model_config = ConfigDict(alias_generator=to_camel)

    author_display_name: Words = ""
    author_profile_image_url: Words = ""
    author_channel_url: Words = ""
    author_channel_id: Any = None
    text_display: str
    text_original: Words = ""
    parent_id: Words = ""
    video_id: Words = ""
    moderation_status: Words = ""
    image_url: Words = ""
    like_count: Any = None
    published_at: Moment = None
    updated_at: Moment = None


class Comment(BaseModel):
    """One comment."""

    id: str = Field(min_length=1, max_length=400)
    snippet: Snippet


def comments_of(thread: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The first comment of a thread, and the few answers it shows. Raises KeyError when it has no first comment."""
    snippet = mapping(thread["snippet"])
    first = mapping(snippet["topLevelComment"])
    answers = mapping(thread.get("replies")).get("comments")
    return [first, *(answers if isinstance(answers, list) else [])]


def answers_beyond(thread: Mapping[str, Any]) -> bool:
    """Whether a thread has more answers than it shows itself."""
    total = mapping(thread.get("snippet")).get("totalReplyCount")
    answers = mapping(thread.get("replies")).get("comments")
    return isinstance(total, int) and total > (len(answers) if isinstance(answers, list) else 0)


def stamp_of(raw: Any) -> str:
    """Another one after each edit of a comment."""
    said = mapping(mapping(raw).get("snippet"))
    return words(said.get("updatedAt")) or words(said.get("publishedAt"))


def revision_of(thread: Any) -> str:
    """A thread's name that changes when its first comment is edited or an answer is added."""
    snippet = mapping(mapping(thread).get("snippet"))
    return f"{mapping(thread).get('id')} {stamp_of(snippet.get('topLevelComment'))} {snippet.get('totalReplyCount')}"


def message_of(
    raw: Mapping[str, Any], *, our_id: str, titles: Mapping[str, str], video_id: str = "", status: str = ""
) -> IncomingMessage:
    """A comment as a message of its thread. Raises pydantic's ValidationError when it cannot be read."""
    comment = Comment.model_validate(raw)
    said = comment.snippet
    video_id, thread_id = said.video_id or video_id, said.parent_id or comment.id
    author = _author(said, our_id)
    is_edited = said.updated_at and said.published_at and said.updated_at > said.published_at
    image = web_address(said.image_url)
    handle = {"thread_id": thread_id, "video_id": video_id, "status": said.moderation_status or status}
    if said.parent_id and author and author.handle.startswith("@"):
        handle["name"] = author.handle
    return IncomingMessage(
        external_id=comment.id,
        thread_id=thread_id,
        text=said.text_original or said.text_display,
        posted_at=said.published_at,
        author=author,
        subject=one_line(titles.get(video_id, ""), 300),
        url=f"{SITE}/watch?v={video_id}&lc={comment.id}" if video_id else "",
        parent_id=said.parent_id,
        edited_at=said.updated_at if is_edited else None,
        attachments=(IncomingAttachment("image", "image/*", url=image),) if image else (),
        reply_handle=handle,
        raw=raw,
        metrics=counted({Metric.LIKES: said.like_count}),
    )


def read_placed(raw: Any, place: Place, *, our_id: str) -> IncomingMessage:
    """What stands at a `place`: a `video` that a search found, or a comment, with what is known of its video. Raises ValueError."""
    if video := words(place.get("video")):
        return video_message(video, raw)
    titles, about = mapping(place.get("titles")), words(place.get("about"))
    return message_of(raw, our_id=our_id, titles=titles, video_id=about, status=words(place.get("status")))


def video_message(name: str, raw: Mapping[str, Any]) -> IncomingMessage:
    """A video as the beginning of a conversation. Raises ValueError when it has no id."""
    if not name:
        raise ValueError(N_("it has no id"))
    said, numbers = mapping(raw["snippet"]), mapping(raw.get("statistics"))
    title, channel_id = words(said.get("title")), words(said.get("channelId"))
    about = words(said.get("description"))
    address = f"{SITE}/channel/{channel_id}"
    return IncomingMessage(
        external_id=f"{VIDEO}{name}",
        thread_id=f"{VIDEO}{name}",
        text="\n\n".join(filter(None, (title, about))) or name,
        posted_at=moment(said.get("publishedAt")),
        author=Author(channel_id, name=words(said.get("channelTitle")), profile_url=address) if channel_id else None,
        subject=one_line(title, 300),
        url=f"{SITE}/watch?v={name}",
        reply_handle={"video_id": name, "channel_id": channel_id, "is_video": True},
        raw=raw,
        metrics=counted(
            {
                Metric.VIEWS: numbers.get("viewCount"),
                Metric.LIKES: numbers.get("likeCount"),
                Metric.REPLIES: numbers.get("commentCount"),
            }
        ),
    )


def videos_of(comments: Sequence[Any]) -> list[str]:
    """The ids of the videos that these comments are about, each once."""
    found = (words(mapping(mapping(raw).get("snippet")).get("videoId")) for raw in comments)
    return list(dict.fromkeys(filter(None, found)))


def _author(said: Snippet, our_id: str) -> Author | None:
    channel_id = words(mapping(said.author_channel_id).get("value"))
    if not channel_id:
        return None
    name = one_line(said.author_display_name, 200)
    return Author(
        channel_id,
        handle=name if name.startswith("@") else "",
        name=name or channel_id,
        avatar_url=web_address(said.author_profile_image_url),
        profile_url=web_address(said.author_channel_url),
        is_us=channel_id == our_id,
    )
