"""Slack, through an app that a workspace makes for itself: what is written where the app is a member in; answers out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

from inbox.connectors.above import parents_of
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
from inbox.connectors.json_api import mapping
from inbox.connectors.lenient import dicts, words
from inbox.connectors.our_answer import AHEAD, is_our_answer
from inbox.connectors.read_each import read_each, read_in_place
from inbox.connectors.slack_api import SlackApi, is_error
from inbox.connectors.slack_events import event_of, message_in, require_signed
from inbox.connectors.slack_poll import VERSION, poll_workspace
from inbox.connectors.slack_read import marked, name_of
from inbox.connectors.slack_watch import again, window
from inbox.connectors.watch_words import watch_words

LIMIT = 4_000  # Slack cuts at 40,000 and recommends this
SCOPES = ("channels:history", "channels:read", "chat:write", "groups:history", "groups:read", "im:history", "im:read",
          "reactions:write", "users:read")  # fmt: skip
NEEDED = ("channels:history", "channels:read", "groups:history", "groups:read", "im:history", "im:read", "users:read")


class SlackSetup(Setup):
    """An app of the workspace's own."""

    token: SecretStr = Field(title=N_("Bot token"), description=N_("Starts with xoxb-."))
    signing_secret: SecretStr = Field(
        default=SecretStr(""),
        title=N_("Signing secret"),
        description=N_("Only needed to hear of messages at once instead of within a minute."),
    )
    channels: str = Field(
        "",
        title=N_("Channels"),
        description=N_("Names or IDs, separated with commas; empty: all where the app is a member."),
        max_length=2_000,
    )

    @field_validator("token")
    @classmethod
    def of_a_bot(cls, value: SecretStr) -> SecretStr:
        word = value.get_secret_value().strip()
        if not word.startswith("xoxb-") or not word.isascii() or not word.isprintable() or " " in word:
            raise ValueError(N_("is not a bot token; it starts with xoxb-"))
        return SecretStr(word)

    @field_validator("channels")
    @classmethod
    def names(cls, value: str) -> str:
        return ", ".join(word.removeprefix("#") for word in watch_words(value))


class Slack(ChannelConnector):
    """One app in one workspace."""

    kind: ClassVar[str] = "slack"
    label: ClassVar[str] = "Slack"
    about: ClassVar[str] = N_("Channels of a workspace, by an internal app.")
    group: ClassVar[Group] = Group.CHAT
    setup: ClassVar[type[Setup]] = SlackSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=True,
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        threads=True,
        acts=frozenset({ActName.LIKE}),
        undoable=frozenset({ActName.LIKE}),
        text_limit=LIMIT,
        refetches=20,
        metrics=frozenset({Metric.REACTIONS, Metric.REPLIES}),
        because={
            ActName.DELETE: N_("An app may delete its own messages only."),
            ActName.HIDE: N_("Slack cannot hide messages."),
            ActName.BAN: N_("Only Slack's Enterprise plan lets programs remove people."),
            ActName.BLOCK: N_("Slack knows no blocking."),
            ActName.MUTE: N_("Slack cannot mute people."),
            ActName.MARK_SPAM: N_("Slack has no spam folder."),
            ActName.REPORT: N_("Slack offers no reporting to programs."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("Copy the app's description; the form shows it, and so does: trellis connectors --manifest slack"),
            N_("Open api.slack.com/apps, choose Create New App, From a manifest, the workspace, and paste it."),
            N_("Install the app into the workspace; copy the Bot User OAuth Token (xoxb-…)."),
            N_("In Slack, invite the app into each channel it shall hear: /invite @Trellis."),
            N_("To hear of messages at once: copy the Signing Secret from Basic Information. Under Event Subscriptions "
               "enter the address that the channel's page shows, and subscribe to the bot events message.channels, "
               "message.groups and message.im."),
        ),
        gate=N_("None, because the app is the workspace's own. Free workspaces show the last 90 days only."),
        page="https://docs.slack.dev/app-manifests/",
    )  # fmt: skip
    rates: ClassVar[Sequence[Rate]] = (
        Rate(50, 60, "conversations.history"),
        Rate(50, 60, "conversations.replies"),
        Rate(20, 60, "users.conversations"),
        Rate(100, 60, "users.info"),
        Rate(60, 60, "chat.postMessage"),
    )

    @staticmethod
    def manifest(base_url: str) -> Mapping[str, Any]:
        """The app as Slack wants it described; events go to a channel's own address, so they are added later."""
        return {
            "display_information": {"name": "Trellis", "description": "One inbox for everything people say to us"},
            "features": {"bot_user": {"display_name": "Trellis", "always_online": False}},
            "oauth_config": {"scopes": {"bot": list(SCOPES)}},
            "settings": {"org_deploy_enabled": False, "socket_mode_enabled": False, "token_rotation_enabled": False},
        }

    def check(self) -> Account:
        """Sign in; see which scopes the token has, which channels the app is in, and what was said last."""
        with self._open() as api:
            us = api.sign_in()
            if not us.get("team_id"):
                raise Passing(N_("Slack does not say whose workspace this is."))
            if lacking := [scope for scope in NEEDED if us["scopes"] and scope not in us["scopes"]]:
                raise NeedsPerson(
                    N_(
                        "The app lacks the scopes %(scopes)s; add them and install the app again.",
                        scopes=", ".join(lacking),
                    )
                )
            rooms = api.rooms(self._chosen)
            if not rooms:
                where = N_("none of these channels") if self._chosen else N_("no channel")
                raise NeedsPerson(
                    N_("The app is in %(where)s yet; invite it in Slack with /invite, then check again.", where=where)
                )
            latest = self._latest(api, rooms)
            api.remember()
        return Account(f"{us.get('team')}", f"{us['team_id']}", words(us.get("url")), latest)

    def describe(self) -> Capabilities:
        """Without what the token's scopes do not allow."""
        scopes = mapping(self.surroundings.memory.load().get("us")).get("scopes")
        if not isinstance(scopes, list) or not scopes:
            return self.capabilities
        declared, because = self.capabilities, dict(self.capabilities.because)
        if "reactions:write" not in scopes:
            because[ActName.LIKE] = N_("The app lacks the scope reactions:write.")
            declared = replace(declared, acts=frozenset(), undoable=frozenset())
        if "chat:write" not in scopes:
            because["replies"] = N_("The app lacks the scope chat:write.")
            declared = replace(declared, replies=False)
        return replace(declared, because=because)

    def streams(self) -> Sequence[StreamSpec]:
        """The whole workspace is one; channels take turns, because Slack counts calls."""
        return (StreamSpec("messages", every=60),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """New messages, and new answers in threads."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            if not api.our_id:
                api.sign_in()
            try:
                yield from poll_workspace(api, self._chosen, known, since)
            finally:
                # Names are asked for one by one; those already known shorten the next try.
                api.remember()

    def refetch(self, known: Sequence[Known]) -> Batch:
        """One by one: a message is where its time is."""
        with self._open() as api:
            return again(api, known)

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """The first message of the thread."""
        first = parents_of(orphans, lambda each: {**each.reply_handle, "ts": each.reply_handle.get("thread_ts")})
        return self.refetch(first)

    def reread(self, raw: str) -> Batch:
        """Its channel and the names in it were kept with it."""
        with self._open() as api:
            return read_in_place(raw, api.read_again)

    def receive(self, headers: Mapping[str, str], body: bytes) -> Batch:
        """An event, or Slack's question whether this address is ours."""
        require_signed(headers, body, self.settings.signing_secret.get_secret_value())
        sent = event_of(body)
        if sent.get("type") == "url_verification":
            return Batch(answer=words(sent.get("challenge"))[:500])
        with self._open() as api:
            if not api.our_id:
                api.sign_in()
            batch = message_in(mapping(sent.get("event")), api, self._chosen)
            if batch.messages:
                api.remember()
            return batch

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer in the thread; in a direct channel, just below."""
        self.validate(reply)
        channel, _ts, thread = _place_of(reply.parent_handle)
        # Without markup, stars and underscores stay what they are.
        body: dict[str, Any] = {"channel": channel, "text": marked(reply.text), "mrkdwn": False, "unfurl_links": False}
        if thread:
            body["thread_ts"] = thread
        with self._open() as api:
            sent = api.do("chat.postMessage", body)
        if not words(sent.get("ts")):
            raise OutcomeUnknown(N_("Slack does not say what became of the answer; it may have been accepted."))
        return self._receipt(name_of(words(sent.get("channel")) or channel, words(sent.get("ts"))))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look behind the message for our own words."""
        channel, ts, thread = _place_of(reply.parent_handle)
        started = f"{(reply.created_at - AHEAD).timestamp():.6f}" if reply.created_at else ts
        with self._open() as api:
            if not api.our_id:
                api.sign_in()
            shown, is_all = window(api, channel, thread, oldest=started)
            for message in read_each(shown.values(), lambda raw: [api.message(raw, channel)]).messages:
                if is_our_answer(message, reply):
                    return self._receipt(message.external_id)
        if not is_all:
            raise Passing(N_("Too much was said there since to tell whether the answer arrived."))
        return None

    def act(self, act: Act) -> Receipt:
        """A thumb up, or taking it back."""
        if act.name is not ActName.LIKE:
            return super().act(act)
        channel, ts, _thread = _place_of(act.handle)
        body = {"channel": channel, "timestamp": ts, "name": "+1"}
        with self._open() as api:
            try:
                api.do("reactions.remove" if act.undo else "reactions.add", body)
            except Refused as error:
                if not is_error(error, "already_reacted", "no_reaction"):
                    raise
        return Receipt(act.message_id)

    @property
    def _chosen(self) -> Sequence[str]:
        return watch_words(self.settings.channels)

    def _latest(self, api: SlackApi, rooms: Sequence[Mapping[str, Any]]) -> Sequence[IncomingMessage]:
        """What was said last in the channel that changed last."""
        channel = str(max(rooms, key=lambda room: float(room.get("updated") or 0))["id"])
        page = api.ask_slack("conversations.history", {"channel": channel, "limit": 3}).get("messages")
        said = [raw for raw in dicts(page) if not raw.get("subtype")]
        return read_each(said, lambda raw: [api.message(raw, channel)]).messages

    def _receipt(self, name: str) -> Receipt:
        channel, _, ts = name.partition(":")
        team_url = words(mapping(self.surroundings.memory.load().get("us")).get("url"))
        return Receipt(name, f"{team_url}archives/{channel}/p{ts.replace('.', '')}" if team_url else "")

    def _open(self) -> SlackApi:
        return SlackApi(self.settings.token.get_secret_value(), self.surroundings)


def _place_of(handle: Mapping[str, Any]) -> tuple[str, str, str]:
    """Channel, time and thread (empty where a direct channel is the conversation). Raises Refused."""
    channel, ts, thread = (words(handle.get(name)) for name in ("channel", "ts", "thread_ts"))
    if not channel or not ts:
        raise Refused(N_("The message does not say where on Slack it is; it cannot be answered or acted on here."))
    return channel, ts, "" if handle.get("is_direct") else thread or ts
