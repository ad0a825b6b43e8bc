"""What a connector declares about its platform, as plain values: the pages, the documentation and the limiter read these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class ActName(StrEnum):
    """What can be done to a message or its author at the source. Unhide, unban and the like are the undoing of these."""

    HIDE = "hide"
    DELETE = "delete"
    MARK_SPAM = "mark_spam"
    HOLD = "hold"  # back into the platform's own queue, unseen until approved
    APPROVE = "approve"  # what the platform holds becomes visible
    LOCK = "lock"  # nobody may answer in the thread any more
    MUTE = "mute"
    BLOCK = "block"
    BAN = "ban"  # from the community, for ever or until a time
    REPORT = "report"
    LIKE = "like"


class Metric(StrEnum):
    """What platforms count beside a message for everybody to see."""

    VIEWS = "views"
    LIKES = "likes"
    REACTIONS = "reactions"  # of any kind, good or bad
    POINTS = "points"  # votes for it less votes against it
    SHARES = "shares"
    REPLIES = "replies"


class Group(StrEnum):
    """Among what else a kind is looked for. A kind without a picture of its own shows its group's."""

    MAIL = "mail"  # also feeds, files and one's own programs
    SOCIAL = "social"
    CHAT = "chat"
    FORUM = "forum"  # also comments below articles
    REVIEWS = "reviews"
    ISSUES = "issues"


class Unit(StrEnum):
    """How a platform counts the length of a text."""

    CHARACTERS = "characters"
    GRAPHEMES = "graphemes"
    BYTES = "bytes"
    UTF16 = "utf16"
    WEIGHTED = "weighted"  # X: most of Asia's characters and every emoji count two, every address 23


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One pollable part of a channel and how often to look when it is neither busy nor quiet, in seconds."""

    name: str
    every: int = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls (or quota units) in so many seconds, counted by the platform for `scope` ("" is everything)."""

    calls: int
    seconds: int
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the platform's terms let us keep what it gave us. None: as long as it stays there.

    After `text_hours` the words are erased, after `author_hours` name and picture; what is older than `refresh_days` must
    have been asked for again or be erased.
    """

    text_hours: int | None = None
    author_hours: int | None = None
    refresh_days: int | None = None
    because: str = ""


@dataclass(frozen=True, slots=True)
class SignIn:
    """OAuth 2 by authorization code, for platforms that want a person's consent. Settings have `client_id` and `client_secret`."""

    authorize_url: str
    token_url: str
    scopes: Sequence[str]
    scope_separator: str = " "
    uses_pkce: bool = True
    basic_auth: bool = False  # the client's name and secret in the header instead of the body
    extra: Mapping[str, str] = field(default_factory=dict)  # more query for the consent page


@dataclass(frozen=True, slots=True)
class Guide:
    """How an operator gets what the form asks for: numbered steps, what stands in the way, and the platform's own page."""

    steps: Sequence[str]
    gate: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this platform lets us do; `because` gives the reason for what it does not, by act or by field name here."""

    polls: bool = True
    keeps_past: bool = True  # what was written earlier can be fetched from a date, beside the usual polls
    receives: bool = False
    replies: bool = False
    tells_edits: bool = False
    tells_deletes: bool = False
    tells_failures: bool = False  # says later of an answer it took that it did not reach the person
    threads: bool = False  # what a message answers comes along, or can be asked for
    watches: bool = False  # keywords and hashtags, also where nobody names us
    acts: frozenset[ActName] = frozenset()
    undoable: frozenset[ActName] = frozenset()
    ends: frozenset[ActName] = frozenset()  # acts that can be for a time, after which the platform ends them
    text_limit: int = 0
    private_limit: int = 0  # of an answer to a direct message; 0: the same
    text_unit: Unit = Unit.CHARACTERS
    refetches: int = 0  # how many messages can be asked for again at once; 0: none
    metrics: frozenset[Metric] = frozenset()
    allows_training: bool = True
    because: Mapping[str, str] = field(default_factory=dict)

    def limit_for(self, visibility: str) -> int:
        """How long an answer to a message of that visibility may be; 0: of any length."""
        return (visibility == "direct" and self.private_limit) or self.text_limit


class Setup(BaseModel):
    """Settings of a connection. Fields draw the form (title, description, order), validate it, and mark secrets by SecretStr."""

    # A secret that was refused must not be in the words of the refusal.
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)
