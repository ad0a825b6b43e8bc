"""Joining two ideas and parting them again."""

import pytest
from sqlalchemy.orm import Session

from inbox.ideas.find import find_surviving
from inbox.ideas.merge import find_merge, merge, unmerge
from inbox.ideas.models import Idea
from inbox.ideas.progress import progress
from inbox.ideas.promote import promote
from inbox.ideas.refusal import IdeaRefused
from tests.garden import a_member, a_message, a_teammate


def planted(session: Session, title: str, *names: str) -> Idea:
    idea = Idea(title=title)
    session.add(idea)
    session.flush()
    for name in names:
        promote(session, a_message(session, f"{title} please", a_member(session, name)), 0, 0, idea=idea, by=None)
    return idea


def quotes(idea: Idea) -> set[int]:
    return {evidence.id for evidence in idea.evidence}


def test_evidence_moves_and_people_are_counted_together(session: Session) -> None:
    dark, night = planted(session, "Dark mode", "Ada"), planted(session, "Night theme", "Bob", "Cy")
    merge(session, dark, night, by=a_teammate(session))
    assert (dark.people, night.people, dark.merged_into_id) == (0, 3, night.id)
    assert len(quotes(night)) == 3
    assert find_surviving(session, dark).id == night.id


def test_undo_brings_back_exactly_what_was_moved(session: Session) -> None:
    dark, night = planted(session, "Dark mode", "Ada"), planted(session, "Night theme", "Bob")
    before = quotes(dark), quotes(night)
    activity = merge(session, dark, night, by=None)
    late = promote(session, a_message(session, "dark", a_member(session, "Cy")), 0, 0, idea=dark, by=None)
    unmerge(session, activity, by=None)
    assert (quotes(dark), quotes(night)) == (before[0], before[1] | {late.id})
    assert (dark.people, night.people, dark.merged_into_id) == (1, 2, None)


def test_words_that_both_ideas_quote_stay_single_and_return(session: Session) -> None:
    dark, night = planted(session, "Dark mode", "Ada"), planted(session, "Night theme", "Bob")
    shared = a_message(session, "dark and night", a_member(session, "Cy"))
    for idea in (dark, night):
        promote(session, shared, 0, 0, idea=idea, by=None)
    before = quotes(dark), quotes(night)
    activity = merge(session, dark, night, by=None)
    assert night.people == 3
    unmerge(session, activity, by=None)
    assert (quotes(dark), quotes(night)) == before


def test_undo_works_once(session: Session) -> None:
    dark, night = planted(session, "Dark mode", "Ada"), planted(session, "Night theme", "Bob")
    activity = merge(session, dark, night, by=None)
    assert find_merge(session, dark) == activity
    unmerge(session, activity, by=None)
    assert find_merge(session, dark) is None
    with pytest.raises(IdeaRefused):
        unmerge(session, activity, by=None)


def test_undo_of_an_earlier_merge_waits_for_the_later_one(session: Session) -> None:
    one, two, three = (planted(session, title, title) for title in ("Dark", "Night", "Black"))
    first = merge(session, one, two, by=None)
    second = merge(session, two, three, by=None)
    with pytest.raises(IdeaRefused):
        unmerge(session, first, by=None)
    unmerge(session, second, by=None)
    assert unmerge(session, first, by=None).people == 1


def test_no_circles(session: Session) -> None:
    dark, night = planted(session, "Dark mode", "Ada"), planted(session, "Night theme", "Bob")
    merge(session, dark, night, by=None)
    for idea, into in ((night, night), (night, dark), (dark, night)):
        with pytest.raises(IdeaRefused):
            merge(session, idea, into, by=None)


def test_a_merged_idea_no_longer_moves_on_the_board(session: Session) -> None:
    dark, night = planted(session, "Dark mode", "Ada"), planted(session, "Night theme", "Bob")
    merge(session, dark, night, by=None)
    with pytest.raises(IdeaRefused):
        progress(session, dark, "planned", by=None)  # type: ignore[arg-type]
