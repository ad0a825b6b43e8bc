"""Who stands behind an idea."""

from sqlalchemy import event
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.conversations.models import Direction
from inbox.ideas.models import Evidence, Idea
from inbox.ideas.promote import promote
from inbox.ideas.refresh import refresh
from inbox.ideas.support import support
from inbox.members.models import Identity, Member
from tests.garden import a_member, a_message


def planted(session: Session, *authors: Identity) -> Idea:
    idea = Idea(title="Dark mode")
    session.add(idea)
    session.flush()
    for author in authors:
        promote(session, a_message(session, "dark please", author), 0, 0, idea=idea, by=None)
    return idea


def count(session: Session, idea: Idea) -> int:
    return support(session, [idea.id])[idea.id]


def test_a_person_who_says_it_twice_counts_once(session: Session) -> None:
    ada, bob = a_member(session, "Ada"), a_member(session, "Bob")
    assert planted(session, ada, ada, bob).people == 2


def test_merged_members_count_once_however_long_the_chain(session: Session) -> None:
    people = [a_member(session, name) for name in ("Ada", "Ada2", "Ada3", "Bob")]
    idea = planted(session, *people)
    assert idea.people == 4
    for one, into in ((0, 1), (1, 2)):
        people[one].member.merged_into_id = people[into].member_id
    assert count(session, idea) == 2


def test_a_circle_of_merges_ends(session: Session) -> None:
    ada, bob = a_member(session, "Ada"), a_member(session, "Bob")
    idea = planted(session, ada, bob)
    ada.member.merged_into_id, bob.member.merged_into_id = bob.member_id, ada.member_id
    assert count(session, idea) == 0


def test_our_own_accounts_and_blocked_people_count_for_nobody(session: Session) -> None:
    us, troll = a_member(session, "Brand", is_us=True), a_member(session, "Troll")
    idea = planted(session, us, troll, a_member(session, "Ada"))
    assert idea.people == 2
    troll.member.blocked_at = now()
    assert count(session, idea) == 1


def test_a_teammates_note_counts_for_nobody(session: Session) -> None:
    message = a_message(session, "dark please", identity_id=None, direction=Direction.NOTE)
    assert promote(session, message, 0, 0, by=None).idea.people == 0


def test_an_erased_person_still_counts_without_a_name(session: Session) -> None:
    ada = a_member(session, "Ada")
    idea = planted(session, ada)
    ada.member.erased_at = now()
    assert count(session, idea) == 1


def test_deleted_messages_count_for_nobody_and_their_quotes_are_emptied(session: Session) -> None:
    ada, bob = a_member(session, "Ada"), a_member(session, "Bob")
    idea = planted(session, ada, bob)
    first = session.get_one(Evidence, min(evidence.id for evidence in idea.evidence))
    first.message.deleted_at = now()
    session.flush()
    assert refresh(session) == 1
    session.refresh(first)
    assert (first.quote, idea.people) == ("", 1)
    assert refresh(session) == 0


def test_the_number_of_statements_does_not_grow_with_the_ideas(session: Session) -> None:
    ideas = [planted(session, a_member(session)) for _ in range(5)]
    session.add(Member(name="quiet"))
    session.flush()
    seen: list[str] = []
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", lambda *args: seen.append(args[2]))
    assert support(session, [idea.id for idea in ideas]) == {idea.id: 1 for idea in ideas}
    assert len(seen) == 2
