"""Moving, routing, editing and listing ideas."""

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from inbox.activity.models import Activity
from inbox.clock import now
from inbox.ideas.browse import Filter, board, browse
from inbox.ideas.edit import edit
from inbox.ideas.history import history
from inbox.ideas.models import Idea, IdeaState
from inbox.ideas.progress import NEXT, progress
from inbox.ideas.promote import promote
from inbox.ideas.refusal import IdeaRefused
from inbox.ideas.route import route
from tests.garden import a_member, a_message, a_team, a_teammate


def an_idea(session: Session, title: str = "Dark mode", people: int = 0, **more: object) -> Idea:
    idea = Idea(title=title, people=people, **more)
    session.add(idea)
    session.flush()
    return idea


@pytest.mark.parametrize("before", IdeaState)
@pytest.mark.parametrize("after", IdeaState)
def test_only_listed_steps_are_taken(session: Session, before: IdeaState, after: IdeaState) -> None:
    idea = an_idea(session, state=before)
    if after in NEXT[before]:
        assert progress(session, idea, after, by=None) is True
        assert idea.state == after
    elif after == before:
        assert progress(session, idea, after, by=None) is False
    else:
        with pytest.raises(IdeaRefused):
            progress(session, idea, after, by=None)
        assert idea.state == before


def test_every_step_can_be_taken_back() -> None:
    assert all(NEXT[state] for state in IdeaState)
    assert all(before in NEXT[after] for before in IdeaState for after in NEXT[before])


def test_nothing_ships_unseen_and_nothing_shipped_is_declined() -> None:
    assert IdeaState.SHIPPED not in NEXT[IdeaState.NEW]
    assert IdeaState.DECLINED not in NEXT[IdeaState.SHIPPED]


def test_a_move_is_remembered_with_who_and_why(session: Session) -> None:
    idea, mo = an_idea(session), a_teammate(session, "Mo")
    progress(session, idea, IdeaState.DECLINED, by=mo, reason="Too early\nfor us")
    told = history(session, idea)[0]
    assert (told.actor_name, told.details) == (
        "Mo",
        {"before": "new", "after": "declined", "reason": "Too early for us"},
    )


def test_routing_starts_the_review_and_repeats_without_effect(session: Session) -> None:
    idea, team = an_idea(session), a_team(session)
    assert route(session, idea, team, by=None) is True
    assert (idea.product_team_id, idea.state) == (team.id, IdeaState.REVIEWING)
    assert route(session, idea, team, by=None) is False
    assert len(session.scalars(select(Activity).where(Activity.verb == "idea.routed")).all()) == 1


def test_a_planned_idea_stays_planned_when_it_changes_teams(session: Session) -> None:
    idea = an_idea(session, state=IdeaState.PLANNED)
    route(session, idea, a_team(session), by=None)
    assert idea.state == IdeaState.PLANNED


def test_an_archived_team_gets_nothing(session: Session) -> None:
    team = a_team(session)
    team.archived_at = now()
    with pytest.raises(IdeaRefused):
        route(session, an_idea(session), team, by=None)


def test_editing_keeps_the_words_within_their_bounds(session: Session) -> None:
    idea = an_idea(session)
    assert edit(session, idea, title=" Night\nmode ", summary="a\r\nb\x00" + "x" * 20_000, area="", by=None)
    assert (idea.title, idea.summary[:4], len(idea.summary)) == ("Night mode", "a\nbx", 10_000)
    assert edit(session, idea, title="Night mode", summary=idea.summary, area="", by=None) is False
    with pytest.raises(IdeaRefused):
        edit(session, idea, title="  ", summary="", by=None)


def test_the_board_shows_the_strongest_first_with_counts_and_newest_quote(session: Session) -> None:
    team = a_team(session)
    weak, strong = an_idea(session, "weak"), an_idea(session, "strong", product_team=team)
    for name in ("Ada", "Bob"):
        promote(session, a_message(session, f"{name} wants it", a_member(session, name)), 0, 0, idea=strong, by=None)
    an_idea(session, "gone", merged_into_id=strong.id)
    an_idea(session, "no", state=IdeaState.DECLINED)
    columns = {column.state: column for column in board(session)}
    assert list(columns) == list(IdeaState)
    assert [card.title for card in columns[IdeaState.NEW].cards] == ["strong", "weak"]
    assert (columns[IdeaState.NEW].count, columns[IdeaState.DECLINED].count, columns[IdeaState.SHIPPED].count) == (
        2,
        1,
        0,
    )
    card = columns[IdeaState.NEW].cards[0]
    assert card.top is not None
    assert (card.top.words, card.top.author, card.quotes, card.team_name) == ("Bob wants it", "Bob", 2, "Search")
    assert board(session, Filter(team_id=team.id))[0].count == 1
    assert [card.title for card in board(session, Filter(team_id=0))[0].cards] == ["weak"]
    assert weak.people == 0


def test_a_deleted_quote_is_shown_last_and_without_its_words(session: Session) -> None:
    idea = an_idea(session)
    promote(session, a_message(session, "kept", a_member(session, "Ada")), 0, 0, idea=idea, by=None)
    gone = promote(session, a_message(session, "gone", a_member(session, "Bob")), 0, 0, idea=idea, by=None)
    gone.message.deleted_at = now()
    session.flush()
    card = browse(session).cards[0]
    assert card.top is not None
    assert (card.top.words, card.quotes) == ("kept", 2)


def test_a_column_shows_its_strongest_and_counts_all(session: Session) -> None:
    for number in range(7):
        an_idea(session, f"idea {number}", people=number)
    column = board(session, each=3)[0]
    assert (column.count, [card.people for card in column.cards]) == (7, [6, 5, 4])


def test_the_board_takes_the_same_statements_for_few_and_many(session: Session) -> None:
    def statements() -> int:
        seen: list[str] = []
        bind = session.get_bind()

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        event.listen(bind, "before_cursor_execute", note)
        board(session)
        event.remove(bind, "before_cursor_execute", note)
        return len(seen)

    an_idea(session)
    few = statements()
    for number in range(20):
        promote(session, a_message(session, f"wish {number}", a_member(session)), 0, 0, by=None)
    assert (few, statements()) == (3, 3)


def test_pages_of_the_list_meet_without_gap_or_overlap(session: Session) -> None:
    for number in range(11):
        an_idea(session, f"idea {number}", people=number // 3)
    seen: list[int] = []
    after = None
    while True:
        page = browse(session, after=after, limit=4)
        seen += [card.id for card in page.cards]
        after = page.following
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 11


@pytest.mark.parametrize(
    ("words", "found"), [("dark", 1), ("DARK mode", 1), ("100%", 1), ("_", 0), ("%", 1), ("blue", 0)]
)
def test_words_narrow_the_list_literally(session: Session, words: str, found: int) -> None:
    an_idea(session, "Dark mode")
    an_idea(session, "Battery at 100% all day")
    assert len(browse(session, Filter(words=words)).cards) == found
