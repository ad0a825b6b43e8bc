"""Three lanes per label and language: a probability sets the tag, proposes it, or leaves it to a person."""

import itertools

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.conversations.models import Conversation, Message
from inbox.conversations.retag import retag
from inbox.labels.correct import correct
from inbox.labels.lanes import Lane, LaneName, find_lanes
from inbox.labels.models import LABELS, Label, Tag, Threshold
from inbox.labels.publish_lanes import Published, is_published, publish_lanes
from inbox.labels.record import Answer, record
from inbox.labels.sort_again import sort_again
from inbox.labels.undo_correction import undo_correction
from tests.making import make_channel, make_conversation, make_teammate

CHANCES = (0.1, 0.5, 0.7, 0.95)
DOUBTFUL = ("unsure", "other")


def publish(session: Session, automatic: float = 0.9, suggest: float = 0.5, version: str = "m1") -> None:
    lanes = [
        Published(tag, lang, automatic, suggest, [[0.5, 0.8, 0.6, 0.2]]) for tag in LABELS for lang in ("de", "en")
    ]
    publish_lanes(session, version, lanes)


@pytest.fixture
def conversation(session: Session) -> Conversation:
    return make_conversation(session, make_channel(session), ("first",))


@pytest.fixture
def number(session: Session, conversation: Conversation) -> int:
    return session.scalars(sa.select(Message.id)).one()


def say(session: Session, number: int, primary: str = "unsure", lang: str = "en", **chances: float) -> Label:
    tags = [primary] if primary in set(LABELS) else []
    record(session, [Answer(number, primary, tags, chances, lang)], "m1")
    return session.get_one(Label, number, populate_existing=True)


def test_each_probability_finds_its_lane() -> None:
    lane = Lane(automatic=0.9, suggest=0.5)
    assert [lane.of(p) for p in (0.9, 0.8999, 0.5, 0.4999)] == [
        LaneName.AUTOMATIC,
        LaneName.SUGGEST,
        LaneName.SUGGEST,
        LaneName.ASK,
    ]


def test_a_sure_tag_is_set_and_a_likely_one_proposed(session: Session, number: int) -> None:
    publish(session)
    label = say(session, number, "idea", question=0.95, idea=0.7, complaint=0.2)
    assert (label.primary, label.tags, label.suggested) == ("question", "question", "idea")


def test_a_proposal_is_found_where_it_is_looked_for_and_holds_only_once_accepted(session: Session, number: int) -> None:
    publish(session)
    label = say(session, number, "idea", idea=0.7, complaint=0.8)
    assert (label.primary, label.tags, label.suggested) == ("complaint", "", "complaint idea")


def test_nobody_is_a_troll_before_a_person_says_so(session: Session, number: int) -> None:
    publish(session)
    label = say(session, number, "troll", troll=0.8)
    assert (label.primary, label.tags, label.suggested) == ("unsure", "", "troll")
    label = say(session, number, "troll", troll=0.8, complaint=0.6)
    assert (label.primary, label.tags, label.suggested) == ("complaint", "", "troll complaint")


@pytest.mark.parametrize("primary", DOUBTFUL)
def test_where_nothing_is_proposed_the_classifiers_doubt_decides(session: Session, number: int, primary: str) -> None:
    publish(session)
    assert say(session, number, primary, idea=0.3).primary == primary


def test_a_language_without_lanes_keeps_the_classifiers_word(session: Session, number: int) -> None:
    publish(session)
    assert say(session, number, "idea", lang="fr", idea=0.3).tags == "idea"


def test_before_a_model_has_published_its_lanes_its_own_word_holds(session: Session, number: int) -> None:
    label = say(session, number, "idea", idea=0.3)
    assert (label.primary, label.tags, label.suggested) == ("idea", "idea", "")


def test_the_statement_decides_every_combination_as_a_lane_does(session: Session) -> None:
    publish(session)
    lanes = find_lanes(session)
    channel = make_channel(session)
    cases = [
        dict(zip(("question", "complaint", "idea", "troll"), row, strict=True))
        for row in itertools.product(CHANCES, repeat=4)
    ]
    threads = [make_conversation(session, channel, ("text",)) for _ in cases]
    numbers = dict(zip(sorted(session.scalars(sa.select(Message.id).order_by(Message.id))), cases, strict=True))
    assert len(threads) == len(numbers) == 256
    record(session, [Answer(number, "other", (), chances, "de") for number, chances in numbers.items()], "m1")
    for label in session.scalars(sa.select(Label)):
        chances = numbers[label.message_id]
        by_lane: dict[LaneName, list[str]] = {name: [] for name in LaneName}
        for tag in sorted(LABELS, key=lambda tag: -chances[tag]):
            by_lane[lanes[tag, "de"].of(chances[tag])].append(tag)
        assert set(label.tags.split()) == set(by_lane[LaneName.AUTOMATIC])
        assert set(label.suggested.split()) == set(by_lane[LaneName.SUGGEST])
        strongest = max(chances.values())
        for words in (label.tags, label.suggested):
            held = words.split()
            assert not held or chances[held[0]] == max(chances[tag] for tag in held)
        if label.tags:
            assert label.primary == label.tags.split()[0]
            assert chances[label.primary] == strongest
        else:
            presumed = [tag for tag in label.suggested.split() if tag != "troll"]
            assert label.primary == (presumed[0] if presumed else "unsure" if label.suggested else "other")


def test_a_moved_threshold_takes_stored_labels_along(session: Session, number: int) -> None:
    publish(session)
    say(session, number, "idea", idea=0.7)
    row = session.get_one(Threshold, (Tag.IDEA, "en"))
    row.automatic = 0.65
    session.flush()
    assert sort_again(session) == [number]
    label = session.get_one(Label, number, populate_existing=True)
    assert (label.primary, label.tags, label.suggested) == ("idea", "idea", "")
    assert sort_again(session) == []


def test_what_a_person_said_is_not_sorted_again(session: Session, number: int) -> None:
    publish(session)
    say(session, number, "idea", idea=0.7)
    correct(session, number, [Tag.TROLL], by=make_teammate(session))
    publish(session, automatic=0.1, suggest=0.05, version="m2")
    assert sort_again(session) == []
    assert session.get_one(Label, number, populate_existing=True).tags == "troll"


def test_accepting_a_proposal_is_a_confirmation_and_can_be_taken_back(session: Session, number: int) -> None:
    publish(session)
    say(session, number, "idea", idea=0.7)
    kept = correct(session, number, [Tag.IDEA], by=make_teammate(session))
    assert kept is not None
    assert (kept.before, kept.after, kept.before_primary, kept.after_primary) == ("idea", "idea", "idea", "idea")
    label = session.get_one(Label, number, populate_existing=True)
    assert (label.primary, label.tags, label.suggested) == ("idea", "idea", "")
    undo_correction(session, kept, by=make_teammate(session))
    assert (label.primary, label.tags, label.suggested) == ("idea", "", "idea")


def test_refusing_a_proposal_is_a_correction(session: Session, number: int) -> None:
    publish(session)
    say(session, number, "idea", idea=0.7)
    kept = correct(session, number, [], by=make_teammate(session))
    assert kept is not None
    assert (kept.before, kept.after, kept.after_primary) == ("idea", "", "other")
    assert session.get_one(Label, number, populate_existing=True).suggested == ""


def test_the_list_shows_a_proposal_where_it_is_looked_for(
    session: Session, conversation: Conversation, number: int
) -> None:
    publish(session)
    say(session, number, "idea", idea=0.7, complaint=0.6)
    retag(session, [number])
    assert (conversation.tag, conversation.tags, conversation.suggested) == ("idea", "", "idea complaint")
    assert conversation.tag_probability == pytest.approx(0.7)


def test_a_later_model_brings_its_thresholds_except_where_the_team_has_moved_them(session: Session) -> None:
    publish(session)
    moved = session.get_one(Threshold, (Tag.IDEA, "en"))
    moved.automatic, moved.moved_at = 0.6, sa.func.now()
    session.flush()
    assert is_published(session, "m1")
    publish(session, automatic=0.8, suggest=0.4, version="m2")
    assert is_published(session, "m2") and not is_published(session, "m1")
    assert find_lanes(session)[Tag.IDEA, "en"] == Lane(0.6, 0.5)
    assert find_lanes(session)[Tag.IDEA, "de"] == Lane(0.8, 0.4)
    row = session.get_one(Threshold, (Tag.IDEA, "en"), populate_existing=True)
    assert (row.model_automatic, row.model_suggest, row.curve) == (0.8, 0.4, [[0.5, 0.8, 0.6, 0.2]])
