"""Discourse, through an API key: what is written in a forum and to our account in; answers, and moderation by staff, out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

from inbox.clock import now
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
    OutcomeUnknown,
    OutgoingReply,
    Passing,
    Rate,
    Receipt,
    Refused,
    Setup,
    StreamSpec,
)
from inbox.connectors.discourse_api import DiscourseApi
from inbox.connectors.discourse_poll import VERSION, poll_posts, poll_private, posts_of
from inbox.connectors.discourse_read import REGULAR, Post, read_placed
from inbox.connectors.handles import number_in
from inbox.connectors.http import Forbidden
from inbox.connectors.json_api import mapping, segment
from inbox.connectors.lenient import dicts
from inbox.connectors.markdown_words import as_markdown
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_each import Place, name_of, read_each, read_in_place
from inbox.connectors.server_address import ServerAddress
from inbox.connectors.signed_body import require_signed

LIMIT = 32_000
FOR_EVER = timedelta(days=365 * 100)
LIKED, SPAM, TO_MODERATORS = 2, 8, 7
FLAGS = {ActName.LIKE: LIKED, ActName.MARK_SPAM: SPAM, ActName.REPORT: TO_MODERATORS}
PRIVATE = "private_message"
STAFF_ONLY = (ActName.DELETE, ActName.LOCK, ActName.MUTE, ActName.BAN)


class DiscourseSetup(Setup):
    """A forum, and a key made there."""

    server: ServerAddress = Field(
        title=N_("Forum"), description=N_("For example forum.example.org"), min_length=3, max_length=300
    )
    username: str = Field(
        title=N_("Account"), description=N_("The account that answers."), min_length=1, max_length=100
    )
    api_key: SecretStr = Field(title=N_("API key"), description=N_("In the forum: Admin, API, New API key."))
    webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        title=N_("Secret of the webhook"),
        description=N_("Only needed to hear of posts at once instead of within a minute."),
    )

    @field_validator("api_key")
    @classmethod
    def one_word(cls, value: SecretStr) -> SecretStr:
        word = value.get_secret_value().strip()
        if not word.isascii() or not word.isalnum():
            raise ValueError(N_("is not an API key"))
        return SecretStr(word)


class Discourse(ChannelConnector):
    """One account in one forum."""

    kind: ClassVar[str] = "discourse"
    label: ClassVar[str] = "Discourse"
    about: ClassVar[str] = N_("Topics and posts of a Discourse forum.")
    group: ClassVar[Group] = Group.FORUM
    setup: ClassVar[type[Setup]] = DiscourseSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=True,
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        threads=True,
        acts=frozenset({*STAFF_ONLY, ActName.MARK_SPAM, ActName.REPORT, ActName.LIKE}),
        undoable=frozenset({ActName.LOCK, ActName.MUTE, ActName.BAN}),
        ends=frozenset({ActName.MUTE, ActName.BAN}),
        text_limit=LIMIT,
        refetches=20,
        metrics=frozenset({Metric.VIEWS, Metric.LIKES, Metric.REPLIES}),
        because={
            ActName.HIDE: N_("Discourse hides posts that were flagged often enough; delete it, or flag it."),
            ActName.BLOCK: N_("In a forum people are silenced or suspended instead."),
            ActName.HOLD: N_("Discourse holds posts by its own rules only."),
            ActName.APPROVE: N_("What Discourse holds for review is not offered to programs in a documented way."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("In the forum, as an admin: Admin, Advanced, API keys, New API key."),
            N_(
                "User level: Single user, and the account that shall answer. Scope: Global (or at least topics, posts, users)."
            ),
            N_("Copy the key; it is shown once."),
            N_(
                "To hear of posts at once: Admin, Webhooks, with the address that the channel's page shows, and a secret."
            ),
        ),
        gate=N_("An admin of the forum must make the key."),
        page="https://meta.discourse.org/t/230124",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(60, 60),)

    def check(self) -> Account:
        """Ask who the account is; staff may do more."""
        with self._open() as api:
            user = mapping(mapping(api.get(f"/u/{segment(self.settings.username)}.json")).get("user"))
            raw = mapping(api.get("/posts.json")).get("latest_posts")
        if not user.get("id"):
            raise Passing(N_("The forum does not say whose account this is."))
        is_staff = bool(user.get("moderator") or user.get("admin"))
        self.surroundings.memory.save({**self.surroundings.memory.load(), "is_staff": is_staff})
        latest = read_each((raw if isinstance(raw, list) else [])[:3], lambda post: [self._read(post)]).messages
        name = f"{user.get('username')}@{self.settings.server.partition('://')[2]}"
        return Account(name, f"{user['id']}", f"{self.settings.server}/u/{user.get('username')}", latest)

    def describe(self) -> Capabilities:
        """Without the acts of staff where the account is none."""
        if self.surroundings.memory.load().get("is_staff", True):
            return self.capabilities
        words = N_("The account is not a moderator of this forum.")
        declared = self.capabilities
        return replace(
            declared,
            acts=declared.acts - set(STAFF_ONLY),
            undoable=declared.undoable - set(STAFF_ONLY),
            because={**declared.because, **dict.fromkeys(STAFF_ONLY, words)},
        )

    def streams(self) -> Sequence[StreamSpec]:
        """What is written in the forum, and what is written to us."""
        return (StreamSpec("posts", every=60), StreamSpec("private", every=180))

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """New posts of all topics, or of our private messages."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            walk = poll_private if stream == "private" else poll_posts
            yield from walk(api, self.settings.server, self.settings.username, known, since)

    def refetch(self, known: Sequence[Known]) -> Batch:
        """Post by post; a forum has no list of chosen ones across topics."""
        found: list[Any] = []
        gone: list[Deletion] = []
        closed: Forbidden | None = None
        with self._open() as api:
            for each in known:
                try:
                    raw = mapping(api.get(f"/posts/{segment(each.external_id)}.json"))
                except Gone:
                    gone.append(Deletion(each.external_id))
                    continue
                except Forbidden as error:
                    closed = error
                    continue
                if raw.get("user_deleted") or raw.get("deleted_at"):
                    gone.append(Deletion(each.external_id))
                else:
                    found.append(raw)
        if closed and not found and not gone:
            # Not one post is for our eyes any more: it is the key.
            raise closed
        private = {each.external_id: bool(each.handle.get("is_private")) for each in known}

        def place(raw: Any) -> Place:
            return {"is_private": private.get(name_of(raw), False)}

        read = read_each(found, lambda raw: [self._read(raw, place(raw))], place)
        return Batch(read.messages, gone, read.bad)

    def receive(self, headers: Mapping[str, str], body: bytes) -> Batch:
        """A webhook of the forum: a post was made, edited or destroyed."""
        secret = self.settings.webhook_secret.get_secret_value()
        require_signed(headers, body, name="X-Discourse-Event-Signature", secret=secret)
        event = next((value for name, value in headers.items() if name.lower() == "x-discourse-event"), "")
        try:
            raw = mapping(mapping(json.loads(body)).get("post"))
            post = Post.model_validate(raw) if event.startswith("post_") else None
        except (ValueError, RecursionError):
            raise Refused(N_("The delivery is not a post of Discourse.")) from None
        if post is None or post.post_type != REGULAR or post.topic_archetype == PRIVATE:
            # A forum tells of all private messages; those to our account are polled.
            return Batch(filtered=1)
        if event == "post_destroyed" or post.is_gone:
            return Batch(deletions=(Deletion(post.id, post.deleted_at),))
        return Batch((self._read(raw),))

    def reread(self, raw: str) -> Batch:
        """What is known of its topic was kept with it, also that it is private."""
        return read_in_place(raw, lambda post, place: [self._read(post, place)])

    def length(self, text: str) -> int:
        """Characters, with those that mark signs as signs."""
        return len(as_markdown(text))

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer in the topic, below the post."""
        self.validate(reply)
        handle = reply.parent_handle
        topic, above = number_in(handle, "topic_id"), handle.get("post_number")
        body = {"raw": as_markdown(reply.text), "topic_id": topic}
        if isinstance(above, int) and above > 1:
            body["reply_to_post_number"] = above
        with self._open() as api:
            sent = api.do("POST", "/posts.json", body)
        if sent.get("action") == "enqueued":
            # The forum has taken it, and its staff will look at it first.
            return Receipt(url=f"{self.settings.server}/t/-/{topic}")
        try:
            message = self._read(sent)
        except ValueError:
            raise OutcomeUnknown(
                N_("The forum does not say what became of the answer; it may have been accepted.")
            ) from None
        return Receipt(message.external_id, message.url)

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look behind the post for our own words."""
        topic = number_in(reply.parent_handle, "topic_id")
        behind = int(reply.parent_id) if reply.parent_id.isdecimal() else 0
        with self._open() as api:
            posts = read_each(posts_of(api, topic, behind=behind), lambda raw: [self._read(raw)]).messages
        found = next((message for message in posts if is_our_answer(message, reply)), None)
        return Receipt(found.external_id, found.url) if found else None

    def act(self, act: Act) -> Receipt:
        """Delete, flag or like a post; close its topic; silence or suspend its author."""
        with self._open() as api:
            if act.name is ActName.DELETE and not act.undo:
                try:
                    api.do("DELETE", f"/posts/{segment(act.message_id)}.json")
                except Gone:
                    pass  # somebody was quicker
            elif act.name is ActName.LOCK:
                body: dict[str, Any] = {"status": "closed", "enabled": "false" if act.undo else "true"}
                api.do("PUT", f"/t/{number_in(act.handle, 'topic_id')}/status.json", body)
            elif act.name in FLAGS and not act.undo:
                self._flag(api, act)
            elif act.name in {ActName.MUTE, ActName.BAN}:
                self._punish(api, act)
            else:
                return super().act(act)
        return Receipt(act.message_id)

    def _flag(self, api: DiscourseApi, act: Act) -> None:
        if not act.message_id.isdecimal():
            raise Refused(N_("The message does not say which post it is."))
        kind = FLAGS[act.name]
        try:
            api.do("POST", "/post_actions.json", {"id": int(act.message_id), "post_action_type_id": kind})
        except Refused:
            # A second time is refused; the post itself tells whether there was a first.
            post = mapping(api.get(f"/posts/{act.message_id}.json"))
            if not any(each.get("id") == kind and each.get("acted") for each in dicts(post.get("actions_summary"))):
                raise

    def _punish(self, api: DiscourseApi, act: Act) -> None:
        person = number_in(act.handle, "person_id")
        verb, until = ("silence", "silenced_till") if act.name is ActName.MUTE else ("suspend", "suspend_until")
        if act.undo:
            api.do("PUT", f"/admin/users/{person}/un{verb}.json", {})
            return
        end = act.until or now() + FOR_EVER
        reason = act.reason[:300] or "Moderated in Trellis"
        api.do("PUT", f"/admin/users/{person}/{verb}.json", {until: end.isoformat(), "reason": reason})

    def _read(self, raw: Any, place: Place | None = None) -> IncomingMessage:
        return read_placed(raw, place or {}, server=self.settings.server, our_name=self.settings.username)

    def _open(self) -> DiscourseApi:
        key = self.settings.api_key.get_secret_value()
        return DiscourseApi(self.settings.server, self.settings.username, key, self.surroundings)
