"""Finds or makes the identities, and the members behind them, of everybody who wrote in a batch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.database import among, given, insert_rows
from inbox.members.models import Identity, Member

PROFILE = ("handle", "name", "avatar_url", "profile_url", "is_us")


@dataclass(slots=True)
class Seen:
    """Somebody who wrote on a channel, and when first and last in this batch."""

    external_id: str
    handle: str
    name: str
    avatar_url: str
    profile_url: str
    is_us: bool
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """The rows behind an author."""

    identity_id: int
    member_id: int


def recognise(
    session: Session, channel_id: int, seen: Mapping[str, Seen], *, is_sample: bool = False
) -> dict[str, Known]:
    """The identity and member of each author by external id, in at most five statements.

    New authors get both; known ones their newest handle, name and pictures. The caller holds the channel's row, so that
    nobody else makes the same identity meanwhile.
    """
    if not seen:
        return {}
    found = session.execute(
        sa.select(
            Identity.id,
            Identity.external_id,
            Identity.member_id,
            *(getattr(Identity, field) for field in PROFILE),
            Member.first_seen_at,
            Member.last_seen_at,
        )
        .join(Member, Member.id == Identity.member_id)
        .where(Identity.channel_id == channel_id, among(session, Identity.external_id, seen))
    ).all()
    known = {row.external_id: Known(row.id, row.member_id) for row in found}
    _refresh_profiles(session, found, seen)
    _refresh_times(session, found, seen)
    fresh = [author for key, author in seen.items() if key not in known]
    if fresh:
        known.update(_add(session, channel_id, fresh, is_sample))
    return known


def _add(session: Session, channel_id: int, fresh: Sequence[Seen], is_sample: bool) -> dict[str, Known]:
    rows = [(author.name or author.handle, author.first_at, author.last_at, "", is_sample) for author in fresh]
    columns = ("name", "first_seen_at", "last_seen_at", "note", "is_sample")
    members: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    facts_of = ("id", "name", "first_seen_at", "last_seen_at")
    for number, *facts in insert_rows(session, Member, columns, rows, returning=facts_of):
        # Rows may come back in any order; those that are equal in all of these may change places.
        members[tuple(facts)].append(number)
    numbers = [members[author.name or author.handle, author.first_at, author.last_at].pop() for author in fresh]
    identities = [
        (number, channel_id, author.external_id, *(getattr(author, field) for field in PROFILE))
        for number, author in zip(numbers, fresh, strict=True)
    ]
    names = ("member_id", "channel_id", "external_id", *PROFILE)
    known_of = ("external_id", "id", "member_id")
    added = insert_rows(session, Identity, names, identities, returning=known_of)
    return {external_id: Known(identity_id, member_id) for external_id, identity_id, member_id in added}


def _refresh_profiles(session: Session, found: Sequence[sa.Row[Any]], seen: Mapping[str, Seen]) -> None:
    changed = []
    for row in found:
        author = seen[row.external_id]
        # What a platform leaves out is not forgotten, and an account that was ours stays ours.
        newest = tuple(getattr(author, field) or getattr(row, field) for field in PROFILE)
        if newest != tuple(getattr(row, field) for field in PROFILE):
            changed.append((row.id, *newest))
    if changed:
        rows = given(session, Identity, ("id", *PROFILE), changed)
        session.execute(
            sa.update(Identity)
            .where(Identity.id == rows.c.id)
            .values({field: rows.c[field] for field in PROFILE})
            .execution_options(synchronize_session=False)
        )


def _refresh_times(session: Session, found: Sequence[sa.Row[Any]], seen: Mapping[str, Seen]) -> None:
    stored = {row.member_id: (row.first_seen_at, row.last_seen_at) for row in found}
    times = dict(stored)
    for row in found:
        author, (first, last) = seen[row.external_id], times[row.member_id]
        times[row.member_id] = min(first, author.first_at), max(last, author.last_at)
    changed = [(member_id, *span) for member_id, span in times.items() if span != stored[member_id]]
    if changed:
        rows = given(session, Member, ("id", "first_seen_at", "last_seen_at"), changed)
        session.execute(
            sa.update(Member)
            .where(Member.id == rows.c.id)
            .values(first_seen_at=rows.c.first_seen_at, last_seen_at=rows.c.last_seen_at)
            .execution_options(synchronize_session=False)
        )
