"""Mastodon and servers that speak its API: mentions, replies and direct posts in; answers, blocks, mutes, reports out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from inbox.clock import now
from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    ActName,
    Batch,
    Capabilities,
    ChannelConnector,
    Gone,
    Group,
    Guide,
    IncomingMessage,
    Known,
    Metric,
    OutcomeUnknown,
    OutgoingReply,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
    Unit,
)
from inbox.connectors.json_api import mapping, segment
from inbox.connectors.lenient import web_address, words
from inbox.connectors.mastodon_api import MastodonApi
from inbox.connectors.mastodon_ask import ask_above, ask_again
from inbox.connectors.mastodon_find import find_answer
from inbox.connectors.mastodon_poll import VERSION, poll_mentions, poll_threads
from inbox.connectors.mastodon_read import URL_LENGTH, count_length, mentions, message_of, read_placed
from inbox.connectors.mastodon_watch import AT_ONCE
from inbox.connectors.mastodon_words import poll_word
from inbox.connectors.one_word import AccessToken
from inbox.connectors.read_each import Place, read_each, read_in_place
from inbox.connectors.server_address import ServerAddress
from inbox.connectors.watch_words import WordList, stream_names, word_of


class MastodonSetup(Setup):
    """A server, and a token made there."""

    server: ServerAddress = Field(
        title=N_("Server"), description=N_("For example mastodon.social"), min_length=3, max_length=300
    )
    access_token: AccessToken = Field(
        title=N_("Access token"),
        description=N_("On your server: Preferences, Development, New application, with the rights read and write."),
    )
    watch: WordList = Field(
        "",
        title=N_("Words to watch for"),
        description=N_("Hashtags (#garden), and words where the server has a search. Separated with commas."),
        max_length=2_000,
    )


class Mastodon(ChannelConnector):
    """One account on one server."""

    kind: ClassVar[str] = "mastodon"
    label: ClassVar[str] = "Mastodon"
    about: ClassVar[str] = N_("Mentions and direct messages of an account, on Mastodon and servers that speak its API.")
    group: ClassVar[Group] = Group.SOCIAL
    setup: ClassVar[type[Setup]] = MastodonSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        threads=True,
        refetches=AT_ONCE,
        watches=True,
        acts=frozenset({ActName.LIKE, ActName.BLOCK, ActName.MUTE, ActName.REPORT}),
        undoable=frozenset({ActName.LIKE, ActName.BLOCK, ActName.MUTE}),
        ends=frozenset({ActName.MUTE}),
        text_limit=500,
        text_unit=Unit.GRAPHEMES,
        metrics=frozenset({Metric.LIKES, Metric.SHARES, Metric.REPLIES}),
        because={
            ActName.HIDE: N_("Mastodon cannot hide what others wrote."),
            ActName.DELETE: N_("Only the moderators of a server can delete what others wrote."),
            ActName.MARK_SPAM: N_("Mastodon has no spam folder; report it instead."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("On your server, open Preferences, Development, New application."),
            N_("Give it a name and the rights read and write; save, and open it again."),
            N_("Copy your access token into this form."),
        ),
        page="https://docs.joinmastodon.org/client/token/",
    )

    def describe(self) -> Capabilities:
        """Servers choose their own limit of length."""
        limit = mapping(self.surroundings.memory.load().get("us")).get("limit")
        return (
            replace(self.capabilities, text_limit=limit) if isinstance(limit, int) and limit > 0 else self.capabilities
        )

    def check(self) -> Account:
        """Sign in and look; the token must be able to read notifications."""
        with self._open() as api:
            us = api.us(anew=True)
            raw = api.get("/api/v1/notifications", {"types[]": "mention", "limit": 3})
            statuses = [mapping(item).get("status") for item in raw[:3]] if isinstance(raw, list) else []
            latest = read_each(filter(None, statuses), lambda item: [message_of(item, domain=us.domain, our_id=us.id)])
            return Account(f"@{us.handle}", us.id, us.url, latest.messages)

    def streams(self) -> Sequence[StreamSpec]:
        """Mentions (direct posts among them), the threads below our own posts, and one for each word."""
        watched = (StreamSpec(name, every=300) for name in stream_names(self.settings.watch))
        return (StreamSpec("mentions", every=60), StreamSpec("threads", every=600), *watched)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """New messages, and once an hour what was edited or deleted among the last 200 of the stream."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            us = api.us()
            if word := word_of(stream):
                yield from poll_word(api, us, word, known, since)
            else:
                yield from (poll_threads if stream == "threads" else poll_mentions)(api, us, known, since)

    def refetch(self, known: Sequence[Known]) -> Batch:
        """All at once where the server can, else one by one."""
        with self._open() as api:
            return ask_again(api, api.us(), known)

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """Each with its whole thread above."""
        with self._open() as api:
            return ask_above(api, api.us(), orphans)

    def reread(self, raw: str) -> Batch:
        """A post, alone or in the notification that told of it; its thread was kept with it."""
        us = mapping(self.surroundings.memory.load().get("us"))

        def read(kept: Any, place: Place) -> Sequence[IncomingMessage]:
            post = mapping(kept).get("status") or kept
            return read_placed(post, place, domain=words(us.get("domain")), our_id=words(us.get("id")))

        return read_in_place(raw, read)

    def length(self, text: str) -> int:
        """Graphemes; each URL counts 23, and of `@name@domain` only `@name`."""
        us = mapping(self.surroundings.memory.load().get("us"))
        return count_length(text, int(us.get("url_length") or URL_LENGTH))

    def validate(self, reply: OutgoingReply) -> None:
        """Too long, or empty; the author's name goes along and counts."""
        super().validate(reply)
        body, limit = answer_to(reply), self.describe().text_limit
        length = self.length(body["status"] + body.get("spoiler_text", ""))
        if length > limit:
            raise Refused(
                N_(
                    "With the author's name the answer has %(length)s characters; this server takes %(limit)s.",
                    length=length,
                    limit=limit,
                )
            )

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer in the thread, never wider than what is answered, and name its author so that they are told."""
        with self._open() as api:
            us = api.us()
            self.validate(reply)
            body = answer_to(reply)
            # Servers drop a repeat with the same key for an hour, if they know this header at all.
            sent = mapping(api.post("/api/v1/statuses", body, {"Idempotency-Key": reply.key}))
        if not sent.get("id"):
            raise OutcomeUnknown(
                N_("%(domain)s does not say what became of the answer; it may have been accepted.", domain=us.domain)
            )
        return Receipt(str(sent["id"]), web_address(str(sent.get("url") or sent.get("uri") or "")))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look below what was answered, and among our own latest posts."""
        with self._open() as api:
            return find_answer(api, api.us(), reply, answer_to(reply)["status"])

    def act(self, act: Act) -> Receipt:
        """Like the message, block or mute its author, or report it to the moderators of our server."""
        account_id = str(act.handle.get("account_id") or act.author_id)
        with self._open() as api:
            if act.name in {ActName.BLOCK, ActName.MUTE}:
                verb = f"un{act.name}" if act.undo else str(act.name)
                api.post(f"/api/v1/accounts/{segment(account_id)}/{verb}", _for_a_time(act))
            elif act.name is ActName.LIKE:
                status_id = str(act.handle.get("status_id") or act.message_id)
                api.post(f"/api/v1/statuses/{segment(status_id)}/{'un' if act.undo else ''}favourite", {})
            elif act.name is ActName.REPORT and not act.undo:
                body = {"account_id": account_id, "status_ids": [act.message_id], "comment": act.reason[:1_000]}
                try:
                    api.post("/api/v1/reports", body)
                except Gone:
                    raise Refused(N_("This server takes no reports; block or mute the author instead.")) from None
            else:
                return super().act(act)
        return Receipt(external_id=account_id)

    def _open(self) -> MastodonApi:
        return MastodonApi(self.settings.server, self.settings.access_token.get_secret_value(), self.surroundings)


def _for_a_time(act: Act) -> dict[str, int]:
    # A moment that has passed while the act waited would mean for ever.
    return {"duration": max(60, round((act.until - now()).total_seconds()))} if act.until and not act.undo else {}


def answer_to(reply: OutgoingReply) -> dict[str, Any]:
    """What is posted for a reply. Raises Refused when the message does not say what to answer."""
    handle = reply.parent_handle
    parent = str(handle.get("status_id") or reply.parent_id)
    if not parent:
        raise Refused(N_("The message does not say what to answer; answer it on Mastodon."))
    acct, text = str(handle.get("acct") or ""), reply.text
    body: dict[str, Any] = {
        # A reply by itself tells nobody; only those who are named in it are told.
        "status": text if not acct or mentions(text, acct) else f"@{acct} {text}",
        "in_reply_to_id": parent,
        # The server's own word for who may read, so that it is never wider; unknown is as narrow as can be.
        "visibility": handle.get("visibility") or "direct",
    }
    if handle.get("spoiler_text"):
        body["spoiler_text"] = handle["spoiler_text"]
    if reply.language:
        body["language"] = reply.language
    return body
