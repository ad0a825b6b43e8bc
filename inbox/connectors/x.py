"""X: mentions and replies in, answers to those who named us out, within a budget, because every call costs money there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

from inbox.connectors.catch_up import Page, catch_up
from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    ActName,
    Batch,
    Capabilities,
    Deletion,
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
    SignIn,
    StreamSpec,
    Unit,
)
from inbox.connectors.json_api import mapping, segment
from inbox.connectors.lenient import is_before, moment, words
from inbox.connectors.oauth import SignedIn
from inbox.connectors.one_word import ClientId
from inbox.connectors.our_answer import AHEAD, is_our_answer
from inbox.connectors.read_each import Place, name_of, read_each, read_in_place
from inbox.connectors.x_api import SIGN_IN, XApi
from inbox.connectors.x_budget import LISTED, Purse, read_prices
from inbox.connectors.x_read import SITE, id_in, place_of, read_placed
from inbox.connectors.x_text import has_address, weighted_length

VERSION = 1
PAGE, SMALLEST_PAGE = 50, 5
LIMIT = 280


class XSetup(Setup):
    """An app in X's developer console, and what it may cost."""

    client_id: ClientId = Field(title=N_("Client ID"))
    client_secret: SecretStr = Field(title=N_("Client secret"))
    budget: int = Field(
        20,
        title=N_("Monthly budget in US dollars"),
        description=N_("X charges for every post that is read and every answer. When it is used up, X is not asked."),
        ge=0,
        le=100_000,
    )
    prices: str = Field(
        LISTED,
        title=N_("Prices"),
        description=N_(
            "In thousandths of a US dollar, as X listed them in August 2026: for reading a post and a person, an answer, "
            "an answer with a link, hiding, muting and unmuting."
        ),
    )

    @field_validator("prices")
    @classmethod
    def complete(cls, value: str) -> str:
        read_prices(value)
        return value


class X(SignedIn):
    """One account."""

    kind: ClassVar[str] = "x"
    label: ClassVar[str] = "X"
    about: ClassVar[str] = N_("Mentions of an account. Reading is paid by the post.")
    group: ClassVar[Group] = Group.SOCIAL
    setup: ClassVar[type[Setup]] = XSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        threads=True,
        acts=frozenset({ActName.HIDE, ActName.MUTE}),
        undoable=frozenset({ActName.HIDE, ActName.MUTE}),
        text_limit=LIMIT,
        text_unit=Unit.WEIGHTED,
        refetches=100,
        metrics=frozenset({Metric.VIEWS, Metric.LIKES, Metric.SHARES, Metric.REPLIES}),
        allows_training=False,
        because={
            "tells_deletes": N_("Its lists do not tell; messages are asked for again later, and then it shows."),
            "allows_training": N_("X's terms forbid training on what people write there."),
            ActName.DELETE: N_("On X only its author can delete a post; a reply below our own posts can be hidden."),
            ActName.BLOCK: N_("X no longer lets programs block; mute instead, or block there."),
            ActName.BAN: N_("X has no communities to ban from."),
            ActName.LOCK: N_("X offers programs no way to close a thread."),
            ActName.MARK_SPAM: N_("Posts can be reported on X itself only."),
            ActName.REPORT: N_("Posts can be reported on X itself only."),
            ActName.HOLD: N_("X has no queue of posts that wait for approval."),
            ActName.APPROVE: N_("X has no queue of posts that wait for approval."),
            ActName.LIKE: N_("X forbids programs to like."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("In X's developer console, make a project with an app and buy credits; set a spending limit there too."),
            N_("In the app's User authentication settings, choose Read and write and the type Web App."),
            N_("As callback URI, enter the address that this form shows; copy the OAuth 2.0 client ID and secret."),
            N_("Save the channel, then sign in at X on its page with the account that shall answer."),
        ),
        gate=N_("X charges for each call. Answers are allowed only to people who named or answered the account."),
        page="https://console.x.com",
    )
    rates: ClassVar[Sequence[Rate]] = (
        Rate(300, 900, "mentions"),
        Rate(900, 900, "posts"),
        Rate(100, 900, "answers"),
        Rate(50, 900, "hide"),
        Rate(50, 900, "mute"),
    )
    retention: ClassVar[Retention] = Retention(
        because=N_("X wants erased what was deleted there; messages are asked for again for that.")
    )

    def sign_in(self) -> SignIn | None:
        """At X; each permission to renew is good for one time."""
        return SIGN_IN

    def check(self) -> Account:
        """Ask whose account it is: the cheapest call there is."""
        with self._open() as api:
            us = self._us(api, anew=True)
        return Account(f"@{us['username']}", us["id"], f"{SITE}/{us['username']}")

    def describe(self) -> Capabilities:
        """Nothing that costs, once the month's budget is used up."""
        if self._purse.left >= self._purse.prices.answer:
            return self.capabilities
        why = N_("This month's budget is used up; raise it in the channel's settings.")
        because = {**self.capabilities.because, **dict.fromkeys(["replies", *self.capabilities.acts], why)}
        return replace(self.capabilities, replies=False, acts=frozenset(), undoable=frozenset(), because=because)

    def streams(self) -> Sequence[StreamSpec]:
        """Whoever names or answers us."""
        return (StreamSpec("mentions", every=300),)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Behind the newest known post only, and in pages no larger than can be paid for."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        seen = known.get("seen")
        numbers = [int(name) for name in seen if words(name).isdecimal()] if isinstance(seen, list) else []
        begin = {"since_id": str(max(numbers))} if numbers else {"start_time": _stamp(since)} if since else {}
        came: dict[int, Mapping[str, Any]] = {}

        def page(older: str | None) -> Page[Any]:
            most = min(PAGE, api.purse.left // api.purse.prices.whole_post)
            if most < SMALLEST_PAGE:
                raise api.purse.refusal()
            query = {**begin, "max_results": most, "pagination_token": older}
            posts, along, meta = api.posts(f"/2/users/{us['id']}/mentions", query, most=most, scope="mentions")
            came.update((id(post), along) for post in posts)
            dated = [
                (words(mapping(p).get("id")) or name_of(p), moment(mapping(p).get("created_at")), p) for p in posts
            ]
            return Page(dated, words(meta.get("next_token")) or None)

        def read(post: Any) -> Sequence[IncomingMessage]:
            found = read_placed(post, came[id(post)], our_id=us["id"])
            return () if is_before(found[-1].posted_at, since) else found

        with self._open() as api:
            us = self._us(api)
            for fresh, state in catch_up(page, known, since):
                harvest = read_each(fresh, read, lambda post: place_of(post, came[id(post)]))
                yield Batch(harvest.messages, (), harvest.bad, harvest.filtered, {"v": VERSION, **state})

    def refetch(self, known: Sequence[Known]) -> Batch:
        """All at once, each by its latest version; what X does not give any more is gone, hidden or private."""
        asked = {words(each.handle.get("post_id")) or each.external_id: each for each in known}
        asked = {number: each for number, each in asked.items() if number.isdecimal()}
        if not asked:
            return Batch()
        with self._open() as api:
            us = self._us(api)
            query = {"ids": ",".join(asked), "expansions": "author_id"}
            posts, along, _meta = api.posts("/2/tweets", query, most=len(asked), scope="posts")
        there = {words(mapping(post).get("id")) for post in posts}
        threads = {each.external_id: each.thread_id for each in known}

        def place(post: Any) -> Place:
            return place_of(post, {**along, "thread": threads.get(id_in(post))})

        harvest = read_each(posts, lambda post: read_placed(post, place(post), our_id=us["id"]), place)
        gone = [Deletion(each.external_id) for number, each in asked.items() if number not in there]
        return Batch(harvest.messages, gone, harvest.bad)

    def reread(self, raw: str) -> Batch:
        """Its author and what it answers were kept with it; nothing is asked for, so nothing is paid for."""
        our_id = words(mapping(self.surroundings.memory.load().get("us")).get("id"))
        return read_in_place(raw, partial(read_placed, our_id=our_id))

    def length(self, text: str) -> int:
        """By X's weights."""
        return weighted_length(text)

    def validate(self, reply: OutgoingReply) -> None:
        """Too long, to somebody who did not name us, or more than the month's budget has left."""
        super().validate(reply)
        if reply.parent_handle.get("is_summons") is False:
            raise Refused(
                N_(
                    "X lets programs answer only posts that name or answer the account, and this one does not. "
                    "Answer it on X itself."
                )
            )
        if self._purse.left < self._price_of(reply):
            raise Refused(self._purse.refusal().sentence)

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer the post."""
        self.validate(reply)
        body = {"text": reply.text, "reply": {"in_reply_to_tweet_id": _post_in(reply.parent_handle)}}
        with self._open() as api:
            sent = api.do("POST", "/2/tweets", body, costs=self._price_of(reply), scope="answers")
        if not words(sent.get("id")):
            raise OutcomeUnknown(N_("X does not say what became of the answer; it may have been accepted."))
        return Receipt(id_in(sent), f"{SITE}/i/web/status/{sent['id']}")

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look among our own posts since then."""
        parent = _post_in(reply.parent_handle)
        begin = {"start_time": _stamp(reply.created_at - AHEAD)} if reply.created_at else {}
        older: str | None = None
        with self._open() as api:
            us = self._us(api)
            while True:
                query = {**begin, "max_results": 20, "pagination_token": older, "expansions": "author_id"}
                posts, along, meta = api.posts(f"/2/users/{us['id']}/tweets", query, most=20, scope="posts")
                for message in read_each(posts, partial(read_placed, place=along, our_id=us["id"])).messages:
                    if message.parent_id == parent and is_our_answer(message, reply):
                        return Receipt(message.external_id, message.url)
                older = words(meta.get("next_token")) or None
                if older is None:
                    return None

    def act(self, act: Act) -> Receipt:
        """Hide a reply below our own posts, or mute its author."""
        if act.name not in self.capabilities.acts:
            return super().act(act)
        with self._open() as api:
            if act.name is ActName.HIDE:
                path = f"/2/tweets/{_post_in(act.handle)}/hidden"
                api.do("PUT", path, {"hidden": not act.undo}, costs=api.purse.prices.hide, scope="hide")
            else:
                target, path = segment(words(act.handle.get("author_id"))), f"/2/users/{self._us(api)['id']}/muting"
                if act.undo:
                    api.do("DELETE", f"{path}/{target}", costs=api.purse.prices.unmute, scope="mute")
                else:
                    api.do("POST", path, {"target_user_id": target}, costs=api.purse.prices.mute, scope="mute")
        return Receipt(act.message_id)

    def _us(self, api: XApi, *, anew: bool = False) -> dict[str, str]:
        memory = self.surroundings.memory
        us = mapping(memory.load().get("us"))
        if anew or not us.get("id"):
            us = api.me()
            if not words(us.get("id")).isdecimal():
                raise NeedsPerson(N_("X does not say whose account this is; sign in again on the channel's page."))
            with memory.alone():
                memory.save({**memory.load(), "us": {"id": us["id"], "username": words(us.get("username"))}})
        return {"id": us["id"], "username": words(us.get("username"))}

    @property
    def _purse(self) -> Purse:
        return Purse(self.surroundings.memory, self.settings.budget, self.settings.prices)

    def _price_of(self, reply: OutgoingReply) -> int:
        prices = self._purse.prices
        return prices.link if has_address(reply.text) else prices.answer

    def _open(self) -> XApi:
        return XApi(self.refresh_auth, self.settings, self.surroundings)


def _post_in(handle: Mapping[str, Any]) -> str:
    return segment(words(handle.get("post_id")))


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
