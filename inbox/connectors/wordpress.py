"""WordPress: comments of a site, also those that wait for approval, in; answers and all that its moderators can do, out."""

import html
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx
from pydantic import Field, SecretStr, field_validator

from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    ActName,
    Batch,
    Capabilities,
    ChannelConnector,
    ConnectorError,
    Deletion,
    Gone,
    Guide,
    Known,
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Passing,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
    Surroundings,
)
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, Query, listed, mapping, text_of
from inbox.connectors.wordpress_read import VERSION, Comment, message_of, poll_comments

LIMIT = 65_000
FLOOD_SECONDS = 20.0
AHEAD = timedelta(minutes=10)  # their clock may be behind ours
STATUS = {ActName.HOLD: "hold", ActName.APPROVE: "approved", ActName.MARK_SPAM: "spam", ActName.DELETE: "trash"}


class WordPressSetup(Setup):
    """A site, and a moderator's application password."""

    site: str = Field(title=N_("Site"), description=N_("For example https://blog.example.org"), max_length=500)
    username: str = Field(title=N_("User name"), min_length=1, max_length=100)
    password: SecretStr = Field(
        title=N_("Application password"), description=N_("In WordPress: Users, Profile, Application Passwords.")
    )

    @field_validator("site")
    @classmethod
    def whole_address(cls, value: str) -> str:
        try:
            url = httpx.URL(value if "://" in value else f"https://{value}")
        except httpx.InvalidURL:
            raise ValueError(N_("is not a web address")) from None
        if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
            raise ValueError(N_("is not a web address"))
        return str(url.copy_with(query=None, fragment=None)).rstrip("/").removesuffix("/wp-json")


class WordPress(ChannelConnector):
    """The comments of one site."""

    kind: ClassVar[str] = "wordpress"
    label: ClassVar[str] = "WordPress"
    setup: ClassVar[type[Setup]] = WordPressSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        acts=frozenset(STATUS),
        undoable=frozenset(STATUS),
        text_limit=LIMIT,
        refetches=100,
        because={
            ActName.HIDE: N_("In WordPress, hold the comment: then only moderators see it."),
            ActName.BLOCK: N_("WordPress knows a list of forbidden words and addresses in its settings only."),
            ActName.MUTE: N_("WordPress cannot mute people."),
            ActName.BAN: N_("WordPress cannot ban people who comment."),
            ActName.REPORT: N_("The site is yours: there is nobody to report to."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("Sign in to WordPress as somebody who may moderate comments (Editor or Administrator)."),
            N_(
                "Users, Profile, Application Passwords: write Trellis, choose Add, and copy the password; it is shown once."
            ),
            N_("Where this section is missing, the site runs without https or a security plugin hides it."),
        ),
        gate=N_("None."),
        page="https://wordpress.org/documentation/article/application-passwords/",
    )

    def check(self) -> Account:
        """Find the API, sign in, and see whether the account may moderate."""
        memory = self.surroundings.memory
        memory.save({**memory.load(), "is_plain": self._is_plain()})
        with self._open() as api:
            me = mapping(api.get("/wp/v2/users/me", {"context": "edit"}))
            if not me.get("id"):
                raise Passing("The site does not say whose account this is.")
            if not mapping(me.get("capabilities")).get("moderate_comments"):
                raise NeedsPerson("This account may not moderate comments; use one of an Editor or Administrator.")
            memory.save({**memory.load(), "our_id": me["id"]})
            raw = listed(api.get("/wp/v2/comments", {"per_page": 3, "context": "edit", "_embed": "up"}))
        latest = [message_of(each, our_id=me["id"], thread_id=text_of(mapping(each).get("id"))) for each in raw]
        return Account(f"{me.get('name') or self.settings.username} @ {httpx.URL(self.settings.site).host}",
                       text_of(me["id"]), self.settings.site, latest)  # fmt: skip

    def streams(self) -> Sequence[StreamSpec]:
        """What everybody sees, and what waits for approval."""
        return (StreamSpec("approved", every=120), StreamSpec("held", every=120))

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """New comments of that state, newest first until known."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            status = "hold" if stream == "held" else "approve"
            yield from poll_comments(api.get, status, self._us(api), known, since)

    def refetch(self, known: Sequence[Known]) -> Batch:
        """As they are now; what is neither shown nor held is gone for readers."""
        found: dict[str, Any] = {}
        with self._open() as api:
            our_id = self._us(api)
            for status in ("approve", "hold"):
                query = {"include": ",".join(each.external_id for each in known), "status": status, "per_page": 100}
                for raw in listed(api.get("/wp/v2/comments", {**query, "context": "edit", "_embed": "up"})):
                    found[text_of(mapping(raw).get("id"))] = raw
        there = [(each, found[each.external_id]) for each in known if each.external_id in found]
        return Batch(
            [message_of(raw, our_id=our_id, thread_id=each.thread_id) for each, raw in there],
            [Deletion(each.external_id) for each in known if each.external_id not in found],
        )

    def validate(self, reply: OutgoingReply) -> None:
        """Too long, or empty."""
        if not reply.text.strip() or len(reply.text) > LIMIT:
            raise Refused(f"A comment has at least one and at most {LIMIT} characters.")

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer below the comment; its words are no markup."""
        self.validate(reply)
        body = {
            "post": reply.parent_handle.get("post_id"),
            "parent": int(reply.parent_id),
            "content": html.escape(reply.text, quote=False),
        }
        with self._open() as api:
            try:
                sent = mapping(api.change("POST", "/wp/v2/comments", body))
            except Forbidden as error:
                raise Refused(f"{error} Comments may be closed there.") from None
        if not sent.get("id"):
            raise OutcomeUnknown("The site does not say what became of the answer; it may have been accepted.")
        return Receipt(text_of(sent["id"]), str(sent.get("link") or ""))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look among the answers to the comment for our own words."""
        with self._open() as api:
            our_id = self._us(api)
            query = {"parent": reply.parent_id, "author": our_id, "context": "edit", "per_page": 100}
            for raw in listed(api.get("/wp/v2/comments", query)):
                comment = Comment.model_validate(raw)
                is_later = not (reply.created_at and comment.posted_at) or comment.posted_at > reply.created_at - AHEAD
                if is_later and _core(comment.text) == _core(reply.text):
                    return Receipt(comment.id, comment.link)
        return None

    def act(self, act: Act) -> Receipt:
        """Give the comment another state; undoing gives it the one it had."""
        if act.name not in STATUS:
            return super().act(act)
        before = str(act.undo_state.get("status") or act.handle.get("status") or "approved")
        wanted = before if act.undo else STATUS[act.name]
        with self._open() as api:
            try:
                now_is = mapping(api.get(f"/wp/v2/comments/{int(act.message_id)}", {"context": "edit"})).get("status")
                if now_is != wanted:
                    api.change("POST", f"/wp/v2/comments/{int(act.message_id)}", {"status": wanted})
            except Gone:
                if act.name is not ActName.DELETE or act.undo:
                    raise
                now_is = "trash"
        return Receipt(act.message_id, state={"status": str(now_is or "approved")})

    def _us(self, api: "WordPressApi") -> int:
        memory = self.surroundings.memory
        if "our_id" not in memory.load():
            memory.save({**memory.load(), "our_id": mapping(api.get("/wp/v2/users/me")).get("id")})
        return int(memory.load()["our_id"] or 0)

    def _is_plain(self) -> bool:
        """Whether the site has no speaking addresses; then the API lies behind a query."""
        with JsonApi(self.surroundings, self.settings.site) as api:
            link = api.read("/").links.get("https://api.w.org/", {}).get("url", "")
        return "rest_route=" in link

    def _open(self) -> "WordPressApi":
        return WordPressApi(self.settings, self.surroundings)


class WordPressApi(JsonApi):
    """A site's REST API, behind /wp-json or behind a query."""

    def __init__(self, settings: WordPressSetup, surroundings: Surroundings) -> None:
        pair = f"{settings.username}:{settings.password.get_secret_value()}".encode()
        super().__init__(surroundings, settings.site, {"Authorization": f"Basic {b64encode(pair).decode()}"})
        self.is_plain = bool(surroundings.memory.load().get("is_plain"))

    def read(self, path: str, query: Query | None = None, *, scope: str = "", cost: int = 1) -> httpx.Response:
        """GET below the API's root."""
        if path == "/":
            return super().read(path, query)
        if self.is_plain:
            return super().read("/", {"rest_route": path, **(query or {})}, scope=scope, cost=cost)
        return super().read(f"/wp-json{path}", query, scope=scope, cost=cost)

    def change(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """A change below the API's root. Two comments within some seconds are a flood to WordPress, which passes."""
        where, query = ("/", {"rest_route": path}) if self.is_plain else (f"/wp-json{path}", None)
        try:
            return super().change(method, where, body, query=query, **options)
        except ConnectorError as error:
            if error.answer.get("code") == "comment_flood":
                raise Passing(str(error), retry_after=FLOOD_SECONDS) from None
            raise


def _core(text: str) -> str:
    return "".join(c for c in html.unescape(text) if c.isalnum()).casefold()
