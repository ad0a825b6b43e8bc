"""The classify recipe: everything unlabelled gets its label, and only for the text that was read."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from classifiers.prediction import Prediction
from inbox.channels.models import Channel
from inbox.connectors.contract import Deletion
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Conversation, Message
from inbox.conversations.unlabelled import find_unlabelled
from inbox.database import Database
from inbox.labels.models import LABELS, Label, Threshold
from tests.incoming import US, batch_of, written
from tests.making import make_channel
from workers import classify as recipe
from workers.classify import drain, store


class Tagger:
    """Calls what has a question mark a question, else other; `before` happens while it thinks."""

    version = "test-1"
    lanes: Mapping[str, Mapping[str, Any]] = {}

    def __init__(self, before: Any = None) -> None:
        self.before = before
        self.seen: list[int] = []

    def tag(self, texts: Sequence[str], languages: Sequence[str | None]) -> list[Prediction]:
        assert len(texts) == len(languages)
        self.seen.append(len(texts))
        if self.before:
            self.before, before = None, self.before
            before()
        kinds = ["question" if "?" in text else "other" for text in texts]
        return [
            Prediction(
                {"question": 0.8 if kind == "question" else 0.1}, kind, (kind,) if kind == "question" else (), "en"
            )
            for kind in kinds
        ]


@pytest.fixture(autouse=True)
def bell(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    rung: list[Any] = []
    monkeypatch.setattr(recipe, "ring", rung.append)
    return rung


def fill(database: Database, *messages: Any, **fields: Any) -> None:
    with database.writing() as session:
        channel_id = fields.pop("channel", None) or make_channel(session).id
        ingest(session, session.get_one(Channel, channel_id), "m", batch_of(*messages, **fields))


def labels(database: Database) -> dict[str, str]:
    with database.reading() as session:
        rows = session.execute(
            sa.select(Message.external_id, Label.primary).join(Label, Label.message_id == Message.id)
        )
        return {row.external_id: row.primary for row in rows}


def test_everything_from_outside_is_labelled(database: Database) -> None:
    fill(database, written("1"), written("2", text="Nice", thread="1", minute=1), written("3", author=US, minute=2))
    tagger: Any = Tagger()
    assert drain(database, lambda _: tagger, seconds=10) == 2
    assert labels(database) == {"1": "question", "2": "other"}
    with database.reading() as session:
        tags = {thread.external_id: thread.tag for thread in session.scalars(sa.select(Conversation))}
    # The question still waits, whatever was added to it.
    assert tags == {"1": "question", "3": ""}
    assert drain(database, lambda _: tagger, seconds=10) == 0


def test_many_are_labelled_in_batches(database: Database) -> None:
    fill(database, *(written(str(number)) for number in range(1_100)))
    tagger: Any = Tagger()
    assert drain(database, lambda _: tagger, seconds=30) == 1_100
    assert tagger.seen == [500, 500, 100]


def test_a_text_that_is_edited_while_the_model_thinks_is_labelled_anew(database: Database) -> None:
    with database.writing() as session:
        number = make_channel(session).id
    fill(database, written("1"), written("2", minute=1), channel=number)
    tagger: Any = Tagger(before=lambda: fill(database, written("1", text="Found it"), channel=number))
    assert drain(database, lambda _: tagger, seconds=10) == 2
    assert labels(database) == {"1": "other", "2": "question"}
    assert tagger.seen == [2, 1]


def test_a_text_that_is_deleted_while_the_model_thinks_gets_no_label(database: Database) -> None:
    with database.writing() as session:
        number = make_channel(session).id
    fill(database, written("1"), channel=number)
    tagger: Any = Tagger(before=lambda: fill(database, deletions=[Deletion("1")], channel=number))
    assert drain(database, lambda _: tagger, seconds=10) == 0
    assert labels(database) == {}


def test_when_time_is_up_another_run_is_rung_for(database: Database, bell: list[Any]) -> None:
    fill(database, written("1"))
    tagger: Any = Tagger()
    assert drain(database, lambda _: tagger, seconds=0) == 0
    assert bell == [recipe.Job.CLASSIFY]


def test_the_newest_are_labelled_first(database: Database) -> None:
    fill(database, *(written(str(number)) for number in range(5)))
    with database.reading() as session:
        numbers = [message.id for message in find_unlabelled(session, limit=3)]
    assert numbers == [5, 4, 3]


def test_the_search_for_the_unlabelled_reads_only_their_index(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    with database.reading() as session:
        rows = session.execute(
            sa.text("EXPLAIN QUERY PLAN SELECT id FROM messages WHERE labelled_at IS NULL AND deleted_at IS NULL"
                    " AND direction = 'in' ORDER BY id DESC LIMIT 5")
        )  # fmt: skip
        assert "ix_messages_unlabelled" in str(rows.all())
    database.dispose()


def test_the_lanes_of_the_real_model_are_published_once(database: Database) -> None:
    from classifiers.tagger import load_tagger

    tagger = load_tagger()
    drain(database, lambda _: tagger, seconds=10)
    with database.reading() as session:
        rows = session.scalars(sa.select(Threshold)).all()
    assert {(row.label, row.language) for row in rows} == {(label, lang) for label in LABELS for lang in ("de", "en")}
    for row in rows:
        assert 0 < row.suggest <= row.automatic <= 1
        assert (row.automatic, row.suggest, row.model_version) == (
            row.model_automatic,
            row.model_suggest,
            tagger.version,
        )
        assert [point[0] for point in row.curve] == sorted(point[0] for point in row.curve)
        assert all(len(point) == 4 and min(point) >= 0 and max(point) <= 1 for point in row.curve)


def test_the_real_model_speaks_both_languages(database: Database) -> None:
    from classifiers.store import ModelRefused
    from classifiers.tagger import load_tagger

    try:
        tagger = load_tagger()
    except ModelRefused as reason:
        pytest.skip(str(reason))
    fill(database, written("1", "Wie kann ich mein Passwort ändern?"), written("2", "How do I export my invoices?"))
    assert drain(database, lambda _: tagger, seconds=30) == 2
    assert set(labels(database)) == {"1", "2"}


def test_an_edit_that_arrives_while_labels_are_stored_waits_its_turn(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., Any]
) -> None:
    database = Database(postgres_url)
    fill(database, written("1"))
    with database.reading() as session:
        messages = find_unlabelled(session)
        channel_id = session.scalars(sa.select(Channel.id)).one()
    edited = threading.Thread(
        target=fill, args=(database, written("1", "Where is it?")), kwargs={"channel": channel_id}
    )
    real = recipe.record

    def record(*arguments: Any) -> None:
        """The messages are marked and their conversations not yet written: now the edit comes."""
        edited.start()
        eventually(lambda: blocked(database))
        real(*arguments)

    monkeypatch.setattr(recipe, "record", record)
    assert store(database, messages, Tagger().tag([messages[0].text], [None]), "test-1") == 1
    edited.join(10)
    with database.reading() as session:
        message = session.scalars(sa.select(Message)).one()
        assert (message.text, message.labelled_at) == ("Where is it?", None)
    database.dispose()


def blocked(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")) or 0
