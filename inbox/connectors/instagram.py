"""An Instagram account of a business or creator: comments and direct messages in; answers, hiding, deleting, blocking out."""

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
from inbox.connectors.instagram_delivered import read_delivery, read_kept
from inbox.connectors.instagram_read import (
    SAID,
    VERSION,
    comment_message,
    poll_comments,
    require_fitting,
)
from inbox.connectors.json_api import mapping, segment, text_of
from inbox.connectors.lenient import words
from inbox.connectors.meta_again import one_by_one, see_place
from inbox.connectors.meta_api import NO_TRAINING, RETENTION, MetaApi, delivered, greeted
from inbox.connectors.meta_read import SAID as TALKED
from inbox.connectors.meta_read import talk_message
from inbox.connectors.meta_setup import CLOSED, MetaSetup, page_token, still_open, token_for_page
from inbox.connectors.meta_talks import answer_talk, find_answer, poll_talks
from inbox.connectors.our_answer import is_our_answer, with_name
from inbox.connectors.read_each import read_each, read_in_place

TALK_BYTES = 1_000
RIGHTS = {"comments": "instagram_manage_comments", "messages": "instagram_manage_messages"}

LACKING = {
    "comments": N_("The token lacks the right instagram_manage_comments."),
    "messages": N_("The token lacks the right instagram_manage_messages."),
}


class InstagramSetup(MetaSetup):
    """An app of one's own, and the page that the account is joined with."""

    page_id: str = Field(
        title=N_("Page ID"),
        description=N_("Of the Facebook page that the Instagram account is joined with."),
        pattern=r"^\d{5,20}$",
    )
    answers_later: bool = Field(
        default=False,
        title=N_("The app has the Human Agent permission"),
        description=N_("Then Meta delivers private answers for 7 days instead of 24 hours."),
    )


class Instagram(ChannelConnector):
    """One professional account."""

    kind: ClassVar[str] = "instagram"
    label: ClassVar[str] = "Instagram"
    about: ClassVar[str] = N_("Comments and direct messages of a professional account.")
    group: ClassVar[Group] = Group.SOCIAL
    setup: ClassVar[type[Setup]] = InstagramSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        receives=True,
        replies=True,
        threads=True,
        acts=frozenset({ActName.HIDE, ActName.DELETE, ActName.BLOCK}),
        undoable=frozenset({ActName.HIDE, ActName.BLOCK}),
        text_limit=TALK_BYTES,
        refetches=10,
        metrics=frozenset({Metric.LIKES}),
        allows_training=False,
        because={
            "tells_edits": N_("Comments on Instagram cannot be edited."),
            "tells_deletes": N_("Instagram does not tell of deletions; they are found later."),
            "window": CLOSED,
            "allows_training": NO_TRAINING,
            ActName.BAN: N_("On Instagram people are blocked, and by programs only in private messages."),
            ActName.MUTE: N_("Instagram offers programs no way to restrict people."),
            ActName.MARK_SPAM: N_("Instagram sorts out spam by itself; hide or delete the comment."),
            ActName.HOLD: N_("Instagram has no queue of comments; hide the comment instead."),
            ActName.APPROVE: N_("Instagram has no queue of comments; unhide the comment instead."),
            ActName.LOCK: N_("Comments below a picture can be closed on Instagram itself only."),
            ActName.REPORT: N_("Comments can be reported on Instagram itself only."),
            ActName.LIKE: N_("Instagram offers programs no way to like a comment."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("In the Instagram app, make the account a professional one and join it with a Facebook page."),
            N_("At developers.facebook.com, make an app of the type Business, and add Instagram and Webhooks to it."),
            N_("In Business settings, make a system user, and give it the app, the page and the Instagram account."),
            N_(
                "Generate its token, without an end, with pages_show_list, pages_read_engagement, pages_manage_metadata, "
                "instagram_basic, instagram_manage_comments and instagram_manage_messages."
            ),
            N_("Copy the token, the app secret and the page's number into this form."),
            N_("Under Webhooks, Instagram: enter the address that the channel's page shows and the verify token."),
            N_("There, and for the account itself, subscribe to comments, live_comments and messages."),
        ),
        gate=N_("None for one's own account with people who have a role in the app; else Meta's App Review."),
        page="https://developers.facebook.com/apps",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(200, 3_600),)
    retention: ClassVar[Retention] = RETENTION

    def describe(self) -> Capabilities:
        """Without what the token has no right for."""
        granted, declared = self.surroundings.memory.load().get("granted"), self.capabilities
        lost = [of for of, right in RIGHTS.items() if isinstance(granted, list) and right not in granted]
        because = {str(act): LACKING[_part(act)] for act in declared.acts if _part(act) in lost}
        if len(lost) == len(RIGHTS):
            because["replies"] = LACKING["comments"]
        acts = frozenset(act for act in declared.acts if _part(act) not in lost)
        return replace(
            declared,
            replies=len(lost) < len(RIGHTS),
            acts=acts,
            undoable=declared.undoable & acts,
            because={**declared.because, **because},
        )

    def check(self) -> Account:
        """Find the account that the page is joined with, and what the token may do."""
        own, memory = self.settings.access_token.get_secret_value(), self.surroundings.memory
        with self._open(own) as api:
            fields = "id,access_token,instagram_business_account{id,username,name}"
            page = mapping(api.get(f"/{self.settings.page_id}", {"fields": fields}))
            granted = api.granted()
        account = mapping(page.get("instagram_business_account"))
        name, handle = text_of(account.get("id")), words(account.get("username"))
        if not name:
            raise NeedsPerson(N_("No Instagram account is joined with this page, or the token may not see it."))
        us = {"ig_id": name, "username": handle, "granted": granted}
        memory.save({**memory.load(), **page_token(own, page), **us})
        return Account(f"@{handle}" if handle else name, name, f"https://www.instagram.com/{handle}/" if handle else "")

    def streams(self) -> Sequence[StreamSpec]:
        """Comments and direct messages, as far as the token may read them."""
        granted = self.surroundings.memory.load().get("granted")
        both = (StreamSpec("comments", every=600), StreamSpec("messages", every=180))
        if not isinstance(granted, list):
            return both
        return [stream for stream in both if RIGHTS[stream.name] in granted] or both[:1]

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """What is new below the latest media, or in the conversations that have changed."""
        known, (our_id, *names) = cursor if cursor and cursor.get("v") == VERSION else {}, self._us()
        with self._open() as api:
            if stream == "messages":
                page_id = self.settings.page_id
                yield from poll_talks(api, (our_id, *names), known, since, platform="INSTAGRAM", owner=page_id)
            else:
                yield from poll_comments(api, our_id, (our_id, *names), known, since)

    def refetch(self, known: Sequence[Known]) -> Batch:
        """One by one, as they are now."""
        us = self._us()

        def read(each: Known) -> Sequence[IncomingMessage]:
            person, about = words(each.handle.get("person_id")), {"caption": each.handle.get("about")}
            raw = mapping(api.get(f"/{segment(each.external_id)}", {"fields": TALKED if person else SAID}))
            if person:
                return read_each([raw], lambda row: [talk_message(row, ours=us, person_id=person)]).messages
            return read_each([raw], lambda row: [comment_message(row, ours=us, media=about)]).messages

        with self._open() as api:
            return one_by_one(known, read)

    def reach(self, known: Sequence[Known]) -> None:
        """The account's comments, and its talks."""
        posts, talks = f"/{self._us()[0]}/media", f"/{self.settings.page_id}/conversations"
        with self._open() as api:
            see_place(api, known, posts=posts, talks=talks, platform="instagram")

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """The comment that began the thread."""
        return self.refetch(parents_of(orphans, lambda orphan: {"about": orphan.reply_handle.get("about")}))

    def greet(self, query: Mapping[str, str]) -> str:
        """Meta asks once whether deliveries are expected here."""
        return greeted(query, self.settings.verify_token.get_secret_value())

    def receive(self, headers: Mapping[str, str], body: bytes) -> Batch:
        """Comments and messages as they happen."""
        entries = delivered(headers, body, self.settings.app_secret.get_secret_value(), "instagram")
        return read_delivery(entries, self._us())

    def reread(self, raw: str) -> Batch:
        """A comment or message; what a comment is about, and with whom a conversation is, was kept with it."""
        return read_in_place(raw, partial(read_kept, us=self._us()))

    def validate(self, reply: OutgoingReply) -> None:
        """Too long, too late, or what Instagram takes for shouting and advertising."""
        text = with_name(reply)
        if reply.parent_handle.get("person_id"):
            size = len(text.encode("utf-8", "replace"))
            if not text.strip() or size > TALK_BYTES:
                raise Refused(
                    N_(
                        "A private answer has between 1 and %(limit)s bytes; this one has %(size)s.",
                        limit=TALK_BYTES,
                        size=size,
                    )
                )
            still_open(reply.parent_handle, by_people=self.settings.answers_later)
            return
        require_fitting(text)

    def send(self, reply: OutgoingReply) -> Receipt:
        """Below the comment in public, or to the person in private."""
        self.validate(reply)
        with self._open() as api:
            if reply.parent_handle.get("person_id"):
                sent = answer_talk(api, self.settings.page_id, reply, by_people=self.settings.answers_later)
            else:
                path = f"/{segment(words(reply.parent_handle.get('thread_id')))}/replies"
                sent = text_of(api.post(path, {"message": with_name(reply)}).get("id"))
        if not sent:
            raise OutcomeUnknown(N_("Instagram does not say what became of the answer; it may have been accepted."))
        return Receipt(sent)

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look for our own words in the thread, or in the conversation with the person."""
        us = self._us()
        with self._open() as api:
            if reply.parent_handle.get("person_id"):
                talk = find_answer(api, reply, ours=us, platform="INSTAGRAM", owner=self.settings.page_id)
                return Receipt(talk.external_id) if talk else None
            path = f"/{segment(words(reply.parent_handle.get('thread_id')))}/replies"
            rows = api.page(path, {"fields": SAID, "limit": 100}).rows
        found = read_each(rows, lambda row: [comment_message(row, ours=us, media={})])
        ours = (message for message in found.messages if is_our_answer(message, reply, with_name(reply)))
        return next((Receipt(message.external_id) for message in ours), None)

    def act(self, act: Act) -> Receipt:
        """Hide or delete a comment; block who wrote in private."""
        if act.name not in self.capabilities.acts or (act.undo and act.name not in self.capabilities.undoable):
            return super().act(act)
        person = words(act.handle.get("person_id"))
        if (act.name is ActName.BLOCK) is not bool(person):
            if act.name is ActName.BLOCK:
                raise Refused(N_("Blocking works in private messages on Instagram."))
            raise Refused(N_("Hiding and deleting do not work in private messages on Instagram."))
        with self._open() as api:
            if person:
                body = {"user_ids": [{"id": person}], "actions": ["UNBLOCK_USER" if act.undo else "BLOCK_USER"]}
                api.post(f"/{segment(self._us()[0])}/moderate_conversations", body)
                return Receipt(person)
            path = f"/{segment(words(act.handle.get('comment_id')))}"
            if act.name is ActName.HIDE:
                api.post(path, {"hide": not act.undo})
            else:
                try:
                    api.erase(path)
                except Gone:
                    pass  # somebody was quicker
        return Receipt(act.message_id)

    def _us(self) -> tuple[str, ...]:
        kept = self.surroundings.memory.load()
        if not text_of(kept.get("ig_id")):
            self.check()
            kept = self.surroundings.memory.load()
        return tuple(filter(None, (text_of(kept.get("ig_id")), words(kept.get("username")))))

    def _open(self, token: str = "") -> MetaApi:
        own = self.settings.access_token.get_secret_value()
        token = token or token_for_page(own, self.surroundings.memory.load())
        return MetaApi(self.surroundings, token, self.settings.app_secret.get_secret_value())


def _part(act: ActName) -> str:
    return "messages" if act is ActName.BLOCK else "comments"
