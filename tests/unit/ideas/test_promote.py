"""Turning what somebody wrote into evidence."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from inbox.activity.models import Activity
from inbox.clock import now
from inbox.database import Database
from inbox.ideas.merge import merge
from inbox.ideas.models import Evidence, Idea
from inbox.ideas.promote import promote
from inbox.ideas.refusal import IdeaRefused
from inbox.ideas.withdraw import withdraw
from tests.garden import a_channel, a_member, a_message, a_teammate

TEXT = "Lovely app. Please add a dark mode! Thanks."
START, END = TEXT.index("Please"), TEXT.index("!") + 1


def ideas(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Idea)) or 0


def test_a_marked_sentence_becomes_an_idea_with_its_quote(session: Session) -> None:
    author = a_member(session, "Ada")
    evidence = promote(session, a_message(session, TEXT, author), START, END, title="Dark mode", by=a_teammate(session))
    assert (evidence.quote, evidence.start, evidence.end) == ("Please add a dark mode!", START, END)
    assert evidence.member_id == author.member_id
    assert (evidence.idea.title, evidence.idea.people, evidence.idea.language) == ("Dark mode", 1, "en")


def test_nothing_marked_means_the_whole_message(session: Session) -> None:
    assert promote(session, a_message(session, f"  {TEXT}\n"), 0, 0, title="All", by=None).quote == TEXT


def test_white_space_around_the_marked_words_is_left_out(session: Session) -> None:
    evidence = promote(session, a_message(session, TEXT), START - 1, END + 1, title="Dark mode", by=None)
    assert (evidence.start, evidence.end) == (START, END)


def test_promoting_twice_changes_nothing(session: Session) -> None:
    message = a_message(session, TEXT)
    first = promote(session, message, START, END, title="Dark mode", by=None)
    again = promote(session, message, START, END, title="dark  mode", by=None)
    assert (first.id, ideas(session), first.idea.people) == (again.id, 1, 1)
    assert session.scalar(select(func.count()).where(Activity.verb == "idea.promoted")) == 1


def test_one_message_feeds_several_ideas(session: Session) -> None:
    message = a_message(session, TEXT)
    dark = promote(session, message, START, END, title="Dark mode", by=None)
    lovely = promote(session, message, 0, 11, title="Keep it lovely", by=None)
    assert dark.idea_id != lovely.idea_id


def test_a_longer_mark_at_the_same_place_replaces_the_shorter(session: Session) -> None:
    message = a_message(session, TEXT)
    short = promote(session, message, START, START + 12, title="Dark mode", by=None)
    longer = promote(session, message, START, END, title="", idea=short.idea, by=None)
    assert (longer.id, longer.quote) == (short.id, "Please add a dark mode!")


def test_a_second_person_adds_to_an_idea_that_is_there(session: Session) -> None:
    idea = promote(session, a_message(session, TEXT), 0, 0, title="Dark mode", by=None).idea
    promote(session, a_message(session, "Dark mode, please", a_member(session, "Bob")), 0, 0, idea=idea, by=None)
    assert (idea.people, ideas(session)) == (2, 1)


def test_a_quote_for_a_merged_idea_goes_to_the_one_it_went_into(session: Session) -> None:
    one = promote(session, a_message(session, TEXT), 0, 0, title="Dark mode", by=None).idea
    other = promote(session, a_message(session, TEXT), 0, 0, title="Night theme", by=None).idea
    merge(session, one, other, by=None)
    evidence = promote(session, a_message(session, TEXT, a_member(session, "Cy")), 0, 0, idea=one, by=None)
    assert (evidence.idea_id, other.people) == (other.id, 3)


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 3), (0, 10_000), (10_000, 10_001)])
def test_words_outside_the_message_are_refused(session: Session, start: int, end: int) -> None:
    with pytest.raises(IdeaRefused):
        promote(session, a_message(session, TEXT), start, end, title="x", by=None)
    assert ideas(session) == 0


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_a_message_without_words_is_refused(session: Session, text: str) -> None:
    with pytest.raises(IdeaRefused):
        promote(session, a_message(session, text), 0, 0, title="x", by=None)


def test_a_deleted_message_is_refused(session: Session) -> None:
    with pytest.raises(IdeaRefused):
        promote(session, a_message(session, TEXT, deleted_at=now()), 0, 0, title="x", by=None)


def test_without_a_title_the_words_name_the_idea(session: Session) -> None:
    assert promote(session, a_message(session, TEXT), START, END, by=None).idea.title == "Please add a dark mode!"


def test_a_huge_message_and_title_are_cut(session: Session) -> None:
    evidence = promote(session, a_message(session, "dark mode " * 10_000), 0, 0, title="t" * 5_000, by=None)
    assert (len(evidence.quote), len(evidence.idea.title)) == (3_999, 200)
    assert evidence.end == 3_999


def test_a_message_without_author_counts_for_nobody(session: Session) -> None:
    message = a_message(session, TEXT)
    message.identity_id = None
    evidence = promote(session, message, 0, 0, title="Dark mode", by=None)
    assert (evidence.member_id, evidence.idea.people) == (None, 0)


def test_an_idea_from_sample_data_is_sample_data(session: Session) -> None:
    author = a_member(session, channel=a_channel(session, "Sample", is_sample=True))
    assert promote(session, a_message(session, TEXT, author), 0, 0, title="Dark mode", by=None).idea.is_sample


def test_undoing_a_promotion_takes_the_fresh_idea_along(session: Session) -> None:
    evidence = promote(session, a_message(session, TEXT), 0, 0, title="Dark mode", by=None)
    assert withdraw(session, evidence, by=None) is False
    assert ideas(session) == 0
    assert session.scalar(select(func.count()).select_from(Evidence)) == 0


def test_undoing_a_promotion_leaves_an_idea_that_others_want(session: Session) -> None:
    evidence = promote(session, a_message(session, TEXT), 0, 0, title="Dark mode", by=None)
    promote(session, a_message(session, TEXT, a_member(session, "Bob")), 0, 0, idea=evidence.idea, by=None)
    idea = evidence.idea
    assert withdraw(session, evidence, by=None) is True
    assert (idea.people, ideas(session)) == (1, 1)


def test_two_windows_promoting_at_once_make_one_idea(database: Database) -> None:
    with database.writing() as session:
        message_id = a_message(session, TEXT).id
    from concurrent.futures import ThreadPoolExecutor

    from inbox.conversations.models import Message

    def press(_: int) -> int:
        with database.writing() as session:
            message = session.get_one(Message, message_id)
            return promote(session, message, START, END, title="Dark mode", by=None).idea_id

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(press, range(8)))
    with database.reading() as session:
        assert (len(made), ideas(session)) == (1, 1)
