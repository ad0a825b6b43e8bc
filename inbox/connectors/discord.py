"""Discord, through a bot: what is written in a server's channels and threads in; answers, deletions, time-outs, bans out."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
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
    Rate,
    Receipt,
    Retention,
    Setup,
    StreamSpec,
)
from inbox.connectors.discord_acts import allowed, call_for
from inbox.connectors.discord_channels import open_channels
from inbox.connectors.discord_files import with_pictures
from inbox.connectors.discord_poll import VERSION, poll_guild
from inbox.connectors.discord_read import message_of, number, read_placed, shows_nothing, snowflake
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import JsonApi, listed, mapping, segment
from inbox.connectors.lenient import words
from inbox.connectors.markdown_words import as_markdown
from inbox.connectors.our_answer import AHEAD, is_our_answer
from inbox.connectors.read_each import read_each, read_in_place
from inbox.connectors.watch_words import watch_words

API = "https://discord.com/api/v10"
LIMIT = 2_000
PAGES = 10
CONTENT_FLAGS = (1 << 18) | (1 << 19)  # the message content intent, approved or for small servers


class DiscordSetup(Setup):
    """A bot, and the server that it was invited to."""

    token: SecretStr = Field(title=N_("Bot token"), description=N_("In the Developer Portal: Bot, Reset token."))
    guild: str = Field(title=N_("Server ID"), description=N_("In Discord: right-click the server, Copy Server ID."))
    channels: str = Field(
        "",
        title=N_("Channels"),
        description=N_("IDs, separated with commas; empty: all that the bot may see."),
        max_length=2_000,
    )

    @field_validator("token")
    @classmethod
    def one_word(cls, value: SecretStr) -> SecretStr:
        word = value.get_secret_value().strip().removeprefix("Bot ")
        if not word.isascii() or not word.isprintable() or " " in word or word.count(".") != 2:
            raise ValueError(N_("is not a bot token"))
        return SecretStr(word)

    @field_validator("guild")
    @classmethod
    def an_id(cls, value: str) -> str:
        if not number(value):
            raise ValueError(N_("is not an ID of Discord"))
        return value

    @field_validator("channels")
    @classmethod
    def some_ids(cls, value: str) -> str:
        found = watch_words(value)
        if not all(map(number, found)):
            raise ValueError(N_("is not an ID of Discord"))
        return ", ".join(found)


class Discord(ChannelConnector):
    """One bot on one server."""

    kind: ClassVar[str] = "discord"
    label: ClassVar[str] = "Discord"
    about: ClassVar[str] = N_("Channels and threads of a server, by a bot.")
    group: ClassVar[Group] = Group.CHAT
    setup: ClassVar[type[Setup]] = DiscordSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        threads=True,
        acts=frozenset({ActName.DELETE, ActName.MUTE, ActName.BAN, ActName.LIKE}),
        undoable=frozenset({ActName.MUTE, ActName.BAN, ActName.LIKE}),
        ends=frozenset({ActName.MUTE}),
        text_limit=LIMIT,
        refetches=20,
        metrics=frozenset({Metric.REACTIONS}),
        allows_training=False,
        because={
            "allows_training": N_("Discord's terms forbid training on messages."),
            ActName.HIDE: N_("Discord cannot hide messages; delete them instead."),
            ActName.BLOCK: N_("A bot cannot block; ban the person from the server instead."),
            ActName.REPORT: N_("Bots cannot report."),
            ActName.MARK_SPAM: N_("Discord has no spam folder; delete the message and ban its author."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_(
                "Open discord.com/developers/applications, choose New Application, then Bot, then Reset Token; copy it."
            ),
            N_("On the same page switch on Message Content Intent; without it all messages are empty."),
            N_(
                "Under OAuth2, URL Generator: scope bot, with View Channels, Read Message History, Send Messages, Send "
                "Messages in Threads, Add Reactions, Manage Messages, Moderate Members and Ban Members. Open the address it "
                "shows and choose the server."
            ),
            N_("In Discord: Settings, Advanced, Developer Mode; then right-click the server, Copy Server ID."),
        ),
        gate=N_("None below 10,000 people; above, Discord reviews the Message Content Intent every year."),
        page="https://discord.com/developers/docs/quick-start/getting-started",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(50, 1),)
    retention: ClassVar[Retention] = Retention(
        because=N_("What is no longer needed must be deleted, as must what people ask.")
    )

    def check(self) -> Account:
        """Ask who the bot is, whether it may read messages, and look at the server."""
        with self._open() as api:
            me, about = mapping(api.get("/users/@me")), mapping(api.get("/applications/@me"))
            try:
                guild = mapping(api.get(f"/guilds/{self.settings.guild}"))
            except (Gone, Forbidden):
                raise NeedsPerson(
                    N_("The bot is not a member of this server; open the invitation of step 3.")
                ) from None
            if not number(me.get("id")) or not guild.get("name"):
                raise Passing(N_("Discord does not say which bot this is."))
            flags = about.get("flags")
            reads = not isinstance(flags, int) or bool(flags & CONTENT_FLAGS)
            self.surroundings.memory.save({**self.surroundings.memory.load(), "our_id": me["id"], "reads": reads})
            if not reads:
                raise NeedsPerson(N_("The bot may not read messages: switch on its Message Content Intent (step 2)."))
            latest = self._latest(api, me["id"])
        address = f"https://discord.com/channels/{self.settings.guild}"
        return Account(f"{guild['name']} ({me.get('username')})", self.settings.guild, address, latest)

    def streams(self) -> Sequence[StreamSpec]:
        """The whole server is one: two calls tell which channels have something new."""
        return (StreamSpec("messages", every=60),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """New messages of all channels and open threads."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            chosen = watch_words(self.settings.channels)
            for batch in poll_guild(api, self.settings.guild, self._us(api), chosen, known, since):
                yield replace(batch, messages=list(with_pictures(batch.messages, self.surroundings)))

    def refetch(self, known: Sequence[Known]) -> Batch:
        """One by one, as Discord gives them."""
        messages: list[IncomingMessage] = []
        gone: list[Deletion] = []
        with self._open() as api:
            our_id = self._us(api)
            for each in known:
                channel = words(each.handle.get("channel_id"))
                if not number(channel) or not number(each.external_id):
                    continue
                try:
                    raw = mapping(api.get(f"/channels/{channel}/messages/{each.external_id}"))
                except Gone:
                    gone.append(Deletion(each.external_id))
                except Forbidden:
                    continue
                else:
                    messages += [] if shows_nothing(raw) else self._read([raw], our_id, each.thread_id)
        return Batch(messages, gone)

    def reread(self, raw: str) -> Batch:
        """Its channel and its conversation were kept with it. Pictures keep their address, which may have ended."""
        our_id, guild = words(self.surroundings.memory.load().get("our_id")), self.settings.guild
        return read_in_place(raw, lambda item, place: read_placed(item, place, guild=guild, our_id=our_id))

    def length(self, text: str) -> int:
        """Characters, with those that mark signs as signs."""
        return len(as_markdown(text))

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer below the message; nobody but its author is called by it, whatever stands in the text."""
        self.validate(reply)
        channel = str(reply.parent_handle.get("channel_id") or "")
        body = {
            "content": as_markdown(reply.text),
            "message_reference": {"message_id": reply.parent_id, "fail_if_not_exists": False},
            "allowed_mentions": {"parse": [], "replied_user": True},
            # Discord drops a repeat with the same nonce for some minutes.
            "nonce": hashlib.sha256(reply.key.encode()).hexdigest()[:25],
            "enforce_nonce": True,
        }
        with self._open() as api:
            sent = mapping(allowed(api, "POST", f"/channels/{segment(channel)}/messages", body))
        if not number(sent.get("id")):
            raise OutcomeUnknown(N_("Discord does not say what became of the answer; it may have been accepted."))
        return Receipt(sent["id"], f"https://discord.com/channels/{self.settings.guild}/{channel}/{sent['id']}")

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look behind the message for our own words, from when the answer was written."""
        channel = segment(str(reply.parent_handle.get("channel_id") or ""))
        begun = snowflake(reply.created_at - AHEAD) if reply.created_at else "0"
        after = max(begun, reply.parent_id, key=number)
        with self._open() as api:
            our_id = self._us(api)
            for _ in range(PAGES):
                page = listed(api.get(f"/channels/{channel}/messages", {"after": after, "limit": 100}))
                for message in self._read(page, our_id, reply.thread_id):
                    if message.parent_id == reply.parent_id and is_our_answer(message, reply):
                        return Receipt(message.external_id, message.url)
                newest = max((words(mapping(raw).get("id")) for raw in page), key=number, default="")
                if len(page) < 100 or number(newest) <= number(after):
                    return None
                after = newest
        raise Passing(N_("Too much was written since to tell whether the answer arrived; look into the channel."))

    def act(self, act: Act) -> Receipt:
        """Delete or like the message; time out or ban its author."""
        if act.name not in self.capabilities.acts or (act.undo and act.name not in self.capabilities.undoable):
            return super().act(act)
        method, path, body = call_for(act, self.settings.guild)
        with self._open() as api:
            try:
                allowed(api, method, path, body, reason=act.reason)
            except Gone:
                # Somebody was quicker, except where the person is no member any more.
                if act.name is ActName.MUTE:
                    raise
        return Receipt(act.message_id)

    def describe(self) -> Capabilities:
        """As declared; the bot's rights show when it acts."""
        if self.surroundings.memory.load().get("reads", True):
            return self.capabilities
        words = N_("The bot may not read messages: switch on its Message Content Intent.")
        return replace(self.capabilities, because={**self.capabilities.because, "polls": words})

    def _latest(self, api: JsonApi, our_id: str) -> Sequence[IncomingMessage]:
        """The last messages of the channel that was written in last, if the bot may read it."""
        places = open_channels(api, self.settings.guild, watch_words(self.settings.channels), None)
        last = max(places, key=lambda place: number(place.get("last_message_id")), default=None)
        try:
            page = listed(api.get(f"/channels/{last['id']}/messages", {"limit": 3})) if last else []
        except (Forbidden, Gone):
            return ()
        return self._read(page, our_id, "")

    def _read(self, page: Sequence[Any], our_id: str, thread_id: str) -> Sequence[IncomingMessage]:
        """What can be read of these messages, as of one conversation."""
        guild = self.settings.guild
        return read_each(page, lambda raw: [message_of(raw, guild=guild, our_id=our_id, thread_id=thread_id)]).messages

    def _us(self, api: JsonApi) -> str:
        memory = self.surroundings.memory.load()
        if not memory.get("our_id"):
            memory = {**memory, "our_id": str(mapping(api.get("/users/@me")).get("id") or "")}
            self.surroundings.memory.save(memory)
        return str(memory["our_id"])

    def _open(self) -> JsonApi:
        return JsonApi(self.surroundings, API, {"Authorization": f"Bot {self.settings.token.get_secret_value()}"})
