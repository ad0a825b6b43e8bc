"""WordPress: comments of a site, also those that wait for approval, in; answers and all that its moderators can do, out."""

import html
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

import httpx
from pydantic import Field, SecretStr, field_validator

from inbox.connectors.above import parents_of
from inbox.connectors.believed import believed
from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    ActName,
    Batch,
    Capabilities,
    ChannelConnector,
    ConnectorError,
    Gone,
    Group,
    Guide,
    IncomingMessage,
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
    Unit,
)
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, Query, listed, mapping, text_of
from inbox.connectors.lenient import whole_number
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_each import Place, read_each, read_in_place
from inbox.connectors.wordpress_poll import PUT_AWAY, SEEN, VERSION, again, is_number, poll_comments
from inbox.connectors.wordpress_read import message_of

LIMIT = 65_000  # of the 65,525 that the database holds
FLOOD_SECONDS = 20.0
UNKNOWN = "rest_comment_invalid_id"
ROOT, BEHIND_A_QUERY = "/wp-json", "?"
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
    about: ClassVar[str] = N_("Comments of a WordPress site, with moderation.")
    group: ClassVar[Group] = Group.FORUM
    setup: ClassVar[type[Setup]] = WordPressSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        threads=True,
        acts=frozenset(STATUS),
        undoable=frozenset(STATUS),
        text_limit=LIMIT,
        text_unit=Unit.BYTES,
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
        memory.save({**memory.load(), "root": self._find_root()})
        with self._open() as api:
            me = mapping(api.get("/wp/v2/users/me", {"context": "edit"}))
            if not me.get("id"):
                raise Passing(N_("The site does not say whose account this is."))
            if not mapping(me.get("capabilities")).get("moderate_comments"):
                raise NeedsPerson(N_("This account may not moderate comments; use one of an Editor or Administrator."))
            memory.save({**memory.load(), "our_id": me["id"]})
            raw = listed(api.get("/wp/v2/comments", {"per_page": 3, "context": "edit", "_embed": "up"}))
        latest = read_each(
            raw, lambda each: [message_of(each, our_id=me["id"], thread_id=text_of(each["id"]))]
        ).messages
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
            yield from poll_comments(api.get, status, self._us(api), known, since, partial(believed, self))

    def refetch(self, known: Sequence[Known]) -> Batch:
        """As they are now; what is neither shown nor held is gone for readers."""
        with self._open() as api:
            return again(api.get, known, self._us(api))

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """The comments that these answer."""
        return self.refetch(parents_of(orphans))

    def reach(self, known: Sequence[Known]) -> None:
        """Whether the site shows any comment at all: some plug-ins answer every question with an empty list.

        Or what it says of one alone: below an article in the bin it stands in no list, and what never was has words of its own.
        """
        with self._open() as api:
            query = {"per_page": 1, "context": "edit"}
            for status in (*SEEN, *PUT_AWAY):
                if listed(api.get("/wp/v2/comments", {**query, "status": status})):
                    return
            try:
                api.get(f"/wp/v2/comments/{_number(known[0].external_id)}", {"context": "edit"})
            except Gone as error:
                if error.answer.get("code") != UNKNOWN:
                    raise Gone(N_("The site shows no comments at all.")) from None

    def reread(self, raw: str) -> Batch:
        """The comment that began its conversation was kept with it; else it goes where stands what it answers."""
        our_id = whole_number(self.surroundings.memory.load().get("our_id"))

        def read(comment: Any, place: Place) -> Sequence[IncomingMessage]:
            message = message_of(comment, our_id=our_id, thread_id=text_of(place.get("thread")))
            return (replace(message, thread_id=message.thread_id or message.parent_id or message.external_id),)

        return read_in_place(raw, read)

    def length(self, text: str) -> int:
        """In bytes, as the database counts, with what stands for brackets and ampersands."""
        return len(_escaped(text).encode("utf-8", "replace"))

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer below the comment; its words are no markup."""
        self.validate(reply)
        post = reply.parent_handle.get("post_id")
        if not isinstance(post, int):
            raise Refused(N_("The comment does not say below which article it stands; it cannot be answered here."))
        body = {"post": post, "parent": _number(reply.parent_id), "content": _escaped(reply.text)}
        with self._open() as api:
            try:
                sent = mapping(api.change("POST", "/wp/v2/comments", body))
            except Forbidden as error:
                raise Refused(N_("%(error)s Comments may be closed there.", error=error)) from None
        if not sent.get("id"):
            raise OutcomeUnknown(N_("The site does not say what became of the answer; it may have been accepted."))
        return Receipt(text_of(sent["id"]), str(sent.get("link") or ""))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look among the answers to the comment for our own words."""
        with self._open() as api:
            our_id = self._us(api)
            query = {"parent": _number(reply.parent_id), "author": our_id, "context": "edit", "per_page": 100}
            found = listed(api.get("/wp/v2/comments", query))
        for message in read_each(found, lambda raw: [message_of(raw, our_id=our_id, thread_id="")]).messages:
            if is_our_answer(message, reply):
                return Receipt(message.external_id, message.url)
        return None

    def act(self, act: Act) -> Receipt:
        """Give the comment another state; undoing gives it the one it had."""
        if act.name not in STATUS:
            return super().act(act)
        told = text_of(act.handle.get("status"))
        before = text_of(act.undo_state.get("status")) or told or "approved"
        wanted = before if act.undo else STATUS[act.name]
        path = f"/wp/v2/comments/{_number(act.message_id)}"
        with self._open() as api:
            try:
                found = text_of(mapping(api.get(path, {"context": "edit"})).get("status")) or "approved"
                if found != wanted:
                    api.change("POST", path, {"status": wanted})
            except Gone:
                if act.name is not ActName.DELETE or act.undo:
                    raise
                found = wanted
        # Where somebody was quicker, undoing goes back to what the comment was when it was read.
        return Receipt(act.message_id, state={"status": (told or "approved") if found == wanted else found})

    def _us(self, api: "WordPressApi") -> int:
        memory = self.surroundings.memory
        if not memory.load().get("our_id"):
            memory.save({**memory.load(), "our_id": mapping(api.get("/wp/v2/users/me")).get("id")})
        our_id = memory.load()["our_id"]
        if not isinstance(our_id, int):
            raise Passing(N_("The site does not say whose account this is."))
        return our_id

    def _find_root(self) -> str:
        """Where below the site its API lies; "?" where it lies behind a query, for sites without speaking addresses."""
        try:
            with JsonApi(self.surroundings, self.settings.site) as api:
                link = api.read("/").links.get("https://api.w.org/", {}).get("url", "")
            found, site = httpx.URL(link), httpx.URL(self.settings.site)
        except (ConnectorError, httpx.InvalidURL):
            # A front page that is closed or broken says nothing about the API.
            return ROOT
        if "rest_route" in found.params:
            return BEHIND_A_QUERY
        path = found.path.rstrip("/").removeprefix(site.path.rstrip("/"))
        return path if found.host == site.host and path.endswith(ROOT) else ROOT

    def _open(self) -> "WordPressApi":
        return WordPressApi(self.settings, self.surroundings)


class WordPressApi(JsonApi):
    """A site's REST API, behind /wp-json or behind a query."""

    def __init__(self, settings: WordPressSetup, surroundings: Surroundings) -> None:
        pair = f"{settings.username}:{settings.password.get_secret_value()}".encode()
        super().__init__(surroundings, settings.site, {"Authorization": f"Basic {b64encode(pair).decode()}"})
        self.root = text_of(surroundings.memory.load().get("root")) or ROOT

    def read(self, path: str, query: Query | None = None, *, scope: str = "", cost: int = 1) -> httpx.Response:
        """GET below the API's root."""
        where, asked = self._placed(path, query)
        return super().read(where, asked, scope=scope, cost=cost)

    def change(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """A change below the API's root. Two comments within some seconds are a flood to WordPress, which passes."""
        where, query = self._placed(path, None)
        try:
            return super().change(method, where, body, query=query, **options)
        except ConnectorError as error:
            if error.answer.get("code") == "comment_flood":
                raise Passing(error.sentence, retry_after=FLOOD_SECONDS) from None
            raise

    def _placed(self, path: str, query: Query | None) -> tuple[str, Query | None]:
        if self.root == BEHIND_A_QUERY:
            return "/", {"rest_route": path, **(query or {})}
        return f"{self.root}{path}", query


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _number(name: str) -> int:
    if not is_number(name):
        raise Refused(N_("The comment does not say its number; it cannot be answered or acted on here."))
    return int(name)
