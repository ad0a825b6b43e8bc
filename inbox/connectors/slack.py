"""Slack, through an app that a workspace makes for itself: what is written where the app is a member in; answers out."""

import hashlib
import hmac
import json
import time
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
    Guide,
    Known,
    OutcomeUnknown,
    OutgoingReply,
    Passing,
    Rate,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
)
from inbox.connectors.json_api import listed, mapping
from inbox.connectors.lenient import words
from inbox.connectors.slack_api import SlackApi
from inbox.connectors.slack_poll import VERSION, poll_workspace
from inbox.connectors.slack_read import Said, marked, message_of, name_of
from inbox.connectors.watch_words import watch_words

LIMIT = 4_000  # Slack cuts at 40,000 and recommends this
WINDOW_SECONDS = 300
SCOPES = ("channels:history", "channels:read", "chat:write", "groups:history", "groups:read", "im:history", "im:read",
          "reactions:write", "users:read")  # fmt: skip


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
    setup: ClassVar[type[Setup]] = SlackSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=True,
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        acts=frozenset({ActName.LIKE}),
        undoable=frozenset({ActName.LIKE}),
        text_limit=LIMIT,
        refetches=20,
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
            N_("Print the app's description with: trellis connectors --manifest slack"),
            N_("Open api.slack.com/apps, choose Create New App, From a manifest, the workspace, and paste it."),
            N_("Install the app into the workspace; copy the Bot User OAuth Token (xoxb-…)."),
            N_("In Slack, invite the app into each channel it shall hear: /invite @Trellis."),
            N_("To hear of messages at once: copy the Signing Secret from Basic Information, and under Event "
               "Subscriptions enter the address that the channel's page shows."),
        ),
        gate=N_("None, because the app is the workspace's own. Free workspaces show the last 90 days only."),
        page="https://docs.slack.dev/app-manifests/",
    )  # fmt: skip
    rates: ClassVar[Sequence[Rate]] = (
        Rate(50, 60, "conversations.history"),
        Rate(50, 60, "conversations.replies"),
        Rate(20, 60, "conversations.list"),
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
        """Sign in, and see which scopes the token has."""
        with self._open() as api:
            us = api.sign_in()
            rooms = api.rooms(watch_words(self.settings.channels))
        if not us.get("team_id"):
            raise Passing("Slack does not say whose workspace this is.")
        name = f"{us.get('team')} ({len(rooms)})" if rooms else f"{us.get('team')}"
        return Account(name, f"{us['team_id']}", words(us.get("url")))

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
            yield from poll_workspace(api, watch_words(self.settings.channels), known, since)
            api.remember()

    def refetch(self, known: Sequence[Known]) -> Batch:
        """One by one: a message is where its time is."""
        messages, gone = [], []
        with self._open() as api:
            for each in known:
                channel, ts = words(each.handle.get("channel")), words(each.handle.get("ts"))
                thread = words(each.handle.get("thread_ts")) or ts
                method = "conversations.history" if thread == ts else "conversations.replies"
                query = {"channel": channel, "latest": ts, "oldest": ts, "inclusive": True, "limit": 2}
                answer = api.ask_slack(method, {**query, **({} if thread == ts else {"ts": thread})})
                raw = next((raw for raw in listed(answer.get("messages")) if mapping(raw).get("ts") == ts), None)
                if raw is None or Said.model_validate(raw).subtype == "tombstone":
                    gone.append(Deletion(each.external_id))
                else:
                    is_direct = bool(each.handle.get("is_direct"))
                    messages.append(self._message(api, raw, channel, "", is_direct=is_direct))
        return Batch(messages, gone)

    def receive(self, headers: Mapping[str, str], body: bytes) -> Batch:
        """An event, or Slack's question whether this address is ours."""
        self._require_signed(headers, body)
        try:
            sent = mapping(json.loads(body))
        except (ValueError, RecursionError):
            raise Refused("The delivery is not JSON.") from None
        if sent.get("type") == "url_verification":
            return Batch(answer=words(sent.get("challenge"))[:500])
        event = mapping(sent.get("event"))
        channel = words(event.get("channel"))
        if event.get("type") != "message" or not channel:
            return Batch(filtered=1)
        if event.get("subtype") == "message_deleted":
            return Batch(deletions=(Deletion(name_of(channel, words(event.get("deleted_ts")))),))
        raw = mapping(event.get("message")) if event.get("subtype") == "message_changed" else event
        if not Said.model_validate(raw).is_spoken:
            return Batch(filtered=1)
        with self._open() as api:
            is_direct = event.get("channel_type") == "im"
            return Batch((self._message(api, raw, channel, "", is_direct=is_direct),))

    def validate(self, reply: OutgoingReply) -> None:
        """Too long, or empty."""
        if not reply.text.strip() or len(reply.text) > LIMIT:
            raise Refused(f"A message has at least one and at most {LIMIT} characters on Slack.")

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer in the thread; in a direct channel, just below."""
        self.validate(reply)
        handle = reply.parent_handle
        body = {"channel": words(handle.get("channel")), "text": marked(reply.text), "unfurl_links": False}
        if not handle.get("is_direct"):
            body["thread_ts"] = words(handle.get("thread_ts"))
        with self._open() as api:
            sent = api.do("chat.postMessage", body)
        if not words(sent.get("ts")):
            raise OutcomeUnknown("Slack does not say what became of the answer; it may have been accepted.")
        return Receipt(name_of(words(sent.get("channel")) or str(body["channel"]), words(sent.get("ts"))))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look behind the message for our own words."""
        handle = reply.parent_handle
        channel, ts = words(handle.get("channel")), words(handle.get("ts"))
        query = {"channel": channel, "oldest": ts, "limit": 200}
        with self._open() as api:
            if not api.our_id:
                api.sign_in()
            if handle.get("is_direct"):
                answer = api.ask_slack("conversations.history", query)
            else:
                answer = api.ask_slack("conversations.replies", {**query, "ts": words(handle.get("thread_ts"))})
            for raw in listed(answer.get("messages")):
                said = Said.model_validate(raw)
                if said.user == api.our_id and said.text == marked(reply.text):
                    return Receipt(name_of(channel, said.ts))
        return None

    def act(self, act: Act) -> Receipt:
        """A thumb up, or taking it back."""
        if act.name is not ActName.LIKE:
            return super().act(act)
        body = {"channel": words(act.handle.get("channel")), "timestamp": words(act.handle.get("ts")), "name": "+1"}
        with self._open() as api:
            try:
                api.do("reactions.remove" if act.undo else "reactions.add", body)
            except Refused as error:
                if error.answer.get("error") not in {"already_reacted", "no_reaction"}:
                    raise
        return Receipt(act.message_id)

    def _message(self, api: SlackApi, raw: Mapping[str, Any], channel: str, title: str, *, is_direct: bool) -> Any:
        return message_of(raw, channel=channel, title=title, our_id=api.our_id, team_url=api.team_url,
                          name_of_person=api.name_of, is_direct=is_direct)  # fmt: skip

    def _require_signed(self, headers: Mapping[str, str], body: bytes) -> None:
        lowered = {name.lower(): value for name, value in headers.items()}
        at, given = lowered.get("x-slack-request-timestamp", ""), lowered.get("x-slack-signature", "")
        secret = self.settings.signing_secret.get_secret_value()
        if not secret:
            raise Refused("No signing secret is set; copy it from the app's Basic Information.")
        if not at.isdecimal() or abs(time.time() - int(at)) > WINDOW_SECONDS:
            raise Refused("The delivery is too old, or its time is missing.")
        expected = "v0=" + hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
            raise Refused("The delivery's signature is missing or wrong.")

    def _open(self) -> SlackApi:
        return SlackApi(self.settings.token.get_secret_value(), self.surroundings)
