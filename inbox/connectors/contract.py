"""What every connector promises: plain data in, plain data out, and a closed set of errors. Free to all features."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

# Part of the contract: connectors and their callers take these from here.
from inbox.connectors.declared import ActName as ActName
from inbox.connectors.declared import Capabilities as Capabilities
from inbox.connectors.declared import Group as Group
from inbox.connectors.declared import Guide as Guide
from inbox.connectors.declared import Metric as Metric
from inbox.connectors.declared import Rate as Rate
from inbox.connectors.declared import Retention as Retention
from inbox.connectors.declared import Setup as Setup
from inbox.connectors.declared import SignIn as SignIn
from inbox.connectors.declared import StreamSpec as StreamSpec
from inbox.connectors.declared import Unit as Unit
from inbox.connectors.errors import ConnectorError as ConnectorError
from inbox.connectors.errors import Gone as Gone
from inbox.connectors.errors import NeedsPerson as NeedsPerson
from inbox.connectors.errors import OutcomeUnknown as OutcomeUnknown
from inbox.connectors.errors import Passing as Passing
from inbox.connectors.errors import RateLimited as RateLimited
from inbox.connectors.errors import Refused as Refused
from inbox.connectors.incoming import Author as Author
from inbox.connectors.incoming import BadItem as BadItem
from inbox.connectors.incoming import Batch as Batch
from inbox.connectors.incoming import Deletion as Deletion
from inbox.connectors.incoming import IncomingAttachment as IncomingAttachment
from inbox.connectors.incoming import IncomingMessage as IncomingMessage
from inbox.connectors.incoming import IncomingReport as IncomingReport
from inbox.connectors.incoming import Visibility as Visibility
from inbox.connectors.surroundings import Memory as Memory
from inbox.connectors.surroundings import NoPace as NoPace
from inbox.connectors.surroundings import Pace as Pace
from inbox.connectors.surroundings import Surroundings as Surroundings
from inbox.sentence import N_ as N_
from inbox.sentence import Sentence as Sentence
from inbox.sentence import listed_sentences as listed_sentences

# ── what goes out ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class OutgoingReply:
    """An answer to one message. `key` is stable over attempts: use it as the platform's idempotency key or Message-ID."""

    key: str
    text: str
    thread_id: str
    parent_id: str
    parent_handle: Mapping[str, Any]
    author_name: str = ""
    subject: str = ""
    language: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """A moderation act on a message or on its author."""

    key: str
    name: ActName
    message_id: str
    author_id: str
    handle: Mapping[str, Any]
    reason: str = ""
    until: datetime | None = None
    undo: bool = False
    undo_state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that something left: the platform's id for it, where it can be seen, and what undoing it needs."""

    external_id: str = ""
    url: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)


# ── what a connector is ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Account:
    """What a connection turned out to be, with its last real messages, newest first."""

    name: str
    external_id: str = ""
    url: str = ""
    latest: Sequence[IncomingMessage] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A message we have, to be asked for again: how the platform names it, and what its connector noted for itself."""

    external_id: str
    thread_id: str
    handle: Mapping[str, Any]


class ChannelConnector(ABC):
    """A platform we listen to and answer on: the base of each. One instance serves one connection for one run.

    What a platform does not offer is refused here, so that a connector writes only what it has.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    about: ClassVar[str]
    group: ClassVar[Group]
    setup: ClassVar[type[Setup]]
    capabilities: ClassVar[Capabilities]
    guide: ClassVar[Guide] = Guide(())
    rates: ClassVar[Sequence[Rate]] = ()
    retention: ClassVar[Retention] = Retention()

    def __init__(self, settings: Any, surroundings: Surroundings) -> None:
        self.settings = settings
        self.surroundings = surroundings

    def describe(self) -> Capabilities:
        """What this very connection may do, by the scopes and limits that `check` noted in its memory. No network."""
        return self.capabilities

    def sign_in(self) -> SignIn | None:
        """Where a person consents, for platforms that need it; None where the settings hold all that is needed."""
        return None

    @abstractmethod
    def check(self) -> Account:
        """Sign in and look; store nothing but its memory. Raises ConnectorError."""

    def refresh_auth(self, refused: str = "") -> str:
        """A token that is good now: the one that is kept, or a fresh one where that is about to end or is the `refused` one.

        A fresh one is fetched alone (`memory.alone`), because the way to it may be good once, and kept before it is used.
        Raises NeedsPerson when a person must sign in (again), Refused where nothing runs out.
        """
        raise Refused(N_("What %(label)s was given does not run out.", label=self.label))

    def streams(self) -> Sequence[StreamSpec]:
        """The streams this connection has."""
        return ()

    def poll(self, stream: str, cursor: Mapping[str, Any] | None, since: datetime | None) -> Iterator[Batch]:
        """Everything after `cursor` in batches, oldest first where the platform allows; the first time from `since`.

        Repeats are allowed, gaps are not. An older version's cursor is understood or restarted from `since`.
        """
        raise Refused(N_("%(label)s is not polled; messages are brought.", label=self.label))

    def refetch(self, known: Sequence[Known]) -> Batch:
        """These messages (at most `capabilities.refetches`) as they are now; those that are gone as deletions."""
        raise Refused(N_("%(label)s does not give single messages again.", label=self.label))

    def thread(self, orphans: Sequence[IncomingMessage]) -> Batch:
        """What stands above these messages (at most twenty): their parents, and more where it comes along. What is not
        there, as deletions; what cannot be told now is left out.

        Asked for new messages whose parent nobody knows and that do not quote it. A parent's `thread_id` says where all of
        it belongs. Nothing where polls bring the parents themselves.
        """
        return Batch()

    def metrics(self, known: Sequence[Known]) -> Mapping[str, Mapping[Metric, int]]:
        """Public counts of these messages by their ids, where that takes a question of its own.

        Nothing where they come along with the messages, which is then how they keep up.
        """
        return {}

    def reach(self, known: Sequence[Known]) -> None:
        """Look at where these messages stand, not at them. Raises ConnectorError when that is not seen (any more)."""
        self.check()

    def reread(self, raw: str) -> Batch:
        """An item of the quarantine, as this connector kept it, read anew: a later version may know better. No network.

        Raises Refused or ValueError for what still cannot be read, or gives it as `bad`.
        """
        raise Refused(
            N_("What %(label)s gives cannot be read again by itself, without what stood around it.", label=self.label)
        )

    def greet(self, query: Mapping[str, str]) -> str:
        """What to answer when the platform asks by GET whether this address expects it. Raises Refused."""
        raise Refused(N_("%(label)s does not ask.", label=self.label))

    def receive(self, headers: Mapping[str, str], body: bytes) -> Batch:
        """A webhook's delivery, verified over the raw bytes. Raises Refused when signature, time or form is wrong."""
        raise Refused(N_("%(label)s is polled; nothing is expected here.", label=self.label))

    def length(self, text: str) -> int:
        """The length of `text` as the platform counts it."""
        return len(text)

    def validate(self, reply: OutgoingReply) -> None:
        """Raises Refused with the reason when `send` surely would; no network. Called while a person can still mend it.

        Here that is what is empty or too long. Whoever refuses more asks this too, or counts for itself.
        """
        length, limit = self.length(reply.text), self.describe().text_limit
        if not reply.text.strip():
            raise Refused(N_("%(label)s takes no empty answers.", label=self.label))
        if length > limit:
            unit = N_("bytes") if self.capabilities.text_unit is Unit.BYTES else N_("characters")
            gaps = {"length": length, "unit": unit, "label": self.label, "limit": limit}
            raise Refused(N_("The answer has %(length)s %(unit)s; %(label)s takes %(limit)s.", **gaps))

    def send(self, reply: OutgoingReply) -> Receipt:
        """Send once. Raises OutcomeUnknown when it may or may not have arrived, else another ConnectorError."""
        raise Refused(N_("%(label)s takes no answers.", label=self.label))

    def find_sent(self, reply: OutgoingReply) -> Receipt | None:
        """Look whether an earlier attempt with this key arrived. None when surely not; raises when it cannot be told."""
        raise Refused(N_("%(label)s cannot be asked what arrived.", label=self.label))

    def act(self, act: Act) -> Receipt:
        """Do (or undo) a moderation act; doing it twice does no harm."""
        if act.undo:
            raise Refused(N_("%(label)s offers no way to take this back.", label=self.label))
        raise Refused(N_("%(label)s offers no way to do this.", label=self.label))
