"""Threads: replies below an account's posts, mentions and watched words in; answers and hiding out."""

from collections.abc import Iterator, Mapping, Sequence
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
    ConnectorError,
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
    StreamSpec,
)
from inbox.connectors.handles import word_in
from inbox.connectors.json_api import mapping, segment, text_of
from inbox.connectors.lenient import counted, moment, words
from inbox.connectors.meta_api import NO_TRAINING, RETENTION, MetaApi
from inbox.connectors.meta_setup import mark_of
from inbox.connectors.our_answer import is_our_answer
from inbox.connectors.read_each import read_again, read_each
from inbox.connectors.threads_read import COUNTED, FIELDS, VERSION, counts_of, message_of, poll_list, poll_replies
from inbox.connectors.watch_words import WordList, stream_names, word_of

HOST = "graph.threads.net"
LIMIT = 500


class ThreadsSetup(Setup):
    """A token of the account."""

    access_token: SecretStr = Field(
        title=N_("Access token"), description=N_("Lasts sixty days; Trellis renews it in time.")
    )
    watch: WordList = Field(
        "", title=N_("Words to watch for"), description=N_("Separated with commas."), max_length=1_000
    )

    @field_validator("access_token")
    @classmethod
    def one_word(cls, value: SecretStr) -> SecretStr:
        word = value.get_secret_value().strip()
        if not word.isascii() or not word.isalnum():
            raise ValueError(N_("is not an access token"))
        return SecretStr(word)


class Threads(ChannelConnector):
    """One account on Threads."""

    kind: ClassVar[str] = "threads"
    label: ClassVar[str] = "Threads"
    about: ClassVar[str] = N_("Replies and mentions of an account.")
    group: ClassVar[Group] = Group.SOCIAL
    setup: ClassVar[type[Setup]] = ThreadsSetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        threads=True,
        watches=True,
        acts=frozenset({ActName.HIDE}),
        undoable=frozenset({ActName.HIDE}),
        text_limit=LIMIT,
        refetches=50,
        metrics=frozenset(COUNTED),
        allows_training=False,
        because={
            "tells_deletes": N_("Threads does not tell of deletions; they are found later."),
            "metrics": N_("Of one's own posts only."),
            "allows_training": NO_TRAINING,
            ActName.DELETE: N_("On Threads only its author can delete a post; hide it instead."),
            ActName.MARK_SPAM: N_("Threads sorts out spam by itself; hide the reply instead."),
            ActName.HOLD: N_("Replies are held on Threads itself only."),
            ActName.APPROVE: N_("Replies are approved on Threads itself only."),
            ActName.LOCK: N_("Who may reply is chosen on Threads when a post is made."),
            ActName.MUTE: N_("People are muted on Threads itself only."),
            ActName.BLOCK: N_("People are blocked on Threads itself only."),
            ActName.BAN: N_("People are blocked on Threads itself only."),
            ActName.REPORT: N_("Posts are reported on Threads itself only."),
            ActName.LIKE: N_("Threads offers programs no way to like a post."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("At developers.facebook.com, make an app with the use case Access the Threads API."),
            N_(
                "Under its permissions, add threads_read_replies, threads_manage_replies, threads_manage_mentions, "
                "threads_content_publish, threads_manage_insights and, for watched words, threads_keyword_search."
            ),
            N_("Under App roles, add the account as a Threads tester; accept on Threads under Website permissions."),
            N_("In the use case's settings, generate a token for the account and copy it into this form."),
        ),
        gate=N_("None for testers of one's own app; mentions and searches beyond them need Meta's App Review."),
        page="https://developers.facebook.com/apps",
    )
    rates: ClassVar[Sequence[Rate]] = (Rate(200, 3_600), Rate(500, 604_800, "search"), Rate(1_000, 86_400, "reply"))
    retention: ClassVar[Retention] = RETENTION

    def refresh_auth(self, refused: str = "") -> str:
        """The token in the settings, or what it was renewed to. It lasts sixty days; half-way it is renewed."""
        own, memory = self.settings.access_token.get_secret_value(), self.surroundings.memory
        mark, kept = mark_of(own), memory.load()
        if not _is_good(kept, mark, refused):
            with memory.alone():
                kept = memory.load()
                if kept.get("made_from") != mark:
                    # Threads renews no token on its first day.
                    kept |= {"token": own, "made_from": mark, "renew_at": _in_days(1)}
                elif not _is_good(kept, mark, refused):
                    kept |= self._renewed(text_of(kept.get("token")) or own)
                memory.save(kept)
        return text_of(kept.get("token"))

    def check(self) -> Account:
        """Ask whose token it is."""
        with self._open() as api:
            us = mapping(api.get("/me", {"fields": "id,username,name"}))
        name = words(us.get("username"))
        if not name:
            raise Passing(N_("Threads does not say whose token this is."))
        self._remember(username=name)
        return Account(f"@{name}", text_of(us.get("id")) or name, f"https://www.threads.net/@{name}")

    def streams(self) -> Sequence[StreamSpec]:
        """Replies, mentions, and a search for each word."""
        watched = [StreamSpec(name, every=4 * 3_600) for name in stream_names(self.settings.watch)]
        return (StreamSpec("replies", every=600), StreamSpec("mentions", every=300), *watched)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Newest first until known."""
        known, our_name = cursor if cursor and cursor.get("v") == VERSION else {}, self._our_name()
        with self._open() as api:
            if word := word_of(stream):
                query = {"q": word, "search_type": "RECENT", "limit": 50}
                yield from poll_list(api, "/keyword_search", query, our_name, known, since)
            elif stream == "mentions":
                yield from poll_list(api, "/me/mentions", {"limit": 50}, our_name, known, since)
            else:
                yield from poll_replies(api, our_name, known, since)

    def refetch(self, known: Sequence[Known]) -> Batch:
        """One by one, which is how Threads gives them."""
        messages: list[IncomingMessage] = []
        gone: list[Deletion] = []
        our_name = self._our_name()
        with self._open() as api:
            for each in known:
                try:
                    raw = mapping(api.get(f"/{segment(each.external_id)}", {"fields": FIELDS}))
                except Gone:
                    gone.append(Deletion(each.external_id))
                else:
                    messages += read_each([raw], lambda row: [message_of(row, our_name=our_name)]).messages
        return Batch(messages, gone)

    def metrics(self, known: Sequence[Known]) -> Mapping[str, Mapping[Metric, int]]:
        """Of our own posts, one by one. What others wrote is counted for nobody."""
        ours = [each for each in known if each.handle.get("is_ours")]
        if not ours:
            return {}
        query = {"metric": ",".join(COUNTED.values())}
        with self._open() as api:
            found = {e.external_id: api.page(f"/{segment(e.external_id)}/insights", query).rows for e in ours}
        return {name: counted(counts_of(rows)) for name, rows in found.items()}

    def reread(self, raw: str) -> Batch:
        """A post of the quarantine, read anew."""
        our_name = words(self.surroundings.memory.load().get("username"))
        return read_again(raw, lambda row: [message_of(row, our_name=our_name)])

    def send(self, reply: OutgoingReply) -> Receipt:
        """In two steps, as Threads wants it: the reply is made, which nobody sees, and then published."""
        self.validate(reply)
        parent = word_in(reply.parent_handle, "post_id")
        with self._open() as api:
            made = self._make(api, {"media_type": "TEXT", "text": reply.text, "reply_to_id": parent})
            sent = text_of(api.post("/me/threads_publish", form={"creation_id": made}).get("id"))
        if not sent:
            raise OutcomeUnknown(N_("Threads does not say what became of the reply; it may have been published."))
        return Receipt(sent)

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look among our own latest replies."""
        our_name, parent = self._our_name(), word_in(reply.parent_handle, "post_id")
        with self._open() as api:
            rows = api.page("/me/replies", {"fields": FIELDS, "limit": 50}).rows
        found = read_each(rows, lambda row: [message_of(row, our_name=our_name)]).messages
        ours = (each for each in found if each.parent_id == parent and is_our_answer(each, reply))
        return next((Receipt(each.external_id) for each in ours), None)

    def act(self, act: Act) -> Receipt:
        """Hide a reply below our post; what answers it goes with it."""
        if act.name is not ActName.HIDE:
            return super().act(act)
        if not act.handle.get("is_top"):
            raise Refused(
                N_("Only direct replies to one's own post can be hidden; hide the reply that this one answers.")
            )
        with self._open() as api:
            api.post(f"/{segment(word_in(act.handle, 'post_id'))}/manage_reply", query={"hide": not act.undo})
        return Receipt(act.message_id)

    def _make(self, api: MetaApi, form: Mapping[str, Any]) -> str:
        try:
            made = text_of(api.post("/me/threads", form=form).get("id"))
        except OutcomeUnknown as error:
            # What is made but not published is seen by nobody.
            raise Passing(N_("%(error)s Nothing was published.", error=error)) from None
        if not made:
            raise Passing(N_("Threads does not say what it made of the reply. Nothing was published."))
        return made

    def _our_name(self) -> str:
        kept = words(self.surroundings.memory.load().get("username"))
        return kept or self.check().name.removeprefix("@")

    def _open(self) -> MetaApi:
        return MetaApi(self.surroundings, self.refresh_auth(), "", host=HOST, version="v1.0")

    def _renewed(self, token: str) -> dict[str, str]:
        """What to remember of a renewal, whether it succeeds or not."""
        fresh: Mapping[str, Any] = {}
        with MetaApi(self.surroundings, token, "", host=HOST, version="v1.0") as api:
            try:
                fresh = mapping(api.get(f"https://{HOST}/refresh_access_token", {"grant_type": "th_refresh_token"}))
            except ConnectorError:
                # The old one is good for weeks; tomorrow is soon enough.
                pass
        lasts = fresh.get("expires_in")
        days = lasts / 86_400 / 2 if isinstance(lasts, int) and 0 < lasts < 10**8 else 1
        return {"token": text_of(fresh.get("access_token")) or token, "renew_at": _in_days(days)}

    def _remember(self, **what: Any) -> None:
        memory = self.surroundings.memory
        with memory.alone():
            memory.save({**memory.load(), **what})


def _in_days(number: float) -> str:
    return (now() + timedelta(days=number)).isoformat()


def _is_good(kept: Mapping[str, Any], mark: str, refused: str) -> bool:
    renew_at = moment(kept.get("renew_at"))
    is_young = renew_at is not None and renew_at > now()
    return is_young and kept.get("made_from") == mark and text_of(kept.get("token")) not in {"", refused}
