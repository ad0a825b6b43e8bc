"""What GitHub says, by REST, by GraphQL and in deliveries, as our messages. Used by `github` alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from inbox.connectors.contract import N_, Author, IncomingAttachment, IncomingMessage, Metric, Visibility
from inbox.connectors.github_text import written_in
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import Moment, Words, counted, web_address, words
from inbox.connectors.read_each import Place
from inbox.text import one_line

ISSUE, COMMENT, DISCUSSION, REMARK = "issue", "comment", "discussion", "remark"
TITLE_LIMIT = 500


def _either(rest: str, graphql: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(rest, graphql))


class Said(BaseModel):
    """An issue, a discussion, or a comment on one, in the words of either API; only the id is sure."""

    model_config = ConfigDict(populate_by_name=True)

    id: int | str
    node_id: Words = ""
    database_id: int | None = Field(default=None, validation_alias="databaseId")
    number: int | None = None
    title: Words = ""
    body: Words = ""
    page: Words = Field(default="", validation_alias=AliasChoices("html_url", "url"))
    issue_url: Words = ""
    created_at: Moment = _either("created_at", "createdAt")
    updated_at: Moment = _either("updated_at", "updatedAt")
    edited_at: Moment = Field(default=None, validation_alias="lastEditedAt")
    person: Mapping[str, Any] | None = _either("user", "author")

    @property
    def node(self) -> str:
        """How GraphQL names it."""
        return self.node_id or str(self.id)


def message_of(
    raw: Mapping[str, Any], kind: str, *, number: int, our_login: str, title: str = "", private: bool = False
) -> IncomingMessage:
    """A message of issue or discussion `number`. Raises ValueError when it cannot be read."""
    said = Said.model_validate(raw)
    written = written_in(said.body)
    subject = one_line(said.title or title, TITLE_LIMIT)
    text = written.text or (subject if said.title else "")
    if not text and not written.pictures:
        raise ValueError(N_("it says nothing"))
    thread = f"{DISCUSSION if kind in {DISCUSSION, REMARK} else ISSUE}-{number}"
    begins = kind in {ISSUE, DISCUSSION}
    return IncomingMessage(
        external_id=thread if begins else f"{kind}-{said.database_id or said.id}",
        thread_id=thread,
        parent_id="" if begins else thread,
        text=text,
        quote=written.quote if written.text else "",
        subject=subject,
        posted_at=said.created_at,
        edited_at=said.edited_at
        or (said.updated_at if kind == COMMENT and said.updated_at != said.created_at else None),
        author=author_of(said.person, our_login),
        url=web_address(said.page),
        visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
        is_automatic=words(mapping(said.person).get("type")) == "Bot"
        or words(mapping(said.person).get("__typename")) == "Bot",
        attachments=tuple(IncomingAttachment("picture", "image/*", url=address) for address in written.pictures),
        reply_handle={
            "kind": kind,
            "number": number,
            "node_id": said.node,
            "login": words(mapping(said.person).get("login")),
        },
        raw=raw,
        metrics=counted({Metric.REACTIONS: _total(raw.get("reactions")), Metric.REPLIES: _total(raw.get("comments"))}),
    )


def read_placed(raw: Any, place: Place, *, our_login: str, private: bool) -> Sequence[IncomingMessage]:
    """What stands at a `place`: its kind, and the thread where it does not name that itself. Raises ValueError and the like."""
    kind = place["kind"]
    number = issue_number(raw) if kind == COMMENT else place["number"] if kind == REMARK else raw["number"]
    title = words(place.get("title"))
    return (message_of(raw, kind, number=int(number), our_login=our_login, title=title, private=private),)


def author_of(person: Mapping[str, Any] | None, our_login: str) -> Author | None:
    """Who wrote; None where the account is gone."""
    login = words(mapping(person).get("login"))
    if person is None or not login:
        return None
    return Author(
        external_id=text_of(person.get("id")) or text_of(person.get("databaseId")) or login,
        handle=login,
        name=login,
        avatar_url=web_address(words(person.get("avatar_url")) or words(person.get("avatarUrl"))),
        profile_url=web_address(words(person.get("html_url")) or words(person.get("url"))),
        is_us=bool(our_login) and login.casefold() == our_login.casefold(),
    )


def _total(found: Any) -> Any:
    # REST tells the number of comments alone, and all else as an object.
    return mapping(found).get("total_count", mapping(found).get("totalCount")) if isinstance(found, Mapping) else found


def issue_number(raw: Any) -> int:
    """The number of the issue that a comment belongs to. Raises ValueError."""
    return int(words(mapping(raw).get("issue_url")).rpartition("/")[2])
