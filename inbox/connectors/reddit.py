"""Reddit, through an app that it has approved: inbox, subreddits and their moderation queue in; answers and moderation out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from inbox.clock import now
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
)
from inbox.connectors.handles import word_in
from inbox.connectors.json_api import mapping, segment
from inbox.connectors.lenient import words
from inbox.connectors.markdown_words import as_markdown
from inbox.connectors.oauth import SignedIn
from inbox.connectors.one_word import ClientId
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_each import read_again, read_each
from inbox.connectors.reddit_api import SIGN_IN, RedditApi
from inbox.connectors.reddit_poll import PAGE, THING, VERSION, ask_above, poll_listing
from inbox.connectors.reddit_read import fields_of, is_gone, message_of, name_in
from inbox.connectors.subreddits import Subreddits
from inbox.connectors.watch_words import watch_words

LIMIT = 10_000
LONGEST_BAN_DAYS = 999
MODERATORS_ONLY = (ActName.DELETE, ActName.MARK_SPAM, ActName.APPROVE, ActName.LOCK, ActName.BAN, ActName.MUTE)
LATER = N_("Reddit's lists do not tell; messages are asked for again later, and then it shows.")
# Without a word about spam, Reddit takes what is removed for spam.
REMOVE: tuple[str, Mapping[str, str]] = ("/api/remove", {"spam": "false"})
APPROVE: tuple[str, Mapping[str, str]] = ("/api/approve", {})
ON_THING: Mapping[ActName, Sequence[tuple[str, Mapping[str, str]]]] = {
    # act: what does it, what undoes it
    ActName.DELETE: (REMOVE, APPROVE),
    ActName.MARK_SPAM: (("/api/remove", {"spam": "true"}), APPROVE),
    ActName.APPROVE: (APPROVE, REMOVE),
    ActName.LOCK: (("/api/lock", {}), ("/api/unlock", {})),
}


class RedditSetup(Setup):
    """An app, and the subreddits to listen to."""

    client_id: ClientId = Field(title=N_("Client ID"))
    client_secret: SecretStr = Field(title=N_("Client secret"))
    subreddits: Subreddits = Field(
        "",
        title=N_("Subreddits"),
        description=N_("Besides the account's own inbox; separate several with commas."),
        max_length=500,
    )


class Reddit(SignedIn):
    """One account."""

    kind: ClassVar[str] = "reddit"
    label: ClassVar[str] = "Reddit"
    about: ClassVar[str] = N_("Posts and comments of communities.")
    group: ClassVar[Group] = Group.SOCIAL
    setup: ClassVar[type[Setup]] = RedditSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        threads=True,
        acts=frozenset({*MODERATORS_ONLY, ActName.REPORT}),
        undoable=frozenset(MODERATORS_ONLY),
        ends=frozenset({ActName.BAN}),
        text_limit=LIMIT,
        refetches=PAGE,
        metrics=frozenset({Metric.POINTS, Metric.REPLIES}),
        allows_training=False,
        because={
            "tells_edits": LATER,
            "tells_deletes": LATER,
            "allows_training": N_("Reddit's terms forbid training on what people write there."),
            ActName.BLOCK: N_("Reddit lets few programs block people; block there, or mute or ban in the subreddit."),
            ActName.HIDE: N_("On Reddit, moderators remove; nothing is hidden."),
            ActName.LIKE: N_("Reddit forbids programs to vote."),
            ActName.HOLD: N_("Reddit's own filters decide what waits for approval."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_(
                "Ask Reddit for access under its Responsible Builder Policy; since November 2025 every new app needs approval."
            ),
            N_("With the account that shall answer: reddit.com/prefs/apps, create another app, kind web app."),
            N_(
                "As redirect uri, enter the address that this form shows; copy the ID below the app's name, and the secret."
            ),
            N_("Save the channel, then sign in at Reddit on its page."),
        ),
        gate=N_("Reddit must approve the app. Without approval, use the kind Reddit (feeds)."),
        page="https://support.reddithelp.com/hc/en-us/articles/42728983564564",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(1_000, 600),)
    retention: ClassVar[Retention] = Retention(
        because=N_("Reddit wants erased what was deleted there; messages are asked for again for that.")
    )

    def sign_in(self) -> SignIn | None:
        """At Reddit, for as long as nobody takes it back."""
        return SIGN_IN

    def check(self) -> Account:
        """Ask whose account it is, and where it moderates."""
        with self._open() as api:
            me = mapping(api.get("/api/v1/me", {"raw_json": 1}))
            moderated, _ = api.things("/subreddits/mine/moderator", {"limit": PAGE})
            newest, _ = api.things("/message/inbox", {"limit": 3})
        if not words(me.get("name")):
            raise NeedsPerson(N_("Reddit does not say whose account this is; sign in again on the channel's page."))
        names = [words(fields_of(thing).get("display_name")).casefold() for thing in moderated]
        self._remember(name=me["name"], moderates=sorted(filter(None, names)))
        latest = read_each(newest, lambda thing: [message_of(thing, our_name=me["name"])]).messages
        address = f"https://www.reddit.com/user/{me['name']}"
        return Account(f"u/{me['name']}", words(me.get("id")), address, latest)

    def describe(self) -> Capabilities:
        """Without moderation where the account moderates none of the subreddits."""
        moderates = self.surroundings.memory.load().get("moderates")
        chosen = {name.casefold() for name in watch_words(self.settings.subreddits)}
        if moderates is None or chosen & set(moderates):
            return self.capabilities
        declared = self.capabilities
        words_for_it = N_("The account moderates none of these subreddits.")
        because: dict[str, str] = {**declared.because, **dict.fromkeys(MODERATORS_ONLY, words_for_it)}
        acts = declared.acts - set(MODERATORS_ONLY)
        return replace(declared, acts=acts, undoable=frozenset(), because=because)

    def streams(self) -> Sequence[StreamSpec]:
        """The inbox, and for each subreddit its posts and comments; where the account moderates, what waits there."""
        moderates = self.surroundings.memory.load().get("moderates") or ()
        found = [StreamSpec("inbox", every=60)]
        for name in watch_words(self.settings.subreddits):
            found += [StreamSpec(f"posts:{name}", every=120), StreamSpec(f"comments:{name}", every=120)]
            if name.casefold() in moderates:
                found.append(StreamSpec(f"queue:{name}", every=120))
        return found

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """The newest until known; never from a position, because a removed one empties the list for ever."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            yield from poll_listing(api, self._us(api), stream, known, since)

    def refetch(self, known: Sequence[Known]) -> Batch:
        """All at once. Reddit wants gone here what is gone there; private messages cannot be asked for."""
        asked = [each for each in known if THING.fullmatch(each.external_id)]
        if not asked:
            return Batch()
        with self._open() as api:
            our_name = self._us(api)
            things, _ = api.things("/api/info", {"id": ",".join(each.external_id for each in asked)})
        there = {name_in(thing): thing for thing in things if not is_gone(fields_of(thing))}
        threads = {each.external_id: each.thread_id for each in asked}
        harvest = read_each(
            there.values(),
            lambda thing: [replace(message_of(thing, our_name=our_name), thread_id=threads[name_in(thing)])],
        )
        deletions = [Deletion(each.external_id) for each in asked if each.external_id not in there]
        return Batch(harvest.messages, deletions, harvest.bad)

    def reach(self, known: Sequence[Known]) -> None:
        """The subreddits: one that went private, or was banned, shows nothing to anybody."""
        names = {words(each.handle.get("subreddit")) for each in known} - {""}
        with self._open() as api:
            self._us(api)
            for name in sorted(names):
                api.get(f"/r/{segment(name)}/about", {"raw_json": 1})

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """All with one call; private messages cannot be asked for."""
        with self._open() as api:
            return ask_above(api, self._us(api), orphans)

    def reread(self, raw: str) -> Batch:
        """A post, comment or private message of the quarantine, read anew."""
        our_name = words(self.surroundings.memory.load().get("name"))
        return read_again(raw, lambda thing: [message_of(thing, our_name=our_name)])

    def length(self, text: str) -> int:
        """As Markdown, in which Reddit counts."""
        return len(_written(text))

    def validate(self, reply: OutgoingReply) -> None:
        """Too long, or empty, or where nobody may answer."""
        super().validate(reply)
        if reply.parent_handle.get("is_locked"):
            raise Refused(N_("The thread is locked on Reddit."))

    def send(self, reply: OutgoingReply) -> Receipt:
        """A comment below the post or comment, or an answer to the private message. The text is Markdown there."""
        self.validate(reply)
        with self._open() as api:
            sent = api.do(
                "/api/comment", {"thing_id": word_in(reply.parent_handle, "name"), "text": _written(reply.text)}
            )
        things = sent.get("things")
        made = mapping(mapping(things[0]).get("data")) if isinstance(things, list) and things else {}
        if not words(made.get("name")):
            raise OutcomeUnknown(N_("Reddit does not say what became of the answer; it may have been accepted."))
        path = words(made.get("permalink"))
        return Receipt(made["name"], f"https://www.reddit.com{path}" if path.startswith("/") else "")

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look among our own latest comments."""
        parent = word_in(reply.parent_handle, "name")
        if parent.startswith("t4_"):
            raise OutcomeUnknown(N_("Reddit does not show sent private messages to programs; look at Reddit."))
        with self._open() as api:
            our_name = self._us(api)
            things, _ = api.things(f"/user/{segment(our_name)}/comments", {"limit": PAGE, "sort": "new"})
        for comment in read_each(things, lambda thing: [message_of(thing, our_name=our_name)]).messages:
            if comment.parent_id == parent and is_our_answer(comment, reply):
                return Receipt(comment.external_id, comment.url)
        return None

    def act(self, act: Act) -> Receipt:
        """Remove, approve or lock a thing; ban or mute its author; report it."""
        if act.name not in self.capabilities.acts or (act.undo and act.name not in self.capabilities.undoable):
            return super().act(act)
        with self._open() as api:
            if act.name in ON_THING:
                path, more = ON_THING[act.name][act.undo]
                api.do(path, {"id": word_in(act.handle, "name"), **more})
            elif act.name in {ActName.BAN, ActName.MUTE}:
                self._against(api, act)
            else:
                api.do("/api/report", {"thing_id": word_in(act.handle, "name"), "reason": act.reason[:100] or "other"})
        return Receipt(act.message_id)

    def _against(self, api: RedditApi, act: Act) -> None:
        subreddit = segment(words(act.handle.get("subreddit")))
        form: dict[str, Any] = {"name": _author(act.handle), "type": "banned" if act.name is ActName.BAN else "muted"}
        if act.undo:
            api.do(f"/r/{subreddit}/api/unfriend", form)
            return
        if act.name is ActName.BAN and act.until:
            days = (act.until - now()) / timedelta(days=1)
            form["duration"] = max(1, min(LONGEST_BAN_DAYS, round(days)))
        api.do(f"/r/{subreddit}/api/friend", {**form, "note": act.reason[:300]})

    def _us(self, api: RedditApi) -> str:
        known = self.surroundings.memory.load()
        return words(known.get("name")) or self._remember(name=words(mapping(api.get("/api/v1/me")).get("name")))

    def _remember(self, **what: Any) -> str:
        memory = self.surroundings.memory
        # Tokens are renewed in the same memory.
        with memory.alone():
            memory.save({**memory.load(), **what})
        return str(what["name"])

    def _open(self) -> RedditApi:
        return RedditApi(self.refresh_auth, self.settings, self.surroundings)


def _written(text: str) -> str:
    # There, a line goes on in the next one unless it ends in two blanks, and ^ raises what follows.
    return re.sub(r"(?<!\n)\n(?!\n)", "  \n", as_markdown(text).replace("^", r"\^"))


def _author(handle: Mapping[str, Any]) -> str:
    author = words(handle.get("author"))
    if not author:
        raise Refused(N_("Reddit does not say who wrote this."))
    return author
