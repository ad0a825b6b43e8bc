"""LinkedIn, through an app with the Community Management API: comments below a company page's posts in; answers, deleting out."""

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
    Retention,
    Setup,
    SignIn,
    StreamSpec,
)
from inbox.connectors.json_api import mapping, text_of
from inbox.connectors.lenient import words
from inbox.connectors.linkedin_api import SCOPES, VERSION, WRITING, LinkedInApi, sign_in_with
from inbox.connectors.linkedin_poll import PAGES, Reading
from inbox.connectors.linkedin_poll import VERSION as CURSOR
from inbox.connectors.linkedin_read import ORGANIZATION, SITE, about_post, address_of, comment_name, message_of
from inbox.connectors.oauth import SignedIn, saved_tokens
from inbox.connectors.one_word import ClientId
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_each import read_each, read_in_place

LIMIT = 1_250


class LinkedInSetup(Setup):
    """An app of one's own that LinkedIn has approved, and the company page."""

    client_id: ClientId = Field(title=N_("Client ID"))
    client_secret: SecretStr = Field(title=N_("Client secret"))
    organization_id: str = Field(
        title=N_("Page number"),
        description=N_("The number in the address of the page's admin view: linkedin.com/company/12345678/admin."),
        pattern=r"^\d{1,20}$",
    )
    api_version: str = Field(
        VERSION,
        title=N_("API version"),
        description=N_("Year and month. LinkedIn retires each version after about a year."),
        pattern=r"^20\d{2}(0[1-9]|1[0-2])$",
    )
    scopes: str = Field(
        SCOPES,
        title=N_("Permissions to ask for"),
        description=N_("Those that the app's Auth page lists; LinkedIn refuses to sign in with others."),
        max_length=500,
    )
    minutes: int = Field(
        60,
        title=N_("Minutes between two looks"),
        description=N_("Each look is two calls and more where there is news; an app in development has 100 a day."),
        ge=5,
        le=1_440,
    )

    @field_validator("scopes")
    @classmethod
    def names(cls, value: str) -> str:
        found = value.replace(",", " ").split()
        if not found or not all(name.isascii() and name.replace("_", "").isalnum() for name in found):
            raise ValueError(N_("are not names of permissions"))
        return " ".join(dict.fromkeys(found))


class LinkedIn(SignedIn):
    """One company page."""

    kind: ClassVar[str] = "linkedin"
    label: ClassVar[str] = "LinkedIn"
    about: ClassVar[str] = N_("Comments below the 30 latest posts of a company page.")
    group: ClassVar[Group] = Group.SOCIAL
    setup: ClassVar[type[Setup]] = LinkedInSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        threads=True,
        acts=frozenset({ActName.DELETE}),
        text_limit=LIMIT,
        refetches=10,
        metrics=frozenset({Metric.LIKES, Metric.REPLIES}),
        allows_training=False,
        because={
            "allows_training": N_("LinkedIn lets words be kept for 48 hours, and who wrote them for 24."),
            ActName.HIDE: N_("LinkedIn has no way to hide a comment; delete it instead."),
            ActName.MARK_SPAM: N_("Spam can be reported on LinkedIn itself only; delete the comment instead."),
            ActName.HOLD: N_("LinkedIn has no queue of comments; delete the comment instead."),
            ActName.APPROVE: N_("LinkedIn has no queue of comments."),
            ActName.LOCK: N_("LinkedIn closes comments for a whole post only; close them there."),
            ActName.MUTE: N_("LinkedIn offers programs no way to mute people."),
            ActName.BLOCK: N_("A page blocks people on LinkedIn itself only."),
            ActName.BAN: N_("A page blocks people on LinkedIn itself only."),
            ActName.REPORT: N_("Comments can be reported on LinkedIn itself only."),
            ActName.LIKE: N_("A page reacts to comments on LinkedIn itself."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("At linkedin.com/developers, make an app for the company page, and let an admin of the page verify it."),
            N_("Under Products, ask for the Community Management API; the app must have no other product."),
            N_("Under Auth, enter the redirect address shown here; copy client ID and client secret into this form."),
            N_("Save the channel, then sign in on its page as an admin of the company page."),
            N_("LinkedIn tells programs no names of members: authors appear by a number."),
        ),
        gate=N_("LinkedIn must approve the app for the Community Management API, and reviews it again for more calls."),
        page="https://developer.linkedin.com/product-catalog/marketing/community-management-api",
    )
    # An app in development; later ones have more, and LinkedIn says how much in its portal only.
    rates: ClassVar[Sequence[Rate]] = (Rate(500, 86_400),)
    retention: ClassVar[Retention] = Retention(
        text_hours=48,
        author_hours=24,
        because=N_("LinkedIn's storage rules: what members write for 48 hours, who they are for 24."),
    )

    def sign_in(self) -> SignIn | None:
        """At LinkedIn, for sixty days; renewed by itself for a year where LinkedIn allows the app to."""
        return sign_in_with(self.settings.scopes)

    def describe(self) -> Capabilities:
        """Reading only, where the consent does not cover more."""
        tokens = saved_tokens(self.surroundings)
        if tokens is None or not tokens.scopes or WRITING & set(tokens.scopes):
            return self.capabilities
        why = N_("The consent covers reading only; sign in again and allow all that is asked.")
        because = {**self.capabilities.because, "replies": why, str(ActName.DELETE): why}
        return replace(self.capabilities, replies=False, acts=frozenset(), because=because)

    def check(self) -> Account:
        """Ask what the page is called, and read the latest comments below its latest post."""
        number = self.settings.organization_id
        with self._open() as api:
            page = api.organization(number)
            posts = [post for post in api.posts(self._us, 1) if text_of(mapping(post).get("id"))]
            rows = api.comments(text_of(posts[0]["id"])).rows if posts else ()
        name = words(page.get("localizedName")) or words(page.get("vanityName"))
        if not name:
            raise Passing(N_("LinkedIn does not say what the page is called."))
        found = read_each(rows, lambda raw: [message_of(raw, us=self._us, about=about_post(posts[0]))]).messages
        dated = sorted((each for each in found if each.posted_at), key=lambda each: str(each.posted_at), reverse=True)
        return Account(name, number, f"{SITE}/company/{number}", dated[:3])

    def streams(self) -> Sequence[StreamSpec]:
        """Comments below the page's latest posts."""
        return (StreamSpec("comments", every=self.settings.minutes * 60),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """What is new below posts that tell another count; edits and deletions for two days."""
        known = cursor if cursor and cursor.get("v") == CURSOR else {}
        with self._open() as api:
            yield from Reading(api, self._us, known, since).poll()

    def refetch(self, known: Sequence[Known]) -> Batch:
        """One by one: several at once are for approved apps only."""
        messages: list[IncomingMessage] = []
        gone: list[Deletion] = []
        with self._open() as api:
            for each in known:
                on, number = words(each.handle.get("object")), words(each.handle.get("comment_id"))
                if not (on and number):
                    continue
                about = words(each.handle.get("about"))
                try:
                    raw = api.comment(on, number)
                except Gone:
                    gone.append(Deletion(each.external_id))
                else:
                    messages += read_each([raw], lambda row, about=about: [self._message(row, about)]).messages  # type: ignore[misc]
        return Batch(messages, gone)

    def reread(self, raw: str) -> Batch:
        """What its post is about was kept with it."""
        return read_in_place(raw, lambda row, place: [self._message(row, words(place.get("about")))])

    def send(self, reply: OutgoingReply) -> Receipt:
        """Below the first comment of the thread: there are two levels."""
        self.validate(reply)
        on, thread = _place_of(reply.parent_handle, "object"), _place_of(reply.parent_handle, "thread")
        said = {"text": reply.text, "attributes": []}
        with self._open() as api:
            sent = api.answer(thread, {"actor": self._us, "object": on, "message": said, "parentComment": thread})
        number = sent.headers.get("x-restli-id", "").strip()
        if not number:
            raise OutcomeUnknown(N_("LinkedIn does not say what became of the answer; it may have been accepted."))
        return _receipt(on, number)

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look for our own words among the answers of the thread."""
        thread, start = _place_of(reply.parent_handle, "thread"), 0
        with self._open() as api:
            for _ in range(PAGES):
                page = api.comments(thread, start)
                for message in read_each(page.rows, lambda raw: [self._message(raw)]).messages:
                    if is_our_answer(message, reply):
                        return _receipt(message.reply_handle["object"], message.reply_handle["comment_id"])
                if page.further is None:
                    return None
                start = page.further
        raise OutcomeUnknown(N_("The thread is too long to look for the answer; look on LinkedIn."))

    def act(self, act: Act) -> Receipt:
        """Delete a comment below one of the page's posts."""
        if act.name is not ActName.DELETE or act.undo:
            return super().act(act)
        on, number = _place_of(act.handle, "object"), _place_of(act.handle, "comment_id")
        with self._open() as api:
            try:
                api.delete(on, number, self._us)
            except Gone:
                pass  # somebody was quicker
        return Receipt(act.message_id)

    @property
    def _us(self) -> str:
        return f"{ORGANIZATION}{self.settings.organization_id}"

    def _message(self, raw: Any, about: str = "") -> IncomingMessage:
        return message_of(raw, us=self._us, about=about)

    def _open(self) -> LinkedInApi:
        return LinkedInApi(self.refresh_auth, self.settings, self.surroundings)


def _place_of(handle: Mapping[str, Any], name: str) -> str:
    found = words(handle.get(name))
    if not found:
        raise Refused(N_("The message does not say what it is about; answer it on LinkedIn."))
    return found


def _receipt(on: str, number: str) -> Receipt:
    name = comment_name(on, number)
    return Receipt(name, address_of(on, name))
