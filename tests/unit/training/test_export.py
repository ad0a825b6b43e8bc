"""The ledger as a file: complete, without words that were forgotten, and nothing in it that a spreadsheet would calculate."""

import csv
import json
from io import StringIO
from typing import Any

import pytest

from inbox.clock import now
from inbox.database import Database
from inbox.labels.correct import correct
from inbox.labels.models import Correction, Label, Tag
from inbox.training import export as exporting
from inbox.training.browse import Filters
from inbox.training.export import as_csv, as_jsonl, export
from tests.making import make_channel, make_conversation, make_identity, make_message, make_teammate


def fill(database: Database, *texts: str, **channel: Any) -> list[int]:
    """A correction of each text; the messages' ids."""
    with database.writing() as session:
        ada, place = make_teammate(session, "=Ada"), make_channel(session, **channel)
        made = []
        for text in texts:
            thread, author = make_conversation(session, place), make_identity(session, place)
            message = make_message(session, thread, text, identity=author)
            session.add(
                Label(message_id=message.id, primary=Tag.UNSURE, question=0.25, language="de", model_version="m1")
            )
            session.flush()
            correct(session, message.id, [Tag.IDEA, Tag.COMPLAINT], by=ada)
            made.append(message.id)
        return made


def lines(database: Database) -> list[dict[str, Any]]:
    return [json.loads(line) for line in as_jsonl(export(database.reading, Filters()))]


def test_a_program_can_read_it_and_so_can_evaluate(database: Database) -> None:
    fill(database, "Ein Beispiel\nmit zwei Zeilen")
    (line,) = lines(database)
    assert (line["text"], line["labels"], line["lang"]) == (
        "Ein Beispiel\nmit zwei Zeilen",
        ["idea", "complaint"],
        "de",
    )
    assert (line["before"], line["before_primary"], line["teammate"]) == ([], "unsure", "=Ada")
    assert line["probabilities"]["question"] == 0.25


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_a_spreadsheet_calculates_nothing(database: Database, sign: str) -> None:
    fill(database, f'{sign}HYPERLINK("http://evil.example")')
    written = "".join(as_csv(export(database.reading, Filters())))
    assert written.startswith("\ufeff")
    ((row),) = csv.DictReader(StringIO(written[1:], newline=""))
    assert row["text"] == f'\'{sign}HYPERLINK("http://evil.example")'
    assert row["teammate"] == "'=Ada"
    assert (row["labels"], row["question"], row["model_version"]) == ("idea complaint", "0.25", "m1")


def test_words_that_may_not_be_learned_from_are_left_out(database: Database) -> None:
    from inbox.conversations.models import Message

    erased, deleted, kept = fill(database, "von einer, die ging", "zurückgezogen", "bleibt")
    (sample,) = fill(database, "erfunden", is_sample=True)
    with database.writing() as session:
        author = session.get_one(Message, erased).identity
        assert author
        author.member.erased_at = now()
        session.get_one(Message, deleted).deleted_at = now()
    assert {line["message"]: line["text"] for line in lines(database)} == {
        erased: None,
        deleted: None,
        kept: "bleibt",
        sample: None,
    }


def test_a_long_ledger_comes_in_pieces_and_whole(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 3)
    fill(database, *(f"Satz {number}" for number in range(7)))
    numbers = [line["id"] for line in lines(database)]
    assert numbers == sorted(numbers, reverse=True)
    with database.reading() as session:
        assert len(numbers) == session.query(Correction).count()


def test_an_empty_ledger_is_a_header(database: Database) -> None:
    assert lines(database) == []
    assert len(list(as_csv(export(database.reading, Filters())))) == 1
