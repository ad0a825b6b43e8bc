"""A round asks what teaches most, nothing twice, and nothing that may not be learned from."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.models import Channel
from inbox.clock import now
from inbox.connectors import registry
from inbox.connectors.contract import Capabilities
from inbox.conversations.models import Direction, Message
from inbox.labels.correct import correct
from inbox.labels.models import Label, Tag
from inbox.labels.undo_correction import undo_correction
from inbox.training import pick as picking
from inbox.training.pick import pick
from tests.making import make_channel, make_conversation, make_identity, make_message, make_teammate


@pytest.fixture
def channel(session: Session) -> Channel:
    return make_channel(session)


def heard(session: Session, channel: Channel, text: str, *, label: dict[str, Any] | None = None, **fields: Any) -> int:
    """A labelled message of an author of its own; by default the classifier is in doubt whether it is a question."""
    identity = fields.pop("identity", None) or make_identity(session, channel)
    message = make_message(session, make_conversation(session, channel), text, identity=identity, **fields)
    session.add(
        Label(message_id=message.id, **{"primary": Tag.UNSURE, "language": "de", "question": 0.5, **(label or {})})
    )
    session.flush()
    return message.id


def test_what_is_most_open_is_asked_first(session: Session, channel: Channel) -> None:
    sure = heard(session, channel, "Wann kommt der Bus?", label={"primary": Tag.QUESTION, "question": 0.98})
    leaning = heard(session, channel, "Der Drucker streikt schon wieder", label={"question": 0.8})
    open_ = heard(session, channel, "Na wunderbar, ganz toll gemacht", label={"question": 0.5, "complaint": 0.5})
    proposed = {"primary": Tag.QUESTION, "suggested": "question", "question": 0.9}
    likely = heard(session, channel, "Ob es das auch in Rot gibt", label=proposed)
    assert pick(session) == [open_, leaning, likely, sure]


def test_of_equally_open_ones_the_newest_comes_first(session: Session, channel: Channel) -> None:
    old = heard(session, channel, "Das ist der alte Text", posted_at=now() - timedelta(days=2))
    new = heard(session, channel, "Hier steht etwas Neues", posted_at=now())
    assert pick(session) == [new, old]


def test_near_copies_are_asked_about_once(session: Session, channel: Channel) -> None:
    for number in range(10):
        heard(session, channel, f"Die App stürzt beim Start immer ab!!! {number}")
    other = heard(session, channel, "Bitte einen dunklen Modus", label={"question": 0.9})
    picked = pick(session)
    assert len(picked) == 2
    assert picked[-1] == other


def test_one_loud_author_does_not_fill_a_round(session: Session, channel: Channel) -> None:
    author = make_identity(session, channel)
    for text in (
        "Erstens ist es zu laut",
        "Zweitens fehlt ein Knopf",
        "Drittens: wer hat das gebaut?",
        "Viertens Danke",
    ):
        heard(session, channel, text, identity=author)
    assert len(pick(session)) == picking.OF_ONE_AUTHOR


def test_what_a_person_has_judged_is_not_asked_again_until_it_is_undone(session: Session, channel: Channel) -> None:
    ada, message = make_teammate(session), heard(session, channel, "Geht das auch anders?")
    kept = correct(session, message, [Tag.IDEA], by=ada)
    assert kept
    assert pick(session) == []
    undo_correction(session, kept, by=ada)
    assert pick(session) == [message]


def test_what_may_not_be_learned_from_is_not_asked(
    session: Session, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted = heard(session, channel, "Das war einmal")
    session.get_one(Message, deleted).deleted_at = now()
    forgotten = make_identity(session, channel)
    forgotten.member.erased_at = now()
    heard(session, channel, "Wer mich vergisst", identity=forgotten)
    heard(session, channel, "Unsere eigene Antwort", direction=Direction.OUT)
    heard(session, channel, "Ich bin bis Montag nicht da", is_automatic=True)
    heard(session, channel, "")
    heard(session, channel, "!!! … ???")
    make_message(session, make_conversation(session, channel), "Noch ohne Urteil des Modells")
    heard(session, make_channel(session, kind="secretive"), "Wo das Lernen verboten ist")
    monkeypatch.setitem(registry.CHANNELS, "secretive", "tests.unit.training.test_pick:Secretive")
    session.flush()
    assert pick(session) == []
    allowed = heard(session, channel, "Hier ist es erlaubt")
    assert pick(session) == [allowed]


class Secretive:
    """A platform whose terms forbid learning."""

    capabilities = Capabilities(allows_training=False)


def test_other_languages_come_last(session: Session, channel: Channel) -> None:
    turkish = heard(session, channel, "Bunu nasıl yapabilirim", label={"language": "tr", "idea": 0.5})
    german = heard(session, channel, "Wie mache ich das", label={"question": 0.9})
    assert pick(session) == [german, turkish]


def test_samples_are_asked_about_only_while_there_is_nothing_else(session: Session) -> None:
    sample = heard(session, make_channel(session, is_sample=True), "Ein erfundener Satz")
    assert pick(session) == [sample]
    assert pick(session, without=[sample]) == []
    make_channel(session)
    assert pick(session) == []


def test_a_round_has_an_end(session: Session, channel: Channel) -> None:
    words = ("Apfel", "Brot", "Käse", "Dose", "Esel", "Farn", "Gurke", "Hecke")
    for one in words:
        for other in words[:4]:
            heard(session, channel, f"{one * 3} {other * 3}")
    picked = pick(session)
    assert len(picked) == len(set(picked)) == picking.ROUND
    assert not set(pick(session, without=picked)) & set(picked)


def test_only_the_newest_are_looked_at(session: Session, channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    heard(session, channel, "Lange her", posted_at=now() - timedelta(days=9))
    new = heard(session, channel, "Gerade eben", posted_at=now())
    monkeypatch.setattr(picking, "NEWEST", 1)
    assert pick(session) == [new]


def test_it_is_one_statement_however_much_there_is(session: Session, channel: Channel) -> None:
    for number in range(30):
        heard(session, channel, f"{chr(97 + number % 26) * 9} {number * 7919}")
    seen: list[str] = []
    connection = session.connection()
    sa.event.listen(connection, "before_cursor_execute", lambda *heard_: seen.append(heard_[2]))
    pick(session)
    assert len(seen) == 1
