"""NodeBB, through an API token: what is written in a forum in; answers, votes, flags and moderation out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from inbox.clock import now
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
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, listed, mapping, segment, text_of
from inbox.connectors.markdown_words import as_markdown
from inbox.connectors.nodebb_read import VERSION, again, message_of, poll_posts, read_placed, summary
from inbox.connectors.one_word import AccessToken
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_each import read_each, read_in_place
from inbox.connectors.server_address import ServerAddress

LIMIT = 32_767
FOR_EVER = timedelta(days=365 * 100)
OF_MODERATORS = frozenset({ActName.DELETE, ActName.LOCK, ActName.MUTE, ActName.BAN})
ROLES = (
    "isAdmin",
    "isGlobalModerator",
    "isModerator",
    "isAdminOrGlobalModerator",
    "isAdminOrGlobalModeratorOrModerator",
)


class NodeBBSetup(Setup):
    """A forum, and a token made there."""

    server: ServerAddress = Field(
        title=N_("Forum"), description=N_("For example forum.example.org"), min_length=3, max_length=300
    )
    token: AccessToken = Field(
        title=N_("API token"),
        description=N_("In the forum: Admin, Settings, API Access, for the account that answers."),
    )


class NodeBB(ChannelConnector):
    """One account in one forum."""

    kind: ClassVar[str] = "nodebb"
    label: ClassVar[str] = "NodeBB"
    about: ClassVar[str] = N_("Topics and posts of a NodeBB forum.")
    group: ClassVar[Group] = Group.FORUM
    setup: ClassVar[type[Setup]] = NodeBBSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        threads=True,
        acts=frozenset({*OF_MODERATORS, ActName.REPORT, ActName.LIKE}),
        undoable=frozenset({*OF_MODERATORS, ActName.LIKE}),
        ends=frozenset({ActName.MUTE, ActName.BAN}),
        text_limit=LIMIT,
        refetches=20,
        metrics=frozenset({Metric.POINTS}),
        because={
            ActName.HIDE: N_("In NodeBB a deleted post is only hidden and can be restored: delete it."),
            ActName.BLOCK: N_("In a forum people are muted or banned instead."),
            ActName.MARK_SPAM: N_("NodeBB has no mark for spam; report the post, or delete it."),
            ActName.HOLD: N_("NodeBB holds posts by its own rules only."),
            ActName.APPROVE: N_("What waits in NodeBB's queue is approved there; Trellis does not read the queue."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("In the forum, as an admin: Admin, Settings, API Access."),
            N_("Create a token with the user ID of the account that shall answer, and copy it."),
            N_("To delete, lock, mute and ban, let that account be a global moderator or an admin."),
        ),
        gate=N_("An admin of the forum must make the token."),
        page="https://docs.nodebb.org/api/",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(120, 60),)

    def check(self) -> Account:
        """Ask who the account is; moderators may do more."""
        with self._open() as api:
            me = mapping(api.get("/api/self"))
            us = self._noted(me)
            newest = listed(api.get("/api/recent/posts", {"page": 1}))[:3]
        server = self.settings.server
        latest = read_each(newest, lambda raw: [message_of(raw, server=server, our_id=us)]).messages
        name = text_of(me.get("username"))
        address = f"{server}/user/{segment(text_of(me.get('userslug')) or name)}"
        return Account(f"{name}@{server.partition('://')[2]}", us, address, latest)

    def describe(self) -> Capabilities:
        """Without the acts of moderators where the account is none."""
        if self.surroundings.memory.load().get("moderates", True):
            return self.capabilities
        told, declared = N_("The account is not a moderator of this forum."), self.capabilities
        return replace(
            declared,
            acts=declared.acts - OF_MODERATORS,
            undoable=declared.undoable - OF_MODERATORS,
            because={**declared.because, **dict.fromkeys(OF_MODERATORS, told)},
        )

    def streams(self) -> Sequence[StreamSpec]:
        """What is written in all topics that the account may read."""
        return (StreamSpec("posts", every=60),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """New posts of all topics."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            yield from poll_posts(api.get, self.settings.server, self._us(api), known, since, partial(believed, self))

    def refetch(self, known: Sequence[Known]) -> Batch:
        """Post by post."""
        with self._open() as api:
            return again(api.get, known, self.settings.server, self._us(api))

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """The post that each answers, or the beginning of its topic."""
        return self.refetch(parents_of(orphans))

    def reread(self, raw: str) -> Batch:
        """The list's words are without their markup; the whole post was kept with them."""
        us, server = text_of(self.surroundings.memory.load().get("our_id")), self.settings.server
        return read_in_place(raw, partial(read_placed, server=server, our_id=us))

    def length(self, text: str) -> int:
        """Characters, with those that mark signs as signs."""
        return len(as_markdown(text))

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer in the topic, to the post."""
        self.validate(reply)
        topic = number_in(reply.parent_handle, "topic_id")
        body = {"content": as_markdown(reply.text), "toPid": _number(reply.parent_id)}
        with self._open() as api:
            sent = mapping(mapping(api.change("POST", f"/api/v3/topics/{topic}", body)).get("response"))
        if sent.get("queued"):
            # The forum has taken it, and its moderators will look at it first.
            return Receipt(url=f"{self.settings.server}/topic/{topic}")
        if not text_of(sent.get("pid")):
            raise OutcomeUnknown(N_("The forum does not say what became of the answer; it may have been accepted."))
        return self._receipt(text_of(sent["pid"]))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look among the answers to the post for our own words."""
        path = f"/api/v3/posts/{segment(reply.parent_id)}/replies"
        with self._open() as api:
            us = self._us(api)
            found = listed(mapping(mapping(api.get(path)).get("response")).get("replies"))
        server = self.settings.server
        for message in read_each(found, lambda raw: [message_of(raw, server=server, our_id=us)]).messages:
            if is_our_answer(message, reply):
                return self._receipt(message.external_id)
        return None

    def act(self, act: Act) -> Receipt:
        """Delete, lock, mute, ban, report or like; each says the state that is wanted, so that twice does no harm."""
        if act.name not in (self.capabilities.undoable if act.undo else self.capabilities.acts):
            return super().act(act)
        method, path, body = _asked(act)
        with self._open() as api:
            try:
                api.change(method, path, body)
            except Refused:
                if not self._is_done(api, act):
                    raise
        return Receipt(act.message_id)

    def _is_done(self, api: "NodeBBApi", act: Act) -> bool:
        """Whether a deletion, or its undoing, was refused because somebody was quicker."""
        if act.name is not ActName.DELETE:
            return False
        try:
            is_deleted = bool(summary(api.get, act.message_id).get("deleted"))
        except Gone:
            is_deleted = True
        return is_deleted is not act.undo

    def _us(self, api: "NodeBBApi") -> str:
        known = self.surroundings.memory.load().get("our_id")
        return known if isinstance(known, str) and known else self._noted(mapping(api.get("/api/self")))

    def _noted(self, me: Mapping[str, Any]) -> str:
        number = me.get("uid")
        if not isinstance(number, int):
            raise Passing(N_("The forum does not say whose token this is."))
        if number < 1:
            raise NeedsPerson(N_("The token belongs to no account; make one with the user ID of an account."))
        memory = self.surroundings.memory
        moderates = any(me.get(role) is True for role in ROLES)
        memory.save({**memory.load(), "our_id": f"{number}", "moderates": moderates})
        return f"{number}"

    def _receipt(self, pid: str) -> Receipt:
        return Receipt(pid, f"{self.settings.server}/post/{segment(pid)}")

    def _open(self) -> "NodeBBApi":
        headers = {"Authorization": f"Bearer {self.settings.token.get_secret_value()}", "Accept": "application/json"}
        return NodeBBApi(self.surroundings, self.settings.server, headers)


class NodeBBApi(JsonApi):
    """A forum's API, with its own words for no."""

    def change(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """A change, made once. Raises Refused with the forum's own reasons."""
        try:
            return super().change(method, path, body, **options)
        except (Refused, Forbidden) as error:
            told = text_of(mapping(error.answer.get("status")).get("message"))
            kind: type[ConnectorError] = Refused if isinstance(error, Forbidden) else type(error)
            words = N_("The forum refused it: %(told)s", told=told[:500]) if told else error.sentence
            raise kind(words, status=error.status, answer=error.answer) from None


def _asked(act: Act) -> tuple[str, str, Any]:
    """Method, path and body of an act."""
    post, method = f"/api/v3/posts/{segment(act.message_id)}", "DELETE" if act.undo else "PUT"
    if act.name is ActName.DELETE:
        return ("PUT" if act.undo else "DELETE"), f"{post}/state", None
    if act.name is ActName.LIKE:
        return method, f"{post}/vote", None if act.undo else {"delta": 1}
    if act.name is ActName.LOCK:
        return method, f"/api/v3/topics/{number_in(act.handle, 'topic_id')}/lock", None
    if act.name is ActName.REPORT:
        reason = act.reason[:500] or "Reported in Trellis"
        return "POST", "/api/v3/flags/", {"type": "post", "id": _number(act.message_id), "reason": reason}
    verb = "mute" if act.name is ActName.MUTE else "ban"
    end = act.until or (now() + FOR_EVER if act.name is ActName.MUTE else None)
    body = {
        "reason": act.reason[:500] or "Moderated in Trellis",
        **({"until": int(end.timestamp() * 1000)} if end else {}),
    }
    return method, f"/api/v3/users/{number_in(act.handle, 'person_id')}/{verb}", None if act.undo else body


def _number(pid: str) -> int | str:
    """Posts of the forum have numbers, those of other servers addresses."""
    return int(pid) if pid.isascii() and pid.isdecimal() and len(pid) < 16 else pid
