"""From corrections to a model that serves: what is learned from, one training at a time, and the way back."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.conversations.models import Conversation, Direction, Message
from inbox.database import Database
from inbox.labels.correct import correct
from inbox.labels.models import Label, Tag
from inbox.labels.undo_correction import undo_correction
from inbox.teams.models import Workspace
from inbox.training.advance import Lost, advance
from inbox.training.claim_training import LEASE, MOST_TRIES, claim_training
from inbox.training.contradict import Found, contradict
from inbox.training.decide import decide
from inbox.training.decisions import decisions
from inbox.training.find_champion import find_champion
from inbox.training.lessons import lessons
from inbox.training.models import Contradiction, Decision, Model, ModelState
from inbox.training.roll_back import CannotRollBack, roll_back
from inbox.training.serve_base import SILENCE, is_outdated, serve_base
from inbox.training.settle_training import KEPT, Outcome, settle_training
from inbox.training.train_now import train_now
from tests.making import make_channel, make_conversation, make_message, make_teammate

BASE = "1-base"


def corrected(session: Session, text: str, *tags: str, kind: str = "mastodon") -> Message:
    conversation = make_conversation(session, make_channel(session, kind=kind), (text,))
    message = session.scalars(sa.select(Message).where(Message.conversation_id == conversation.id)).one()
    correct(session, message.id, tags, by=make_teammate(session))
    return message


def taught(session: Session) -> dict[str, str]:
    return {lesson.text: lesson.tags for lesson in lessons(session, most=100)}


def trained(session: Session, version: str, **fields: object) -> Model:
    """A training from the button to the verdict."""
    train_now(session, by=make_teammate(session))
    claim = claim_training(session, BASE, now())
    assert claim
    outcome = Outcome(**{"base_version": BASE, "version": version, "payload": version.encode(), **fields})  # type: ignore[arg-type]
    return settle_training(session, claim, outcome, now())


def test_the_newest_standing_correction_of_each_message_teaches(session: Session) -> None:
    teammate = make_teammate(session)
    first = corrected(session, "one", "idea")
    undone = correct(session, first.id, ["question"], by=teammate)
    second = corrected(session, "two", "idea")
    correct(session, second.id, [], by=teammate)
    withdrawn = corrected(session, "three", "idea")
    for correction in (undone, correct(session, withdrawn.id, ["troll"], by=teammate)):
        assert correction
        undo_correction(session, correction, by=teammate)
    session.flush()
    assert taught(session) == {"one": "idea", "two": "", "three": "idea"}


def test_a_confirmation_teaches_as_well(session: Session) -> None:
    message = make_message(session, make_conversation(session, make_channel(session)), "right as it is")
    session.add(Label(message_id=message.id, primary=Tag.IDEA, tags="idea", model_version=BASE))
    session.flush()
    correct(session, message.id, ["idea"], by=make_teammate(session))
    assert taught(session) == {"right as it is": "idea"}


def test_what_nobody_may_learn_from_teaches_nothing(session: Session) -> None:
    corrected(session, "kept", "idea")
    deleted = corrected(session, "deleted", "idea")
    deleted.deleted_at = now()
    erased = corrected(session, "erased", "idea")
    assert erased.identity
    erased.identity.member.erased_at = now()
    corrected(session, "expired", "idea").expired_at = now()
    ours = corrected(session, "ours", "idea")
    ours.direction = Direction.OUT
    edited = corrected(session, "edited later", "idea")
    edited.edited_at = now() + timedelta(minutes=1)
    corrected(session, "invented", "idea").conversation.channel.is_sample = True
    corrected(session, "forbidden", "idea", kind="x")
    corrected(session, "of a kind whose terms nobody knows", "idea", kind="myspace")
    session.flush()
    assert taught(session) == {"kept": "idea"}


def test_the_newest_are_taken_and_the_oldest_of_them_comes_first(session: Session) -> None:
    for number in range(4):
        corrected(session, str(number), "idea")
    assert [lesson.text for lesson in lessons(session, most=3)] == ["1", "2", "3"]


def test_one_training_at_a_time(session: Session) -> None:
    first = train_now(session, by=make_teammate(session))
    assert train_now(session, by=make_teammate(session)).id == first.id
    claim = claim_training(session, BASE, now())
    assert claim and claim.model_id == first.id
    assert claim_training(session, BASE, now()) is None
    assert train_now(session).id == first.id


def test_a_training_whose_worker_is_gone_is_begun_again_and_given_up_at_last(session: Session) -> None:
    model, at = train_now(session), now()
    claims = []
    for _ in range(MOST_TRIES):
        claims.append(claim_training(session, BASE, at))
        at += LEASE + timedelta(seconds=1)
    assert all(claims)
    assert claim_training(session, BASE, at) is None
    assert (model.state, model.reason) == (ModelState.ABANDONED, "abandoned")
    assert train_now(session).id != model.id


def test_who_took_too_long_no_longer_has_a_say(session: Session) -> None:
    model, at = train_now(session), now()
    slow = claim_training(session, BASE, at)
    quick = claim_training(session, BASE, at + LEASE + timedelta(seconds=1))
    assert slow and quick
    advance(session, quick, at, step=1, steps=4)
    assert (model.step, model.steps) == (1, 4)
    for late in (
        lambda: advance(session, slow, at, step=2, steps=4),
        lambda: settle_training(session, slow, Outcome(BASE), at),
    ):
        with pytest.raises(Lost):
            late()
    settle_training(session, quick, Outcome(BASE, "1-base+a", b"a"), at)
    with pytest.raises(Lost):
        advance(session, quick, at, step=2, steps=4)


@pytest.mark.parametrize(
    ("hour", "corrects", "trained_hours_ago", "is_due"),
    [(2, True, None, True), (12, True, None, False), (2, False, None, False), (3, True, 1, False), (3, True, 24, True)],
)
def test_at_night_what_was_corrected_is_learned(
    session: Session, hour: int, corrects: bool, trained_hours_ago: int | None, is_due: bool
) -> None:
    session.add(Workspace(id=1, name="Garden", time_zone="Europe/Berlin"))
    at = datetime(2026, 11, 20, hour - 1, 30, tzinfo=UTC)  # Berlin is an hour ahead
    if corrects:
        message = corrected(session, "one", "idea")
        session.execute(sa.text("UPDATE corrections SET at = :at"), {"at": _stored(session, at - timedelta(minutes=5))})
        assert message.id
    if trained_hours_ago:
        session.add(
            Model(
                version="1-base+a",
                base_version=BASE,
                state=ModelState.REFUSED,
                requested_at=at - timedelta(hours=trained_hours_ago),
            )
        )
    session.flush()
    assert (claim_training(session, BASE, at) is not None) == is_due


def _stored(session: Session, at: datetime) -> object:
    return at if session.get_bind().dialect.name == "postgresql" else at.replace(tzinfo=None).isoformat(" ")


def test_an_accepted_challenger_serves_and_a_refused_one_is_kept_with_the_reason(session: Session) -> None:
    assert serve_base(session, BASE, now())
    base = find_champion(session)
    accepted = trained(session, "1-base+a", examples=30)
    assert base and base.is_base and base.state == ModelState.FORMER
    assert find_champion(session) is accepted
    assert accepted.serving_since and accepted.made_by_id
    refused = trained(session, "1-base+b", reason="frozen_worse", reason_fields={"language": "de"})
    assert find_champion(session) is accepted
    assert (refused.state, refused.reason, refused.reason_fields) == (
        ModelState.REFUSED,
        "frozen_worse",
        {"language": "de"},
    )


def test_an_upgrade_lets_the_shipped_model_serve_alone(session: Session) -> None:
    assert serve_base(session, BASE, now())
    learned = trained(session, "1-base+a")
    assert serve_base(session, BASE, now())
    assert find_champion(session) is learned
    assert serve_base(session, "2-base", now())
    champion = find_champion(session)
    assert champion and champion.is_base and champion.base_version == "2-base"
    with pytest.raises(CannotRollBack):
        roll_back(session, learned, by=make_teammate(session))


def test_an_older_worker_does_not_undo_a_newer_one_that_is_at_work(session: Session) -> None:
    serve_base(session, BASE, now())
    serve_base(session, "2-base", now())
    for minute in range(30):
        at = now() + timedelta(minutes=minute)
        assert serve_base(session, "2-base", at)
        assert is_outdated(session, BASE, at)
        assert not serve_base(session, BASE, at)
        assert not is_outdated(session, "2-base", at)
    learned = trained(session, "2-base+a", base_version="2-base")
    assert not serve_base(session, BASE, at)
    assert find_champion(session) is learned


def test_a_training_upon_an_older_model_does_not_serve_after_an_upgrade(session: Session) -> None:
    serve_base(session, BASE, now())
    train_now(session, by=make_teammate(session))
    claim = claim_training(session, BASE, now())
    assert claim
    serve_base(session, "2-base", now())
    with pytest.raises(Lost):
        settle_training(session, claim, Outcome(BASE, "1-base+a", b"learned"), now())
    again = claim_training(session, "2-base", now())
    assert again and again.model_id == claim.model_id
    settle_training(session, again, Outcome("2-base", "2-base+a", b"learned"), now())
    champion = find_champion(session)
    assert champion and champion.version == "2-base+a"


def test_when_the_newer_workers_are_gone_the_older_model_serves_again(session: Session) -> None:
    serve_base(session, BASE, now())
    serve_base(session, "2-base", now())
    later = now() + SILENCE + timedelta(seconds=1)
    assert not is_outdated(session, BASE, later)
    assert serve_base(session, BASE, later)
    again = find_champion(session)
    assert again and again.version == BASE
    # Upgraded once more: the newer one was there before, and is the newer one still.
    assert serve_base(session, "2-base", later)
    assert is_outdated(session, BASE, later)


def test_rolling_back_is_undone_by_rolling_back(session: Session) -> None:
    serve_base(session, BASE, now())
    one, two = trained(session, "1-base+a"), trained(session, "1-base+b")
    teammate = make_teammate(session)
    assert roll_back(session, one, by=teammate) is two
    assert find_champion(session) is one
    assert roll_back(session, two, by=teammate) is one
    assert find_champion(session) is two
    refused = trained(session, "1-base+c", reason="implausible")
    for model in (two, refused):
        with pytest.raises(CannotRollBack):
            roll_back(session, model, by=teammate)


def test_old_models_forget_what_they_learned_but_never_the_one_that_serves(session: Session) -> None:
    serve_base(session, BASE, now())
    serving = trained(session, "1-base+a")
    for number in range(KEPT + 2):
        trained(session, f"1-base+{number}", reason="nothing_new")
    session.expire_all()
    kept = session.scalars(sa.select(Model.version).where(Model.payload.is_not(None))).all()
    assert len(kept) == KEPT + 1
    assert serving.version in kept


def test_a_new_champion_reads_again_what_waits_and_leaves_the_rest(session: Session) -> None:
    serve_base(session, BASE, now())
    channel, teammate = make_channel(session), make_teammate(session)
    waiting = make_conversation(session, channel, ("waits", "said better by a person"))
    answered = make_conversation(session, channel, ("answered",), waiting_since=None)
    long_ago = make_conversation(session, channel, waiting_since=now() - timedelta(days=90))
    make_message(session, long_ago, "waits since summer", posted_at=now() - timedelta(days=80))
    session.execute(sa.update(Message).values(labelled_at=now()))
    better = session.scalars(sa.select(Message).where(Message.text == "said better by a person")).one()
    correct(session, better.id, ["idea"], by=teammate)
    trained(session, "1-base+a")
    session.expire_all()
    unread = session.scalars(sa.select(Message.text).where(Message.labelled_at.is_(None))).all()
    assert unread == ["waits"]
    assert waiting.id and answered.id and session.scalar(sa.select(sa.func.count(Conversation.id))) == 3


def test_a_person_decides_about_who_contradicts_the_others(session: Session) -> None:
    bea, cem, admin = (make_teammate(session, name) for name in ("Bea", "Cem", "Ada"))
    contradict(
        session, [Found(bea.id, 20, 9, [{"message_id": 1, "theirs": "idea", "others": "other"}]), Found(cem.id, 30, 9)]
    )
    assert decisions(session) == {}
    row = session.get_one(Contradiction, bea.id)
    decide(session, row, Decision.USE, by=admin)
    assert decisions(session) == {bea.id: True}
    contradict(session, [])
    assert session.scalars(sa.select(Contradiction.teammate_id)).all() == [bea.id]
    decide(session, row, None, by=admin)
    assert decisions(session) == {} and row.decided_at is None
    contradict(session, [])
    assert session.scalars(sa.select(Contradiction.teammate_id)).all() == []


def test_two_who_ask_in_the_same_moment_get_one_training(database: Database) -> None:
    found: list[int] = []

    def ask() -> None:
        with database.writing() as session:
            found.append(train_now(session).id)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1
