"""Corrections in the database become a model that serves, or one that is refused and says why; killed, it begins again."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from classifiers.examples import Example
from classifiers.tags import Tag
from inbox.clock import now
from inbox.conversations.models import Message
from inbox.database import Database
from inbox.labels.models import Correction
from inbox.training.claim_training import Claim, claim_training
from inbox.training.decide import decide
from inbox.training.models import Contradiction, Decision, Model, ModelState
from inbox.training.roll_back import roll_back
from inbox.training.serve_base import serve_base
from inbox.training.train_now import train_now
from tests.climbing import climbing_notes, mistaken
from tests.making import make_channel, make_conversation, make_teammate
from workers import champion as serving
from workers import retrain as recipe
from workers.champion import Outdated, champion, shipped
from workers.classify import classify
from workers.retrain import train

NOTE = "Karte rot: Seil an Linie 4 ist pelzig"


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    serving._serving.clear()
    yield
    serving._serving.clear()


def teach(database: Database, *lessons: list[Example]) -> list[int]:
    """Each list is a teammate's; returns the teammates' ids."""
    mates = []
    with database.writing() as session:
        for notes in lessons:
            mate = make_teammate(session)
            mates.append(mate.id)
            conversation = make_conversation(session, make_channel(session), tuple(note.text for note in notes))
            numbers = session.scalars(
                sa.select(Message.id).where(Message.conversation_id == conversation.id).order_by(Message.id)
            ).all()
            for number, note in zip(numbers, notes, strict=True):
                tags = " ".join(tag for tag, holds in zip(Tag, note.said, strict=False) if holds)
                session.add(
                    Correction(
                        message_id=number, teammate_id=mate.id, after=tags, after_primary=(tags or "other").split()[0]
                    )
                )
            session.execute(sa.update(Message).values(language="de"))
    return mates


def begin(database: Database) -> Claim:
    with database.writing() as session:
        serve_base(session, shipped().version, now())
        train_now(session)
        claim = claim_training(session, shipped().version, now())
    assert claim
    return claim


def test_two_hundred_right_corrections_serve_at_once(database: Database) -> None:
    before = champion(database)
    teach(database, climbing_notes()[:200])
    model = train(database, begin(database))
    assert (model.state, model.reason, model.examples) == (ModelState.CHAMPION, "", 200)
    assert model.step == model.steps > 0
    figures = model.figures["corrections"]["de"]
    assert figures["challenger"] > figures["champion"] and figures["rows"] == 200
    assert set(model.figures["frozen"]) == {"de", "en"}
    after = champion(database)
    assert after.version == model.version != before.version
    assert after.tag([NOTE])[0].labels["complaint"] > before.tag([NOTE])[0].labels["complaint"]
    assert champion(database) is after


def test_with_three_in_ten_made_up_the_challenger_is_refused(database: Database) -> None:
    teach(database, mistaken(climbing_notes()[:200], 0.3))
    before = champion(database)
    model = train(database, begin(database))
    assert model.state == ModelState.REFUSED
    assert model.reason in ("implausible", "frozen_worse", "corrections_worse") and model.reason_fields
    assert champion(database).version == before.version


def test_a_few_corrections_are_too_few(database: Database) -> None:
    teach(database, climbing_notes()[:19])
    model = train(database, begin(database))
    assert (model.state, model.reason, model.reason_fields) == (
        ModelState.REFUSED,
        "too_few",
        {"examples": 19, "needed": 20},
    )


def test_the_same_corrections_again_are_nothing_new(database: Database) -> None:
    teach(database, climbing_notes()[:60])
    first = train(database, begin(database))
    assert first.state == ModelState.CHAMPION
    again = train(database, begin(database))
    assert (again.state, again.reason, again.version) == (ModelState.REFUSED, "nothing_new", first.version)


def test_who_contradicts_the_others_is_left_out_until_a_person_says_otherwise(database: Database) -> None:
    notes = climbing_notes()
    *_, confused = teach(database, notes[:70], notes[70:140], mistaken(notes[140:210], 1.0))
    model = train(database, begin(database))
    assert (model.state, model.examples) == (ModelState.CHAMPION, 140)
    with database.writing() as session:
        (row,) = session.scalars(sa.select(Contradiction)).all()
        assert row.teammate_id == confused and row.corrections == 70 and row.contradicted > 15
        assert 0 < len(row.examples) <= 5 and set(row.examples[0]) == {"message_id", "theirs", "others"}
        decide(session, row, Decision.USE, by=make_teammate(session))
    all_used = train(database, begin(database))
    assert (all_used.state, all_used.examples) == (ModelState.REFUSED, 210)


def test_a_damaged_champion_is_refused_once_and_the_one_before_serves_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(serving.log, "error", lambda *_, extra: told.append(extra["why"]))
    teach(database, climbing_notes()[:100])
    good = train(database, begin(database))
    before = champion(database)
    with database.writing() as session:
        session.execute(sa.update(Model).where(Model.id == good.id).values(payload=b"junk", version="damaged"))
    assert champion(database) is before
    assert told == ["What was learned is damaged: its checksum does not fit."]
    serving._serving.clear()
    assert champion(database).version == shipped().version


def test_a_worker_of_an_older_version_tags_and_trains_nothing_beside_a_newer_one(database: Database) -> None:
    teach(database, climbing_notes()[:60])
    with database.writing() as session:
        serve_base(session, shipped().version, now())
        session.execute(sa.update(Message).values(labelled_at=None))
        serve_base(session, "99-newer", now())
        train_now(session)
    with pytest.raises(Outdated):
        champion(database)
    assert classify() == 0
    assert recipe._claim(database) is None
    with database.reading() as session:
        assert session.scalars(sa.select(Model.version).where(Model.state == ModelState.CHAMPION)).one() == "99-newer"
        assert session.scalar(sa.select(sa.func.count(Message.id)).where(Message.labelled_at.is_(None))) == 60


def test_rolling_back_is_met_by_the_next_batch(database: Database) -> None:
    teach(database, climbing_notes()[:100])
    learned = train(database, begin(database))
    assert champion(database).version == learned.version
    with database.writing() as session:
        base = session.scalars(sa.select(Model).where(Model.version == shipped().version)).one()
        roll_back(session, base, by=make_teammate(session))
    assert champion(database).version == shipped().version


def test_the_job_begins_a_process_of_its_own_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, valkey_url: str
) -> None:
    begun: list[Any] = []
    monkeypatch.setattr("workers.retrain.subprocess.Popen", lambda command, **_: begun.append(command))
    monkeypatch.setattr(recipe, "open_database", lambda: database)
    assert recipe.retrain() == 0
    with database.writing() as session:
        train_now(session)
    assert (recipe.retrain(), recipe.retrain()) == (1, 0)
    (command,) = begun
    assert command[1:4] == ["-m", "inbox.cli", "retrain"]


def test_a_training_that_is_killed_begins_again_and_ends(
    database: Database, database_url: str, eventually: Callable[..., Any]
) -> None:
    teach(database, climbing_notes()[:200])
    claim = begin(database)
    command = [sys.executable, "-m", "inbox.cli", "retrain", "--claim", f"{claim.model_id}:{claim.number}"]

    def steps() -> int:
        with database.reading() as session:
            return session.get_one(Model, claim.model_id).steps

    process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"})
    eventually(steps, seconds=30)
    process.kill()
    process.wait(10)
    with database.writing() as session:
        again = claim_training(session, shipped().version, now() + timedelta(hours=1))
    assert again == Claim(claim.model_id, 2)
    assert train(database, again).state == ModelState.CHAMPION
