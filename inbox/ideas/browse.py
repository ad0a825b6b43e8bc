"""Ideas as lists and as the board, strongest first, with the newest quote of each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import Session

from inbox.ideas.models import Idea, IdeaState
from inbox.ideas.quotes import Quote, quotes
from inbox.teams.models import ProductTeam

Q = TypeVar("Q", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True, slots=True)
class Card:
    """An idea as lists show it."""

    id: int
    title: str
    summary: str
    state: IdeaState
    state_changed_at: datetime
    created_at: datetime
    people: int
    area: str
    language: str
    team_id: int | None
    team_name: str
    is_sample: bool
    quotes: int
    top: Quote | None


@dataclass(frozen=True, slots=True)
class Column:
    """One state of the board: how many ideas are in it, and the strongest of them."""

    state: IdeaState
    count: int
    cards: list[Card]


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the list, and where the next part begins; None at the end."""

    cards: list[Card]
    following: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which ideas: of a product team (0: of none), with these words in title or summary, in these states."""

    team_id: int | None = None
    words: str = ""
    states: Collection[IdeaState] = ()


def browse(
    session: Session, wanted: Filter = Filter(), *, after: tuple[int, int] | None = None, limit: int = 50
) -> Page:
    """The ideas after the (people, id) of the last one seen, at most 200, in two statements."""
    limit = max(1, min(limit, 200))
    query = _filtered(select(Idea, ProductTeam.name), wanted).outerjoin(
        ProductTeam, ProductTeam.id == Idea.product_team_id
    )
    if after is not None:
        query = query.where(tuple_(Idea.people, Idea.id) < after)
    rows = session.execute(query.order_by(Idea.people.desc(), Idea.id.desc()).limit(limit + 1)).all()
    cards = _cards(session, [(idea, team_name) for idea, team_name in rows[:limit]])
    return Page(cards, (cards[-1].people, cards[-1].id) if len(rows) > limit else None)


def board(session: Session, wanted: Filter = Filter(), *, each: int = 30) -> list[Column]:
    """All columns with their counts and the strongest `each` ideas, in three statements however many ideas there are."""
    counted = _filtered(select(Idea.state, func.count()), wanted).group_by(Idea.state)
    counts = dict(session.execute(counted).all())
    place = (
        func.row_number().over(partition_by=Idea.state, order_by=(Idea.people.desc(), Idea.id.desc())).label("place")
    )
    ranked = _filtered(select(Idea.id, place), wanted).subquery()
    rows = session.execute(
        select(Idea, ProductTeam.name)
        .join(ranked, ranked.c.id == Idea.id)
        .outerjoin(ProductTeam, ProductTeam.id == Idea.product_team_id)
        .where(ranked.c.place <= each)
        .order_by(ranked.c.place)
    )
    cards = _cards(session, [(idea, team_name) for idea, team_name in rows])
    return [Column(state, counts.get(state, 0), [card for card in cards if card.state == state]) for state in IdeaState]


def count_by_team(session: Session) -> dict[int, int]:
    """How many ideas of each product team are neither shipped nor declined, by team id."""
    over = (IdeaState.SHIPPED, IdeaState.DECLINED)
    counted = (
        select(Idea.product_team_id, func.count())
        .where(Idea.merged_into_id.is_(None), Idea.state.not_in(over), Idea.product_team_id.is_not(None))
        .group_by(Idea.product_team_id)
    )
    return {team_id: count for team_id, count in session.execute(counted) if team_id is not None}


def _filtered(query: Q, wanted: Filter) -> Q:
    query = query.where(Idea.merged_into_id.is_(None))
    if wanted.team_id is not None:
        query = query.where(
            Idea.product_team_id == wanted.team_id if wanted.team_id else Idea.product_team_id.is_(None)
        )
    if wanted.states:
        query = query.where(Idea.state.in_(wanted.states))
    for word in wanted.words.split()[:10]:
        query = query.where(Idea.title.icontains(word, autoescape=True) | Idea.summary.icontains(word, autoescape=True))
    return query


def _cards(session: Session, rows: list[tuple[Idea, str | None]]) -> list[Card]:
    tops = quotes(session, [idea.id for idea, _ in rows])
    return [
        Card(
            id=idea.id,
            title=idea.title,
            summary=idea.summary,
            state=IdeaState(idea.state),
            state_changed_at=idea.state_changed_at,
            created_at=idea.created_at,
            people=idea.people,
            area=idea.area,
            language=idea.language,
            team_id=idea.product_team_id,
            team_name=team_name or "",
            is_sample=idea.is_sample,
            quotes=tops[idea.id][0].of_idea if idea.id in tops else 0,
            top=tops[idea.id][0] if idea.id in tops else None,
        )
        for idea, team_name in rows
    ]
