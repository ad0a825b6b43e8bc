"""Questions, answers and comments of Stack Exchange as our messages. Used by `stack_exchange` alone."""

from collections.abc import Mapping
from typing import Any

from inbox.connectors.contract import N_, Author, IncomingMessage, Metric
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import counted, unix_moment, web_address, words
from inbox.connectors.read_each import Place, name_of
from inbox.text import one_line, plain_from_html


def kind_of(item: Mapping[str, Any]) -> str:
    """ "c" for a comment, "a" for an answer, "q" for a question; empty for none of these."""
    fields = {"c": "comment_id", "a": "answer_id", "q": "question_id"}
    return next((kind for kind, field in fields.items() if isinstance(item.get(field), int)), "")


def id_in(item: Any) -> str:
    """The id of a message: each kind counts for itself."""
    found = mapping(item)
    fields = {"c": "comment_id", "a": "answer_id", "q": "question_id"}
    kind = kind_of(found)
    return f"{kind}:{found[fields[kind]]}" if kind else name_of(item)


def host_of(site: str) -> str:
    """Where the site of that name is."""
    if site.rpartition(".")[2] in {"stackoverflow", "superuser", "serverfault", "askubuntu", "stackapps"}:
        return f"{site}.com"
    return site if site.endswith(".net") else f"{site}.stackexchange.com"


def message_of(item: Any, *, our_id: int, thread_id: str, site: str, parent_id: str = "") -> IncomingMessage:
    """A post or comment as a message; its conversation is its question. Raises ValueError when it cannot be read.

    `parent_id` is the post of a comment, where that is known.
    """
    found = mapping(item)
    kind, name = kind_of(found), id_in(item)
    if not kind:
        raise ValueError(N_("it is neither question nor answer nor comment"))
    post = found.get("post_id") if kind == "c" else found[{"a": "answer_id", "q": "question_id"}[kind]]
    markup = words(found.get("body"))
    question = found.get("question_id")
    text = plain_from_html(markup) or plain_from_html(words(found.get("title")))
    if not text:
        raise ValueError(N_("it says nothing"))
    thread = thread_id or (f"q:{question}" if isinstance(question, int) else name)
    return IncomingMessage(
        external_id=name,
        thread_id=thread,
        parent_id="" if kind == "q" else parent_id or thread,
        text=text,
        html=markup,
        subject=one_line(plain_from_html(words(found.get("title"))), 500),
        posted_at=unix_moment(found.get("creation_date")),
        edited_at=unix_moment(found.get("last_edit_date")),
        author=_author(mapping(found.get("owner")), our_id),
        url=web_address(words(found.get("link"))) or _address(kind, name[2:], text_of(post), host_of(site)),
        reply_handle={"post_id": post},
        raw=found,
        metrics=counted(
            {
                Metric.VIEWS: found.get("view_count"),
                Metric.POINTS: found.get("score"),
                Metric.REPLIES: found.get("answer_count"),
            }
        ),
    )


def read_placed(item: Any, place: Place, *, our_id: int, site: str) -> IncomingMessage:
    """What stands at a `place`: what it answers, and its conversation, where that is known. Raises ValueError."""
    above, thread = words(place.get("above")), words(place.get("thread"))
    return message_of(item, our_id=our_id, thread_id=thread, site=site, parent_id=above)


def _address(kind: str, number: str, post: str, host: str) -> str:
    return f"https://{host}/a/{number}" if kind == "a" else f"https://{host}/q/{post}#comment{number}_{post}"


def _author(owner: Mapping[str, Any], our_id: int) -> Author | None:
    # Whoever left has a name only.
    name, number = plain_from_html(words(owner.get("display_name"))), text_of(owner.get("user_id"))
    if not name and not number:
        return None
    return Author(
        external_id=number or f"left:{name}"[:400],
        name=one_line(name, 200),
        avatar_url=web_address(words(owner.get("profile_image"))),
        profile_url=web_address(words(owner.get("link"))),
        is_us=bool(our_id) and number == str(our_id),
    )
