"""Bluesky: mentions, replies and quotes in; answers, hidden replies, blocks, mutes and reports out."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

from inbox.clock import as_utc
from inbox.connectors import bluesky_acts as acts
from inbox.connectors.bluesky_api import BlueskyApi, is_missing
from inbox.connectors.bluesky_direct import (
    DIRECT_LIMIT,
    DIRECT_LIMIT_BYTES,
    check_direct,
    find_direct,
    poll_direct,
    read_direct,
    send_direct,
)
from inbox.connectors.bluesky_poll import VERSION, poll_notifications, poll_threads
from inbox.connectors.bluesky_read import POST, message_of, read_placed
from inbox.connectors.bluesky_text import facets, record_key, require_fitting
from inbox.connectors.bluesky_watch import AT_ONCE, above, again
from inbox.connectors.bluesky_words import poll_word
from inbox.connectors.contract import (
    N_,
    Account,
    Act,
    ActName,
    Batch,
    Capabilities,
    ChannelConnector,
    ConnectorError,
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
from inbox.connectors.lenient import words
from inbox.connectors.read_each import Place, read_each, read_in_place
from inbox.connectors.server_address import ServerAddress
from inbox.connectors.watch_words import WordList, stream_names, word_of
from inbox.text import count_graphemes

LIMIT = 300
LIMIT_BYTES = 3_000


class BlueskySetup(Setup):
    """An account and an app password."""

    identifier: str = Field(
        title=N_("Account"), description=N_("For example brand.bsky.social"), min_length=3, max_length=300
    )
    app_password: SecretStr = Field(
        title=N_("App password"), description=N_("Made in Bluesky under Settings, Privacy and security, App passwords.")
    )
    service: ServerAddress = Field(
        "https://bsky.social",
        title=N_("Server"),
        description=N_("Where you sign in; change it only if your account lives elsewhere."),
        max_length=300,
    )
    watch: WordList = Field(
        "",
        title=N_("Words to watch for"),
        description=N_("Words and hashtags that anybody says on Bluesky. Separated with commas."),
        max_length=2_000,
    )
    direct: bool = Field(
        False,
        title=N_("Direct messages"),
        description=N_("Only with an app password that may access direct messages."),
    )

    @field_validator("identifier")
    @classmethod
    def without_at(cls, value: str) -> str:
        value = value.removeprefix("@").strip()
        if not value or any(character.isspace() for character in value):
            raise ValueError(N_("is not the name of an account"))
        return value

    @field_validator("app_password")
    @classmethod
    def not_empty(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().strip():
            raise ValueError(N_("is missing"))
        return SecretStr(value.get_secret_value().strip())


class Bluesky(ChannelConnector):
    """One account."""

    kind: ClassVar[str] = "bluesky"
    label: ClassVar[str] = "Bluesky"
    about: ClassVar[str] = N_("Mentions, replies and quotes of an account. Needs an app password.")
    group: ClassVar[Group] = Group.SOCIAL
    setup: ClassVar[type[Setup]] = BlueskySetup
    capabilities: ClassVar[Capabilities] = Capabilities(
        replies=True,
        tells_edits=True,
        tells_deletes=True,
        threads=True,
        watches=True,
        acts=frozenset({ActName.LIKE, ActName.HIDE, ActName.BLOCK, ActName.MUTE, ActName.REPORT}),
        undoable=frozenset({ActName.LIKE, ActName.HIDE, ActName.BLOCK, ActName.MUTE}),
        text_limit=LIMIT,
        private_limit=DIRECT_LIMIT,
        text_unit=Unit.GRAPHEMES,
        refetches=AT_ONCE,
        metrics=frozenset({Metric.LIKES, Metric.SHARES, Metric.REPLIES}),
        because={
            ActName.DELETE: N_("Bluesky lets nobody delete what others wrote; hide or report it instead."),
            ActName.MARK_SPAM: N_("Bluesky has no spam folder; report it instead."),
        },
    )
    guide: ClassVar[Guide] = Guide(
        (
            N_("In Bluesky, open Settings, Privacy and security, App passwords, and add one."),
            N_("Copy it into this form at once; Bluesky shows it only this time."),
        ),
        page="https://bsky.app/settings/app-passwords",
    )

    def refresh_auth(self, refused: str = "") -> str:
        """By the session's refresh token, which is good once; by the app password where that is spent."""
        with self._open() as api:
            return api.token(refused)

    def check(self) -> Account:
        """Sign in anew, so that a wrong password shows, and look."""
        with self._open() as api:
            api.sign_in()
            if self.settings.direct:
                check_direct(api)
            query = {"reasons": ["mention", "reply", "quote"], "limit": 3}
            found = api.get("app.bsky.notification.listNotifications", query).get("notifications")
            harvest = read_each(
                found if isinstance(found, list) else (), lambda item: [message_of(item, our_did=api.did)]
            )
            return Account(f"@{api.handle}", api.did, f"https://bsky.app/profile/{api.did}", harvest.messages[:3])

    def streams(self) -> Sequence[StreamSpec]:
        """Notifications, the threads in which we wrote (some replies are never notified), and one for each word."""
        watched = (StreamSpec(name, every=300) for name in stream_names(self.settings.watch))
        direct = (StreamSpec("direct", every=60),) if self.settings.direct else ()
        return (StreamSpec("notifications", every=60), StreamSpec("threads", every=300), *direct, *watched)

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """New posts, and once an hour what was changed or deleted among the last 200 of the stream."""
        known = cursor if cursor and cursor.get("v") == VERSION else {}
        with self._open() as api:
            if word := word_of(stream):
                yield from poll_word(api, word, known, since)
            else:
                polls = {"threads": poll_threads, "direct": poll_direct}
                yield from polls.get(stream, poll_notifications)(api, known, since)

    def refetch(self, known: Sequence[Known]) -> Batch:
        """All posts at once; private messages cannot be asked for."""
        with self._open() as api:
            return again(api, known)

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """What each answers, and the beginning of its thread."""
        with self._open() as api:
            return above(api, orphans)

    def reread(self, raw: str) -> Batch:
        """Its view and its conversation were kept with it."""
        our_did = words(self.surroundings.memory.load().get("did"))

        def read(item: Any, place: Place) -> Sequence[IncomingMessage]:
            return (read_direct if words(place.get("convo")) else read_placed)(item, place, our_did=our_did)

        return read_in_place(raw, read)

    def length(self, text: str) -> int:
        """Graphemes."""
        return count_graphemes(text)

    def validate(self, reply: OutgoingReply) -> None:
        """Too long, or empty. Bluesky limits both what is seen and its bytes; a private message may be longer."""
        if "convo_id" in reply.parent_handle:
            require_fitting(reply.text, DIRECT_LIMIT, DIRECT_LIMIT_BYTES)
        else:
            require_fitting(reply.text, LIMIT, LIMIT_BYTES)

    def send(self, reply: OutgoingReply) -> Receipt:
        """Answer in the thread, under a key that this very reply always has: a second attempt cannot make a second post."""
        self.validate(reply)
        with self._open() as api:
            if "convo_id" in reply.parent_handle:
                return send_direct(api, reply)
            body = {"repo": api.did, "collection": POST, "rkey": _key(reply), "record": self._record(api, reply)}
            try:
                receipt = _receipt(api.post("com.atproto.repo.createRecord", body))
                if not receipt.external_id:
                    raise OutcomeUnknown(
                        N_("Bluesky does not say what became of the answer; it may have been accepted.")
                    )
                return receipt
            except (OutcomeUnknown, Refused) as error:
                # Servers answer a second attempt differently (400, 500); the record itself is the better witness.
                try:
                    found = self._find(api, reply)
                except ConnectorError:
                    raise error from None
                if found is None:
                    raise
                return found

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look in our own repository under the reply's key, or in the conversation of a direct message."""
        with self._open() as api:
            return find_direct(api, reply) if "convo_id" in reply.parent_handle else self._find(api, reply)

    def act(self, act: Act) -> Receipt:
        """Like or hide the post, block, mute or report its author."""
        doers = {
            ActName.LIKE: acts.like,
            ActName.HIDE: acts.hide,
            ActName.BLOCK: acts.block,
            ActName.MUTE: acts.mute,
            ActName.REPORT: acts.report,
        }
        if act.name not in self.capabilities.acts or (act.undo and act.name not in self.capabilities.undoable):
            return super().act(act)
        if "convo_id" in act.handle and act.name is ActName.LIKE:
            raise Refused(N_("Direct messages are liked on Bluesky itself."))
        if "convo_id" in act.handle and act.name in {ActName.HIDE, ActName.REPORT}:
            raise Refused(N_("Direct messages are reported on Bluesky itself; block or mute their author instead."))
        with self._open() as api:
            return doers[act.name](api, act)

    def _open(self) -> BlueskyApi:
        settings = self.settings
        return BlueskyApi(
            settings.service, settings.identifier, settings.app_password.get_secret_value(), self.surroundings
        )

    def _record(self, api: BlueskyApi, reply: OutgoingReply) -> dict[str, Any]:
        handle = reply.parent_handle
        if not handle.get("uri") or not handle.get("cid"):
            raise Refused(N_("The message does not say what to answer; answer it on Bluesky."))
        parent = {"uri": handle["uri"], "cid": handle["cid"]}
        record: dict[str, Any] = {
            "$type": POST,
            "text": reply.text,
            "createdAt": as_utc(reply.created_at).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            if reply.created_at
            else acts.stamp(),
            "reply": {"root": dict(handle.get("root") or parent), "parent": parent},
        }
        if reply.language:
            record["langs"] = [reply.language]
        if found := facets(reply.text, lambda handle: _resolve(api, handle)):
            record["facets"] = found
        return record

    def _find(self, api: BlueskyApi, reply: OutgoingReply) -> Receipt | None:
        query = {"repo": api.did, "collection": POST, "rkey": _key(reply)}
        try:
            return _receipt(api.get("com.atproto.repo.getRecord", query))
        except Gone:
            return None
        except Refused as error:
            if is_missing(error):
                return None
            raise


def _key(reply: OutgoingReply) -> str:
    return record_key(reply.key, reply.created_at)


def _resolve(api: BlueskyApi, handle: str) -> str | None:
    try:
        did = api.get("com.atproto.identity.resolveHandle", {"handle": handle}).get("did")
    except Refused:
        # Nobody has this name: it stays bare words.
        return None
    return did if isinstance(did, str) else None


def _receipt(answer: Mapping[str, Any]) -> Receipt:
    uri = str(answer.get("uri") or "")
    did, _, rest = uri.removeprefix("at://").partition("/")
    return Receipt(uri, f"https://bsky.app/profile/{did}/post/{rest.rpartition('/')[2]}" if uri else "")
