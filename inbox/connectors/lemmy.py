"""Lemmy 0.19, on any server: answers, mentions, private messages and whole communities in; answers and moderation out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, SecretStr

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
    Metric,
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Passing,
    Rate,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
)
from inbox.connectors.handles import number_in
from inbox.connectors.json_api import listed, mapping, text_of
from inbox.connectors.lemmy_acts import asked_for
from inbox.connectors.lemmy_api import LemmyApi
from inbox.connectors.lemmy_poll import VERSION, again, poll_list
from inbox.connectors.lemmy_read import message_of
from inbox.connectors.lenient import dicts, is_before, whole_number, words
from inbox.connectors.markdown_words import as_markdown
from inbox.connectors.our_answer import AHEAD, is_our_answer
from inbox.connectors.read_each import UNREADABLE, read_again, read_each
from inbox.connectors.server_address import ServerAddress

LIMIT = 10_000
MOST_COMMUNITIES = 10
PAGES_SEARCHED = 10
UNDERSTOOD = (0, 19)
OF_MODERATORS = frozenset({ActName.DELETE, ActName.LOCK, ActName.BAN})
# How a server refuses what was done before.
DONE_BEFORE = {
    ActName.REPORT: "couldnt_create_report",
    ActName.BLOCK: "person_block_already_exists",
    ActName.BAN: "community_user_already_banned",
}


def community_names(typed: str) -> str:
    """Communities between commas, each once. Raises ValueError for what names none."""
    names = list(dict.fromkeys(filter(None, (name.strip().removeprefix("!") for name in typed.split(",")))))
    if not all(re.fullmatch(r"\w{1,100}(@[\w.-]{1,200}(:\d{1,5})?)?", name, re.ASCII) for name in names):
        raise ValueError(N_("must be names of communities, for example support, help@lemmy.example"))
    if len(names) > MOST_COMMUNITIES:
        raise ValueError(N_("has more than 10 communities; connect a second channel for the others"))
    return ", ".join(names)


class LemmySetup(Setup):
    """A server, an account on it, and communities to read whole."""

    server: ServerAddress = Field(title=N_("Server"), description=N_("For example lemmy.world"), max_length=300)
    username: str = Field(title=N_("User name"), min_length=1, max_length=100)
    password: SecretStr = Field(
        title=N_("Password"), description=N_("Of an account without a second factor."), min_length=1, max_length=100
    )
    communities: Annotated[str, AfterValidator(community_names)] = Field(
        default="",
        title=N_("Communities"),
        description=N_("Read whole, also where nobody names the account; for example support, help@lemmy.example"),
        max_length=2_000,
    )


class Lemmy(ChannelConnector):
    """One account on one server."""

    kind: ClassVar[str] = "lemmy"
    label: ClassVar[str] = "Lemmy"
    about: ClassVar[str] = N_("Answers, mentions, private messages and communities of a Lemmy server.")
    group: ClassVar[Group] = Group.FORUM
    setup: ClassVar[type[Setup]] = LemmySetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        threads=True,
        acts=frozenset({*OF_MODERATORS, ActName.BLOCK, ActName.REPORT, ActName.LIKE}),
        undoable=frozenset({*OF_MODERATORS, ActName.BLOCK, ActName.LIKE}),
        ends=frozenset({ActName.BAN}),
        text_limit=LIMIT,
        refetches=20,
        metrics=frozenset({Metric.POINTS, Metric.REPLIES}),
        because={
            ActName.HIDE: N_("Lemmy cannot hide comments from others; delete them as a moderator."),
            ActName.MUTE: N_("Lemmy cannot mute people; block them, or ban them from the community."),
            ActName.MARK_SPAM: N_("Lemmy knows no spam; report it, or delete it as a moderator."),
            ActName.HOLD: N_("Lemmy holds nothing back for approval."),
            ActName.APPROVE: N_("Lemmy holds nothing back for approval."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("Register an account on a Lemmy server of version 0.19 and confirm its e-mail address."),
            N_("Leave two-factor authentication off for it: a program cannot give the second factor."),
            N_("In its settings, mark it as a bot account where the server's rules ask for that."),
            N_("To delete, lock and ban, let it become a moderator of the community."),
        ),
        gate=N_("None. Some servers look at registrations first."),
        page="https://join-lemmy.org/docs/users/01-getting-started.html",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(120, 60),)

    def refresh_auth(self, refused: str = "") -> str:
        """By signing in anew, which servers count; so the token is kept."""
        with self._open() as api:
            return api.token(refused)

    def check(self) -> Account:
        """See which Lemmy it is, sign in, and ask what the account moderates."""
        with self._open() as api:
            self._require_known_version(api)
            # Asked first: what everybody may see is told to a dead token too, as to a stranger.
            answers = listed(mapping(api.get("/user/replies", {"sort": "New", "page": 1, "limit": 3})).get("replies"))
            us, person = self._look(api)
        server = self.settings.server
        latest = read_each(answers, lambda view: [self._read(view, us)]).messages
        name = words(person.get("name")) or self.settings.username
        return Account(f"{name}@{server.partition('://')[2]}", f"{us}", f"{server}/u/{name}", latest)

    def describe(self) -> Capabilities:
        """Without the acts of moderators where the account moderates nothing."""
        if self.surroundings.memory.load().get("moderates", True):
            return self.capabilities
        told = N_("The account moderates no community here.")
        declared = self.capabilities
        return replace(
            declared,
            acts=declared.acts - OF_MODERATORS,
            undoable=declared.undoable - OF_MODERATORS,
            because={**declared.because, **dict.fromkeys(OF_MODERATORS, told)},
        )

    def streams(self) -> Sequence[StreamSpec]:
        """What is written to us, and each community's posts and comments."""
        communities = [name for name in self.settings.communities.split(", ") if name]
        whole = [StreamSpec(f"{part}:{name}", every=120) for name in communities for part in ("posts", "comments")]
        return (StreamSpec("replies"), StreamSpec("mentions", every=120), StreamSpec("messages", every=120), *whole)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """One list, newest first until known."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            yield from poll_list(api, stream, self._us(api), known, since, partial(believed, self))

    def refetch(self, known: Sequence[Known]) -> Batch:
        """Posts and comments one by one; Lemmy gives no private message alone."""
        with self._open() as api:
            return again(api, known, self._us(api))

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """The comment or post that each answers, and its post."""
        posts = [Known(orphan.thread_id, orphan.thread_id, {}) for orphan in orphans]
        known = {each.external_id: each for each in [*parents_of(orphans), *posts]}
        return self.refetch(list(known.values()))

    def reread(self, raw: str) -> Batch:
        """A post, comment or private message of the quarantine, read anew."""
        our_id = whole_number(self.surroundings.memory.load().get("our_id"))
        return read_again(raw, lambda view: [self._read(view, our_id)])

    def length(self, text: str) -> int:
        """Characters, with those that mark signs as signs."""
        return len(_written(text))

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer below the comment or post, or privately."""
        self.validate(reply)
        handle, body = reply.parent_handle, {"content": _written(reply.text)}
        if "private_message_id" in handle:
            kind, whom = "private_message", {"recipient_id": number_in(handle, "person_id")}
        else:
            kind, whom = "comment", {"post_id": number_in(handle, "post_id")}
            if "comment_id" in handle:
                whom["parent_id"] = number_in(handle, "comment_id")
        with self._open() as api:
            sent = mapping(mapping(api.change("POST", f"/{kind}", {**body, **whom})).get(f"{kind}_view"))
            try:
                message = self._read(sent, 0)
            except UNREADABLE:
                told = N_("The server does not say what became of the answer; it may have been accepted.")
                raise OutcomeUnknown(told) from None
        return Receipt(message.external_id, message.url)

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look among the answers, newest first, back to when ours was written."""
        is_private = "private_message_id" in reply.parent_handle
        path, field = ("/private_message/list", "private_messages") if is_private else ("/comment/list", "comments")
        where: dict[str, Any] = {}
        if not is_private:
            where = {"post_id": number_in(reply.parent_handle, "post_id"), "sort": "New", "type_": "All"}
            where |= {"parent_id": reply.parent_handle.get("comment_id")}
        since = reply.created_at - AHEAD if reply.created_at else None
        with self._open() as api:
            us = self._us(api)
            for number in range(1, PAGES_SEARCHED + 1):
                views = listed(mapping(api.get(path, {**where, "page": number, "limit": 50})).get(field))
                messages = read_each(views, lambda view: [self._read(view, us)]).messages
                for message in messages:
                    is_below = is_private or message.parent_id == reply.parent_id
                    if is_below and message.thread_id == reply.thread_id and is_our_answer(message, reply):
                        return Receipt(message.external_id, message.url)
                if not views or any(is_before(message.posted_at, since) for message in messages):
                    return None
        raise Passing(N_("Too much was written there since to tell whether the answer arrived."))

    def act(self, act: Act) -> Receipt:
        """Remove, lock, ban, block, report or like; each says the state that is wanted, so that twice does no harm."""
        if act.name not in (self.capabilities.undoable if act.undo else self.capabilities.acts):
            return super().act(act)
        path, body = asked_for(act)
        with self._open() as api:
            try:
                api.change("POST", path, body)
            except Gone:
                if act.name is not ActName.DELETE or act.undo:
                    raise
            except Refused as error:
                if act.undo or error.answer.get("error") != DONE_BEFORE.get(act.name, ""):
                    raise
        return Receipt(act.message_id)

    def _require_known_version(self, api: LemmyApi) -> None:
        try:
            told = text_of(mapping(api.read_openly("/api/v3/site")).get("version"))
        except ConnectorError as error:
            if error.status != 404:
                raise
            told = text_of(mapping(api.read_openly("/api/v4/site")).get("version")) or "1"
        version = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
        if not version:
            raise Passing(N_("The server does not say which version of Lemmy it is."))
        if version > (UNDERSTOOD[0], 99):
            raise NeedsPerson(
                N_("This server speaks a newer API (Lemmy %(told)s); Trellis speaks that of Lemmy 0.19.", told=told)
            )
        if version < UNDERSTOOD:
            raise NeedsPerson(N_("This server runs Lemmy %(told)s; Trellis needs Lemmy 0.19.", told=told))

    def _look(self, api: LemmyApi) -> tuple[int, Mapping[str, Any]]:
        """Our number and ourselves; what we moderate is noted."""
        me = mapping(mapping(api.get("/site")).get("my_user"))
        view = mapping(me.get("local_user_view"))
        person = mapping(view.get("person"))
        number = person.get("id")
        if not isinstance(number, int):
            raise Passing(N_("The server does not say whose account this is."))
        moderates = bool(dicts(me.get("moderates"))) or mapping(view.get("local_user")).get("admin") is True
        memory = self.surroundings.memory
        memory.save({**memory.load(), "our_id": number, "id_of": api.whose, "moderates": moderates})
        return number, person

    def _us(self, api: LemmyApi) -> int:
        state = self.surroundings.memory.load()
        known = state.get("our_id") if state.get("id_of") == api.whose else None
        return known if isinstance(known, int) else self._look(api)[0]

    def _read(self, view: Any, our_id: int) -> IncomingMessage:
        return message_of(view, server=self.settings.server, our_id=our_id)

    def _open(self) -> LemmyApi:
        return LemmyApi(self.settings, self.surroundings)


def _written(text: str) -> str:
    """The words in Lemmy's Markdown, where ^ lifts, ::: folds, and lines only end behind two blanks."""
    marked = re.sub(r"^:::", r"\:::", as_markdown(text).replace("^", r"\^"), flags=re.MULTILINE)
    return re.sub(r"(?<!\n)\n(?!\n)", "  \n", marked)
