"""The ledger of corrections: who said better than which model, filtered, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from inbox.channels.models import Channel
from inbox.conversations.models import Message
from inbox.database import among
from inbox.labels.models import Correction, Label
from inbox.teams.models import Teammate
from inbox.training.teachable import readable, with_author

PAGE = 50
EXCERPT = 300
COUNTED = 10_000
OTHER_LANGUAGES = "other"
NAMED_LANGUAGES = ("de", "en")


class Which(StrEnum):
    """Which corrections the ledger shows. A confirmation says that the model was right."""

    ALL = "all"
    CHANGED = "changed"
    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Filters:
    """`before` and `after` are primary tags; `language` is an ISO code or "other"; `until` is the first moment beyond."""

    which: Which = Which.ALL
    teammate_id: int | None = None
    before: str = ""
    after: str = ""
    language: str = ""
    channel_id: int | None = None
    model_version: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the ledger. `text` is None where nobody may read it any more; `is_last` corrections can be undone."""

    id: int
    at: datetime
    teammate_name: str | None
    before: str
    before_primary: str
    after: str
    after_primary: str
    model_version: str
    probabilities: dict[str, Any]
    undone_at: datetime | None
    message_id: int
    conversation_id: int
    text: str | None
    language: str
    channel_kind: str
    channel_name: str
    is_sample: bool
    is_last: bool
    is_contradicted: bool

    @property
    def is_confirmation(self) -> bool:
        """Whether the teammate found right what was said or proposed."""
        return self.before == self.after and bool(self.after or self.before_primary == self.after_primary)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, newest first, and the cursors of the pages beside it; None where there is none."""

    rows: Sequence[Row]
    older: int | None = None
    newer: int | None = None


def browse(
    session: Session, filters: Filters, *, after: int | None = None, before: int | None = None, limit: int = PAGE
) -> Page:
    """One page in one statement: what is older than the correction `after`, or newer than `before`."""
    query = rows(filters).limit(limit + 1)
    if before is not None:
        query = query.where(Correction.id > before).order_by(Correction.id)
    else:
        query = query.where(Correction.id < after) if after is not None else query
        query = query.order_by(Correction.id.desc())
    found = [Row(*row) for row in session.execute(query)]
    more, found = len(found) > limit, found[:limit]
    if before is not None:
        found.reverse()
    if not found:
        # Past the end, or everything there was undone meanwhile: the first page is always right.
        return Page(()) if after is None and before is None else browse(session, filters, limit=limit)
    has_newer, has_older = (more, True) if before is not None else (after is not None, more)
    return Page(found, older=found[-1].id if has_older else None, newer=found[0].id if has_newer else None)


def browse_these(session: Session, ids: Sequence[int]) -> list[Row]:
    """The lines with these ids, oldest first, in one statement."""
    query = rows(Filters()).where(among(session, Correction.id, ids)).order_by(Correction.id)
    return [Row(*row) for row in session.execute(query)]


def count(session: Session, filters: Filters) -> int:
    """How many corrections the filters leave, in one statement; it stops counting beyond COUNTED."""
    query = sa.select(Correction.id).join(Message, Message.id == Correction.message_id)
    query = query.join(Label, Label.message_id == Correction.message_id, isouter=True) if filters.language else query
    left = query.where(*_conditions(filters)).limit(COUNTED + 1).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(left)) or 0


def model_versions(session: Session) -> list[str]:
    """The models that were corrected, newest name first."""
    query = sa.select(Correction.model_version).distinct().order_by(Correction.model_version.desc())
    return [version for version in session.scalars(query) if version]


def rows(filters: Filters, *, excerpt: int | None = EXCERPT) -> sa.Select[Any]:
    """The ledger's columns as of `Row`, without an order; the text whole when `excerpt` is None."""
    return _lines(excerpt).where(*_conditions(filters))


@lru_cache(maxsize=2)
def _lines(excerpt: int | None) -> sa.Select[Any]:
    """Building it takes longer than executing it, so it is kept."""
    C, text = Correction, Message.text if excerpt is None else sa.func.substr(Message.text, 1, excerpt)  # noqa: N806
    query = sa.select(
        C.id,
        C.at,
        Teammate.name,
        C.before,
        C.before_primary,
        C.after,
        C.after_primary,
        C.model_version,
        C.probabilities,
        C.undone_at,
        C.message_id,
        Message.conversation_id,
        sa.case((readable(), text)),
        sa.func.coalesce(Label.language, ""),
        Channel.kind,
        Channel.name,
        Channel.is_sample,
        sa.and_(C.undone_at.is_(None), ~_other(lambda other: other.id > C.id)),
        _contradicted(),
    )
    query = with_author(query.join(Message, Message.id == C.message_id))
    query = query.join(Label, Label.message_id == C.message_id, isouter=True)
    return query.join(Teammate, Teammate.id == C.teammate_id, isouter=True)


def _conditions(filters: Filters) -> list[sa.ColumnElement[bool]]:
    C = Correction  # noqa: N806
    chosen = _of_which(filters.which)
    given = (
        (C.teammate_id, filters.teammate_id),
        (C.before_primary, filters.before or None),
        (C.after_primary, filters.after or None),
        # The sum hides the index: a channel has more messages than the ledger lines, and would be read whole.
        (Message.channel_id + 0, filters.channel_id),
        (C.model_version, filters.model_version or None),
    )
    chosen += [column == value for column, value in given if value is not None]
    if filters.language == OTHER_LANGUAGES:
        chosen.append(sa.func.coalesce(Label.language, "").not_in(NAMED_LANGUAGES))
    elif filters.language:
        chosen.append(Label.language == filters.language)
    if filters.since is not None:
        chosen.append(C.at >= filters.since)
    if filters.until is not None:
        chosen.append(C.at < filters.until)
    return chosen


def _of_which(which: Which) -> list[sa.ColumnElement[bool]]:
    C = Correction  # noqa: N806
    same = sa.and_(C.before == C.after, sa.or_(C.after != "", C.before_primary == C.after_primary))
    match which:
        case Which.CHANGED:
            return [~same, C.undone_at.is_(None)]
        case Which.CONFIRMED:
            return [same, C.undone_at.is_(None)]
        case Which.CONTRADICTED:
            return [_contradicted()]
        case Which.UNDONE:
            return [C.undone_at.is_not(None)]
        case Which.ALL:
            return []


def _contradicted() -> sa.ColumnElement[bool]:
    """Whether another teammate says something else about the same message, and both stand."""
    C = Correction  # noqa: N806
    return sa.and_(
        C.undone_at.is_(None),
        _other(lambda other: sa.and_(other.teammate_id != C.teammate_id, other.after_primary != C.after_primary)),
    )


def _other(condition: Any) -> sa.ColumnElement[bool]:
    other = aliased(Correction)
    return (
        sa.exists()
        .where(other.message_id == Correction.message_id, other.undone_at.is_(None), condition(other))
        .correlate(Correction)
    )
