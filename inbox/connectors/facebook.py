"""A Facebook page: comments, what others post there, and Messenger in; answers, hiding, deleting and blocking out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from inbox.connectors.above import parents_of
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
    NeedsPerson,
    OutcomeUnknown,
    OutgoingReply,
    Rate,
    Receipt,
    Refused,
    Retention,
    Setup,
    StreamSpec,
)
from inbox.connectors.facebook_delivered import read_delivery, read_kept
from inbox.connectors.facebook_poll import VERSION, poll_comments
from inbox.connectors.facebook_read import COMMENT, POST, comment_message, post_message
from inbox.connectors.json_api import mapping, segment, text_of
from inbox.connectors.lenient import words
from inbox.connectors.meta_again import one_by_one, see_place
from inbox.connectors.meta_api import NO_TRAINING, RETENTION, MetaApi, delivered, greeted
from inbox.connectors.meta_read import SAID, talk_message
from inbox.connectors.meta_setup import CLOSED, MetaSetup, page_token, still_open, token_for_page
from inbox.connectors.meta_talks import answer_talk, find_answer, poll_talks
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_each import read_each, read_in_place

LIMIT = 8_000
TALK_LIMIT = 2_000
COMMENT_ACTS = frozenset({ActName.HIDE, ActName.DELETE, ActName.LIKE})
NOT_SUBSCRIBED = N_("The page does not deliver to the app yet; until it is subscribed, it is asked every few minutes.")
NEEDED = {"comments": "pages_read_user_content", "messages": "pages_messaging"}


class FacebookSetup(MetaSetup):
    """A page, and an app of one's own."""

    page_id: str = Field(
        title=N_("Page ID"),
        description=N_("A number; on the page under About, Page transparency."),
        pattern=r"^\d{5,20}$",
    )
    answers_later: bool = Field(
        default=False,
        title=N_("The app has the Human Agent permission"),
        description=N_("Then Meta delivers answers in Messenger for 7 days instead of 24 hours."),
    )


class Facebook(ChannelConnector):
    """One page."""

    kind: ClassVar[str] = "facebook"
    label: ClassVar[str] = "Facebook"
    about: ClassVar[str] = N_("Comments and messages of a page.")
    group: ClassVar[Group] = Group.SOCIAL
    setup: ClassVar[type[Setup]] = FacebookSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=True,
        replies=True,
        tells_edits=True,
        threads=True,
        acts=COMMENT_ACTS | {ActName.BLOCK},
        undoable=frozenset({ActName.HIDE, ActName.LIKE, ActName.BLOCK}),
        text_limit=LIMIT,
        private_limit=TALK_LIMIT,
        refetches=10,
        metrics=frozenset({Metric.LIKES, Metric.REACTIONS, Metric.SHARES, Metric.REPLIES}),
        allows_training=False,
        because={
            "tells_deletes": N_("Facebook tells of deletions by its deliveries only; otherwise they are found later."),
            "window": CLOSED,
            "allows_training": NO_TRAINING,
            ActName.BAN: N_("On a page people are blocked instead."),
            ActName.MUTE: N_("Facebook knows no muting on pages."),
            ActName.MARK_SPAM: N_("Facebook sorts out spam by itself; hide or delete the comment."),
            ActName.HOLD: N_("Facebook has no queue of comments; hide the comment instead."),
            ActName.APPROVE: N_("Facebook has no queue of comments; unhide the comment instead."),
            ActName.LOCK: N_("Comments below a post can be closed on Facebook itself only."),
            ActName.REPORT: N_("Comments can be reported on Facebook itself only."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("At developers.facebook.com, make an app of the type Business, and add Messenger and Webhooks to it."),
            N_("In Business settings, make a system user, and give it the app and the page with full control."),
            N_(
                "Generate its token, without an end, with pages_show_list, pages_read_engagement, "
                "pages_read_user_content, pages_manage_engagement, pages_manage_metadata and pages_messaging."
            ),
            N_("Copy the token, the app secret and the page's number into this form."),
            N_("Under Webhooks, Page: enter the address that the channel's page shows and the verify token."),
            N_("There, and for the page itself under Messenger, subscribe to feed, messages and message_echoes."),
        ),
        gate=N_("None for one's own page with people who have a role in the app; else Meta's App Review."),
        page="https://developers.facebook.com/apps",
    )
    # 4,800 calls a day for every person who is engaged with the page; Meta tells in its answers how much is used.
    rates: ClassVar[Sequence[Rate]] = (Rate(200, 3_600),)
    retention: ClassVar[Retention] = RETENTION

    def describe(self) -> Capabilities:
        """Without what the token has no right for."""
        kept, can = self.surroundings.memory.load(), self.capabilities
        if kept.get("delivers") is False:
            can = replace(can, because={**can.because, "receives": NOT_SUBSCRIBED})
        granted = kept.get("granted")
        if not isinstance(granted, list) or "pages_manage_engagement" in granted:
            return can
        why = N_("The token lacks the right pages_manage_engagement.")
        return replace(
            can,
            replies="pages_messaging" in granted,
            acts=can.acts - COMMENT_ACTS,
            undoable=can.undoable - COMMENT_ACTS,
            because={**can.because, **dict.fromkeys((*COMMENT_ACTS, "replies"), why)},
        )

    def check(self) -> Account:
        """Ask who the page is, what the token may do, and for the page's own token."""
        name, own = self.settings.page_id, self.settings.access_token.get_secret_value()
        with self._open(own) as api:
            page = mapping(api.get(f"/{name}", {"fields": "id,name,link,access_token"}))
            granted = api.granted()
        page_only = page_token(own, page)
        if granted is not None and "pages_read_engagement" not in granted:
            raise NeedsPerson(N_("The token lacks the right pages_read_engagement; generate one that has it."))
        memory = self.surroundings.memory
        memory.save({**memory.load(), **page_only, "granted": granted})
        with self._open() as api:
            posts = api.page(f"/{name}/feed", {"fields": POST, "limit": 5}).rows
            delivers = _delivers(api, name)
        memory.save({**memory.load(), "delivers": delivers})
        latest = read_each(
            [row for row in posts if mapping(mapping(row).get("from")).get("id") != name],
            lambda row: [post_message(row, page_id=name)],
        )
        return Account(text_of(page.get("name")) or name, name, words(page.get("link")), latest.messages[:3])

    def streams(self) -> Sequence[StreamSpec]:
        """Comments, and Messenger where the token may read it."""
        granted = self.surroundings.memory.load().get("granted")
        both = (StreamSpec("comments", every=300), StreamSpec("messages", every=180))
        if not isinstance(granted, list):
            return both
        return [stream for stream in both if NEEDED[stream.name] in granted] or both[:1]

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Newest first until known, below each post or in each conversation that has changed."""
        known, page_id = cursor if cursor and cursor.get("v") == VERSION else {}, self.settings.page_id
        with self._open() as api:
            if stream == "messages":
                yield from poll_talks(api, (page_id,), known, since, platform="MESSENGER", owner=page_id)
            else:
                yield from poll_comments(api, page_id, known, since)

    def refetch(self, known: Sequence[Known]) -> Batch:
        """One by one, as they are now."""
        with self._open() as api:
            return one_by_one(known, lambda each: self._again(api, each))

    def _again(self, api: MetaApi, known: Known) -> Sequence[IncomingMessage]:
        handle, page_id = known.handle, self.settings.page_id
        fields = SAID if handle.get("person_id") else POST if handle.get("is_post") else COMMENT
        raw = mapping(api.get(f"/{segment(known.external_id)}", {"fields": fields}))
        if person := words(handle.get("person_id")):
            return read_each([raw], lambda row: [talk_message(row, ours=(page_id,), person_id=person)]).messages
        if handle.get("is_post"):
            return read_each([raw], lambda row: [post_message(row, page_id=page_id)]).messages
        post = {"message": words(handle.get("about"))}
        return read_each([raw], lambda row: [comment_message(row, page_id=page_id, post=post)]).messages

    def reach(self, known: Sequence[Known]) -> None:
        """The page's comments, and its talks."""
        page = f"/{self.settings.page_id}"
        with self._open() as api:
            see_place(api, known, posts=f"{page}/feed", talks=f"{page}/conversations", platform="messenger")

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """The comment that began the thread."""
        return self.refetch(parents_of(orphans, lambda orphan: {"about": orphan.reply_handle.get("about")}))

    def greet(self, query: Mapping[str, str]) -> str:
        """Meta asks once whether deliveries are expected here."""
        return greeted(query, self.settings.verify_token.get_secret_value())

    def receive(self, headers: Mapping[str, str], body: bytes) -> Batch:
        """Comments, posts of others and messages as they happen."""
        entries = delivered(headers, body, self.settings.app_secret.get_secret_value(), "page")
        return read_delivery(entries, self.settings.page_id)

    def reread(self, raw: str) -> Batch:
        """A comment, post or message; what a comment is about, and with whom a conversation is, was kept with it."""
        return read_in_place(raw, partial(read_kept, page_id=self.settings.page_id))

    def validate(self, reply: OutgoingReply) -> None:
        """Too long, empty, or too late."""
        limit = TALK_LIMIT if reply.parent_handle.get("person_id") else LIMIT
        if not reply.text.strip() or len(reply.text) > limit:
            gaps = {"limit": limit, "length": len(reply.text)}
            raise Refused(N_("An answer has between 1 and %(limit)s characters here; this one has %(length)s.", **gaps))
        if reply.parent_handle.get("person_id"):
            still_open(reply.parent_handle, by_people=self.settings.answers_later)

    def send(self, reply: OutgoingReply) -> Receipt:
        """Below the comment or post in public, or to the person in Messenger."""
        self.validate(reply)
        handle = reply.parent_handle
        with self._open() as api:
            if handle.get("person_id"):
                sent = answer_talk(api, self.settings.page_id, reply, by_people=self.settings.answers_later)
            else:
                path = f"/{segment(words(handle.get('thread_id')))}/comments"
                sent = text_of(api.post(path, {"message": reply.text}).get("id"))
        if not sent:
            raise OutcomeUnknown(N_("Facebook does not say what became of the answer; it may have been accepted."))
        return Receipt(sent)

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look for our own words in the thread, or in the conversation with the person."""
        handle, page_id = reply.parent_handle, self.settings.page_id
        with self._open() as api:
            if handle.get("person_id"):
                talk = find_answer(api, reply, ours=(page_id,), platform="MESSENGER", owner=page_id)
                return Receipt(talk.external_id) if talk else None
            query = {"filter": "stream", "order": "reverse_chronological", "limit": 100, "fields": COMMENT}
            rows = api.page(f"/{segment(words(handle.get('thread_id')))}/comments", query).rows
        found = read_each(rows, lambda row: [comment_message(row, page_id=page_id, post={})])
        ours = (message for message in found.messages if is_our_answer(message, reply))
        return next((Receipt(message.external_id) for message in ours), None)

    def act(self, act: Act) -> Receipt:
        """Hide, delete or like a comment; block its author, from the page or in Messenger."""
        handle = act.handle
        if act.name not in self.capabilities.acts or (act.undo and act.name not in self.capabilities.undoable):
            return super().act(act)
        with self._open() as api:
            if act.name is ActName.BLOCK:
                self._block(api, act)
                return Receipt(act.author_id)
            path = f"/{segment(words(handle.get('comment_id')))}"
            if act.name is ActName.HIDE:
                if handle.get("can_hide") is False or handle.get("is_post"):
                    raise Refused(N_("Facebook does not let the page hide this; delete it instead."))
                api.post(path, {"is_hidden": not act.undo})
            elif act.name is ActName.LIKE:
                api.erase(f"{path}/likes") if act.undo else api.post(f"{path}/likes")
            else:
                try:
                    api.erase(path)
                except Gone:
                    pass  # somebody was quicker
        return Receipt(act.message_id)

    def _block(self, api: MetaApi, act: Act) -> None:
        if not act.author_id:
            raise Refused(N_("Facebook does not say who wrote this; block the person on Facebook."))
        page_id = self.settings.page_id
        if person := words(act.handle.get("person_id")):
            verb = "UNBLOCK_USER" if act.undo else "BLOCK_USER"
            api.post(f"/{page_id}/moderate_conversations", {"user_ids": [{"id": person}], "actions": [verb]})
        elif act.undo:
            api.erase(f"/{page_id}/blocked", {"user": int(act.author_id)})
        else:
            api.post(f"/{page_id}/blocked", {"user": [act.author_id]})

    def _open(self, token: str = "") -> MetaApi:
        own = self.settings.access_token.get_secret_value()
        token = token or token_for_page(own, self.surroundings.memory.load())
        return MetaApi(self.surroundings, token, self.settings.app_secret.get_secret_value())


def _delivers(api: MetaApi, page_id: str) -> bool | None:
    """Whether the page tells our app of comments; None where Meta does not say."""
    try:
        rows = api.page(f"/{page_id}/subscribed_apps", {"fields": "id,subscribed_fields"}).rows
    except (Refused, NeedsPerson):
        return None
    return any("feed" in (mapping(row).get("subscribed_fields") or ()) for row in rows)
