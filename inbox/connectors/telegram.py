"""Telegram, through a bot: private chats, groups and the comments under a channel's posts in; answers, deletions, bans out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    ActName,
    Batch,
    Capabilities,
    ChannelConnector,
    Group,
    Guide,
    IncomingMessage,
    OutcomeUnknown,
    OutgoingReply,
    Passing,
    Rate,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
    Unit,
)
from inbox.connectors.handles import number_in
from inbox.connectors.json_api import listed, mapping
from inbox.connectors.read_each import Place, read_each, read_in_place
from inbox.connectors.server_address import ServerAddress
from inbox.connectors.telegram_acts import call_for
from inbox.connectors.telegram_api import TelegramApi
from inbox.connectors.telegram_photos import with_photos
from inbox.connectors.telegram_read import Said, address_of, message_of, name_of, root_of
from inbox.connectors.walk_forward import Step, walk_forward

VERSION = 1
PAGE = 100
LIMIT = 4096
REMEMBERED = 2_000  # messages whose conversation is known, for answers to answers
# Not the posts of channels: they are our own, and their copies in the discussion group begin the conversations.
KINDS = ["message", "edited_message"]
QUESTION = {"limit": PAGE, "timeout": 0, "allowed_updates": KINDS}


class TelegramSetup(Setup):
    """A bot."""

    token: SecretStr = Field(title=N_("Bot token"), description=N_("Looks like 123456:ABC…; BotFather gives it."))
    server: ServerAddress = Field(
        default="https://api.telegram.org",
        title=N_("Server"),
        description=N_("Telegram's own, unless a Bot API server of one's own is used."),
    )

    @field_validator("token")
    @classmethod
    def in_form(cls, value: SecretStr) -> SecretStr:
        number, _, word = value.get_secret_value().strip().partition(":")
        if not number.isdecimal() or not word or not all(c.isascii() and (c.isalnum() or c in "_-") for c in word):
            raise ValueError(N_("is not a bot token"))
        return SecretStr(f"{number}:{word}")


class Telegram(ChannelConnector):
    """One bot, wherever it is a member."""

    kind: ClassVar[str] = "telegram"
    label: ClassVar[str] = "Telegram"
    about: ClassVar[str] = N_("Groups and direct messages of a bot.")
    group: ClassVar[Group] = Group.CHAT
    setup: ClassVar[type[Setup]] = TelegramSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        threads=True,
        acts=frozenset({ActName.DELETE, ActName.MUTE, ActName.BAN, ActName.LIKE}),
        undoable=frozenset({ActName.MUTE, ActName.BAN, ActName.LIKE}),
        ends=frozenset({ActName.MUTE, ActName.BAN}),
        text_limit=LIMIT,
        text_unit=Unit.UTF16,
        keeps_past=False,
        because={
            "keeps_past": N_("Telegram gives bots each message once and keeps it for 24 hours."),
            "tells_deletes": N_("Telegram does not tell bots what was deleted."),
            "refetches": N_("Telegram does not give bots a message a second time."),
            ActName.HIDE: N_("Telegram cannot hide messages; delete them instead."),
            ActName.BLOCK: N_("A bot cannot block; ban the person from the group instead."),
            ActName.REPORT: N_("Bots cannot report."),
            ActName.MARK_SPAM: N_("Telegram has no spam folder; delete the message and ban its author."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("In Telegram, write to @BotFather: /newbot, choose a name, and copy the token it answers with."),
            N_("For groups: write /setprivacy to @BotFather and choose Disable, so that the bot hears everything."),
            N_("Add the bot to the group, as an admin who may delete messages and ban users."),
            N_("For comments under a channel's posts: add it to the channel's discussion group in the same way."),
        ),
        gate=N_("None. What was written while Trellis was away for more than 24 hours is lost at Telegram."),
        page="https://core.telegram.org/bots/features#botfather",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(30, 1), Rate(20, 60, "group"))

    def check(self) -> Account:
        """Ask who the bot is, whether another program takes its messages, and what waits."""
        with self._open() as api:
            me = mapping(api.call("getMe"))
            api.refuse_webhook()
            # Without an offset nothing is confirmed, so that the first poll finds it all. Telegram lets one read at a time.
            waiting = [] if self.surroundings.is_polled else listed(api.call("getUpdates", QUESTION))
        if not isinstance(me.get("id"), int):
            raise Passing(N_("Telegram does not say which bot this is."))
        hears_all = bool(me.get("can_read_all_group_messages"))
        self.surroundings.memory.save({**self.surroundings.memory.load(), "hears_all": hears_all})
        latest = read_each(waiting, self._reader({}, None)).messages[:-4:-1]
        name = me.get("username") or f"{me['id']}"
        return Account(f"@{name}", f"{me['id']}", f"https://t.me/{name}", latest)

    def describe(self) -> Capabilities:
        """As declared, with what the bot's privacy mode keeps from it."""
        if self.surroundings.memory.load().get("hears_all", True):
            return self.capabilities
        words = N_(
            "In groups the bot hears only answers to it and mentions: switch its privacy mode off at @BotFather."
        )
        return replace(self.capabilities, because={**self.capabilities.because, "polls": words})

    def streams(self) -> Sequence[StreamSpec]:
        """All that the bot hears is one queue at Telegram, kept for 24 hours."""
        return (StreamSpec("updates", every=30),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """What waits in the queue. Telegram forgets what is below the offset, so a page is confirmed once it is stored."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        threads = {name: root for name, root in mapping(known.get("threads")).items() if isinstance(root, str)}

        def page(after: str | None) -> Step[Any]:
            offset = {"offset": int(after)} if after and after.isdecimal() else {}
            updates = listed(api.call("getUpdates", {**QUESTION, **offset}))
            numbers = [n for update in updates if isinstance(n := mapping(update).get("update_id"), int)]
            return Step(updates, f"{max(numbers) + 1}" if numbers else None, is_last=len(updates) < PAGE)

        with self._open() as api:
            for updates, state in walk_forward(page, known):
                harvest = read_each(updates, self._reader(threads, since), lambda update: _place_of(update, threads))
                kept = dict(list(threads.items())[-REMEMBERED:])
                after = {"v": VERSION, **state, "threads": kept}
                messages = list(with_photos(api, harvest.messages))
                yield Batch(messages, (), harvest.bad, harvest.filtered, after)

    def _reader(self, threads: dict[str, str], since: datetime | None) -> Callable[[Any], Sequence[IncomingMessage]]:
        """Reads an update; the conversations it meets are kept in `threads`."""
        our_id = self._our_id

        def read(update: Any) -> Sequence[IncomingMessage]:
            raw = next((update[kind] for kind in KINDS if update.get(kind) is not None), None)
            if raw is None:
                return ()
            message = message_of(raw, our_id=our_id, thread_id=_thread_of(Said.model_validate(raw), threads))
            if message is None or (since and message.posted_at and message.posted_at < since):
                return ()
            threads[message.external_id] = message.thread_id
            return (message,)

        return read

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """As it came along with each: Telegram gives no message a second time."""

        def read(orphan: IncomingMessage) -> Sequence[IncomingMessage]:
            above = mapping(mapping(orphan.raw).get("reply_to_message"))
            message = message_of(above, our_id=self._our_id, thread_id=orphan.thread_id)
            return [message] if message else ()

        return Batch(read_each({each.parent_id: each for each in orphans}.values(), read).messages)

    def reread(self, raw: str) -> Batch:
        """An update; the conversation of what it answers was kept with it."""
        return read_in_place(raw, lambda update, place: self._reader(dict(mapping(place.get("threads"))), None)(update))

    def length(self, text: str) -> int:
        """UTF-16 units, as Telegram counts offsets."""
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer in the chat, below the message, as plain text."""
        self.validate(reply)
        handle = reply.parent_handle
        body: dict[str, Any] = {
            "chat_id": number_in(handle, "chat_id"),
            "text": reply.text,
            # The answer is better without its message than not at all.
            "reply_parameters": {"message_id": number_in(handle, "message_id"), "allow_sending_without_reply": True},
        }
        if handle.get("topic_id"):
            body["message_thread_id"] = handle["topic_id"]
        with self._open() as api:
            sent = mapping(api.do("sendMessage", body, scope="" if handle.get("is_private") else "group"))
        try:
            said = Said.model_validate(sent)
        except ValueError:
            raise OutcomeUnknown(
                N_("Telegram does not say what became of the answer; it may have been accepted.")
            ) from None
        return Receipt(name_of(said.chat.id, said.message_id), address_of(said))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """A bot never hears its own messages."""
        raise OutcomeUnknown(N_("Telegram cannot be asked what a bot has sent; look into the chat."))

    def act(self, act: Act) -> Receipt:
        """Delete or like the message; mute or ban its author in that group."""
        if act.name not in self.capabilities.acts or (act.undo and act.name not in self.capabilities.undoable):
            return super().act(act)
        method, body = call_for(act)
        with self._open() as api:
            try:
                api.do(method, body)
            except Refused as error:
                # Done by somebody else before us is done.
                if "message to delete not found" not in str(error).lower():
                    raise
        return Receipt(act.message_id if "message_id" in body else act.author_id)

    @property
    def _our_id(self) -> int:
        # A bot's token begins with its number.
        return int(self.settings.token.get_secret_value().partition(":")[0])

    def _open(self) -> TelegramApi:
        return TelegramApi(self.settings.server, self.settings.token.get_secret_value(), self.surroundings)


def _place_of(update: Any, threads: Mapping[str, str]) -> Place:
    """Of the conversations met so far those of this message, where it was changed, and of what it answers."""
    said = mapping(next((raw for kind in KINDS if (raw := mapping(update).get(kind)) is not None), None))
    chat, above = mapping(said.get("chat")).get("id"), mapping(said.get("reply_to_message"))
    if not isinstance(chat, int):
        return {}
    names = [name_of(chat, each["message_id"]) for each in (said, above) if isinstance(each.get("message_id"), int)]
    return {"threads": {name: threads[name] for name in names if name in threads}}


def _thread_of(said: Said, threads: Mapping[str, str]) -> str:
    """Telegram's own thread, else the conversation of what it answers, else one of its own."""
    own = name_of(said.chat.id, said.message_id)
    above = (said.reply_to_message or {}).get("message_id")
    if root := root_of(said):
        return root
    if isinstance(above, int) and not (said.is_topic_message and above == said.message_thread_id):
        return threads.get(name_of(said.chat.id, above), name_of(said.chat.id, above))
    return threads.get(own, own)
