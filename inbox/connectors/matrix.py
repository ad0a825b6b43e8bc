"""Matrix, on any server: what is said in the rooms that an account is in; answers, and what a moderator can do there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field

from inbox.clock import now
from inbox.connectors.above import parents_of
from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    ActName,
    Batch,
    Capabilities,
    ChannelConnector,
    Deletion,
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
    Receipt,
    Refused,
    Setup,
    StreamSpec,
    Unit,
)
from inbox.connectors.json_api import listed, mapping, segment
from inbox.connectors.lenient import words
from inbox.connectors.matrix_acts import do_act
from inbox.connectors.matrix_api import MatrixApi, transaction
from inbox.connectors.matrix_poll import VERSION, poll_rooms, read_kept
from inbox.connectors.matrix_read import Event, message_of
from inbox.connectors.one_word import AccessToken
from inbox.connectors.our_answer import AHEAD, is_our_answer
from inbox.connectors.read_each import UNREADABLE, read_each
from inbox.connectors.server_address import ServerAddress
from inbox.connectors.watch_words import WordList, watch_words

LIMIT = 30_000  # an event may have 65,536 bytes, in which some characters count twice
SEARCHED = 20  # pages that are looked through for an answer whose outcome got lost
SHOWN = timedelta(days=7)
FORBIDDEN = 403


class MatrixSetup(Setup):
    """An account on a server, by its access token."""

    server: ServerAddress = Field(
        title=N_("Server"), description=N_("For example https://matrix.example.org"), max_length=300
    )
    token: AccessToken = Field(
        title=N_("Access token"), description=N_("Of an account, or a device, that nothing else uses.")
    )
    rooms: WordList = Field(
        "",
        title=N_("Rooms"),
        description=N_("Addresses (#support:example.org) or IDs, separated with commas; empty: all that are joined."),
        max_length=2_000,
    )


class Matrix(ChannelConnector):
    """One account."""

    kind: ClassVar[str] = "matrix"
    label: ClassVar[str] = "Matrix"
    about: ClassVar[str] = N_("Rooms on any Matrix server.")
    group: ClassVar[Group] = Group.CHAT
    setup: ClassVar[type[Setup]] = MatrixSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        threads=True,
        acts=frozenset({ActName.DELETE, ActName.BAN, ActName.BLOCK, ActName.REPORT, ActName.LIKE}),
        undoable=frozenset({ActName.BAN, ActName.BLOCK, ActName.LIKE}),
        text_limit=LIMIT,
        text_unit=Unit.BYTES,
        refetches=20,
        metrics=frozenset({Metric.REACTIONS}),
        because={
            "receives": N_("Matrix does not deliver; it is asked every half minute."),
            ActName.HIDE: N_("Matrix cannot hide messages; deleting takes the words away."),
            ActName.MUTE: N_("In Matrix, muting is a matter of the room's power levels."),
            ActName.LOCK: N_("In Matrix, locking is a matter of the room's power levels."),
            ActName.MARK_SPAM: N_("Matrix has no spam folder."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("Make an account for the company on a server, and join the rooms it shall hear."),
            N_(
                "In Element: All settings, Help & About, Advanced, Access Token. Copy it, then close without signing out."
            ),
            N_("To delete and ban, let a room's admin make the account a moderator."),
        ),
        gate=N_("Encrypted rooms cannot be read; use rooms without encryption."),
        page="https://matrix.org/docs/chat_basics/matrix-for-im/",
    )

    def check(self) -> Account:
        """Ask who the token is, and look into the rooms."""
        with self._open() as api:
            our_id = api.sign_in()
            batch = next(poll_rooms(api, self._chosen, {}, now() - SHOWN))
            rooms = [name for name in api.rooms if api.is_chosen(name, self._chosen)]
            closed = api.encrypted(self._chosen)
            if not rooms:
                where = N_("none of these rooms") if self._chosen else N_("no room")
                raise NeedsPerson(
                    N_(
                        "%(our_id)s is in %(where)s; join it with this account, then check again.",
                        our_id=our_id,
                        where=where,
                    )
                )
            if len(closed) == len(rooms):
                raise NeedsPerson(
                    N_("All of these rooms are encrypted, and cannot be read here; choose rooms without it.")
                )
        latest = sorted(batch.messages, key=lambda message: message.posted_at or now(), reverse=True)
        return Account(our_id, our_id, f"https://matrix.to/#/{our_id}", latest[:3])

    def describe(self) -> Capabilities:
        """As declared; rooms that cannot be read are told of."""
        kept = mapping(self.surroundings.memory.load().get("rooms"))
        if not any(mapping(room).get("is_encrypted") for room in kept.values()):
            return self.capabilities
        told = N_("Some rooms are encrypted; what is said there cannot be read.")
        return replace(self.capabilities, because={**self.capabilities.because, "polls": told})

    def streams(self) -> Sequence[StreamSpec]:
        """All rooms come in one."""
        return (StreamSpec("rooms", every=30),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """What happened since the last sync, and all of it."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            if not api.our_id:
                api.sign_in()
            yield from poll_rooms(api, self._chosen, known, since)

    def refetch(self, known: Sequence[Known]) -> Batch:
        """One by one."""
        messages: list[IncomingMessage] = []
        gone: list[Deletion] = []
        with self._open() as api:
            for each in known:
                room, name = words(each.handle.get("room")), words(each.handle.get("event"))
                if not room or not name:
                    continue
                try:
                    event = Event.model_validate(api.event(room, name))
                except Gone as error:
                    # Whoever was sent out of a room does not know what became of its messages.
                    if error.status != FORBIDDEN:
                        gone.append(Deletion(each.external_id))
                    continue
                except UNREADABLE:
                    continue
                if event.is_taken_back:
                    gone.append(Deletion(each.external_id))
                else:
                    messages.append(self._message(api, event, room, each.thread_id))
        return Batch(messages, gone)

    def metrics(self, known: Sequence[Known]) -> Mapping[str, Mapping[Metric, int]]:
        """One by one: reactions are events of their own."""
        found: dict[str, Mapping[Metric, int]] = {}
        with self._open() as api:
            for each in known:
                room, name = words(each.handle.get("room")), words(each.handle.get("event"))
                if room and name:
                    found[each.external_id] = {Metric.REACTIONS: api.reactions(room, name)}
        return found

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """What each answers, in the same room."""
        return self.refetch(
            parents_of(orphans, lambda orphan: {"room": orphan.reply_handle.get("room"), "event": orphan.parent_id})
        )

    def reread(self, raw: str) -> Batch:
        """Its room and where its conversation began were kept with it."""
        with self._open() as api:
            return read_kept(api, raw)

    def length(self, text: str) -> int:
        """In bytes."""
        return len(text.encode("utf-8", "replace"))

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer the message. The server takes the same key only once."""
        self.validate(reply)
        room, name = _place_of(reply.parent_handle)
        thread = words(reply.parent_handle.get("thread"))
        relation: dict[str, Any] = {"m.in_reply_to": {"event_id": name}}
        if thread:
            relation |= {"rel_type": "m.thread", "event_id": thread, "is_falling_back": False}
        body = {
            "msgtype": "m.text",
            "body": reply.text,
            "m.relates_to": relation,
            "m.mentions": {"user_ids": [who] if (who := words(reply.parent_handle.get("sender"))) else []},
        }
        with self._open() as api:
            sent = api.do("PUT", f"/v3/rooms/{segment(room)}/send/m.room.message/{_key(reply)}", body)
        if not words(sent.get("event_id")):
            raise OutcomeUnknown(N_("The server does not say what became of the answer; it may have been accepted."))
        return _receipt(room, words(sent["event_id"]))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look through the room, newest first, for our own words or for the key that only this device is shown."""
        room, name = _place_of(reply.parent_handle)
        with self._open() as api:
            our_id = api.our_id or api.sign_in()
            position: str | None = None
            for _ in range(SEARCHED):
                query = {"dir": "b", "from": position, "limit": 100}
                page = mapping(api.get(f"/v3/rooms/{segment(room)}/messages", query))
                found = read_each(listed(page.get("chunk")), lambda raw: [self._said(api, raw, room, our_id)])
                for message in found.messages:
                    is_ours = message.author is not None and message.author.is_us
                    key = mapping(mapping(message.raw).get("unsigned")).get("transaction_id")
                    if is_ours and (
                        key == _key(reply) or (message.parent_id == name and is_our_answer(message, reply))
                    ):
                        return _receipt(room, message.external_id)
                times = [message.posted_at for message in found.messages if message.posted_at]
                is_past = bool(reply.created_at and times) and min(times) < (reply.created_at or now()) - AHEAD
                position = words(page.get("end")) or None
                if position is None or is_past or name in {message.external_id for message in found.messages}:
                    return None
        raise Passing(N_("Too much was said there since to tell whether the answer arrived."))

    def act(self, act: Act) -> Receipt:
        """Take a message's words away, ban or ignore its author, report, like."""
        if act.name not in self.capabilities.acts or (act.undo and act.name not in self.capabilities.undoable):
            return super().act(act)
        _place_of(act.handle)
        with self._open() as api:
            return do_act(api, act)

    def _said(self, api: MatrixApi, raw: Any, room: str, our_id: str) -> IncomingMessage:
        return self._message(api, Event.model_validate(raw), room, "")

    def _message(self, api: MatrixApi, event: Event, room: str, thread_id: str) -> IncomingMessage:
        return message_of(event, room_id=room, room=api.room(room), thread_id=thread_id, our_id=api.our_id,
                          name=api.name_of(event.sender), is_direct=room in api.direct)  # fmt: skip

    @property
    def _chosen(self) -> Sequence[str]:
        return watch_words(self.settings.rooms)

    def _open(self) -> MatrixApi:
        return MatrixApi(self.settings.server, self.settings.token.get_secret_value(), self.surroundings)


def _place_of(handle: Mapping[str, Any]) -> tuple[str, str]:
    room, name = words(handle.get("room")), words(handle.get("event"))
    if not room or not name:
        raise Refused(N_("The message does not say in which room it is; it cannot be answered or acted on here."))
    return room, name


def _key(reply: OutgoingReply) -> str:
    return transaction(reply.key, "answer")


def _receipt(room: str, name: str) -> Receipt:
    return Receipt(name, f"https://matrix.to/#/{room}/{name}")
