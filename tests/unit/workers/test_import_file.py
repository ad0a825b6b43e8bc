from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from inbox.channels.ledger import totals
from inbox.channels.models import Channel, QuarantinedItem
from inbox.conversations.models import Message
from inbox.database import Database
from workers.import_file import command
from workers.opened import open_database, open_vault

ROWS = "id,text,author,date\n1,How do I export?,Anna,2026-01-01\n2,It crashes,Bert,2026-01-02\n3,,Cleo,2026-01-03\n"


@pytest.fixture(autouse=True)
def fresh_process(database: Database) -> None:
    """Each test is a process of its own, which opens what the settings name."""
    open_database.cache_clear()
    open_vault.cache_clear()


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    return path


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    open_database().dispose()
    return result


def test_a_file_is_stored_once_however_often_it_is_imported(database: Database, rows: Path) -> None:
    first = run(rows, "--channel", "Forum")
    assert first.exit_code == 0, first.output
    assert "3 read: 2 stored, 0 known already, 1 in quarantine." in first.output
    assert "3 read: 0 stored, 3 known already, 0 in quarantine." in run(rows, "--channel", "Forum").output
    with database.reading() as session:
        channel = session.scalars(sa.select(Channel)).one()
        assert (channel.kind, channel.name) == ("file", "Forum")
        assert session.scalars(sa.select(Message.external_id).order_by(Message.external_id)).all() == ["1", "2"]
        quarantined = session.scalars(sa.select(QuarantinedItem)).one()
        assert (quarantined.line_number, quarantined.reason) == (4, "Line 4: it has no text.")
        counts = totals(session, channel.id)
        assert counts.fetched == 6
        assert counts.balances


def test_a_mapping_is_kept_for_the_next_file(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("wort,wer\nHallo,Anna\n")
    assert "1 stored" in run(path, "--channel", "Odd", "--map", "text=wort,author=wer").output
    path.write_text("wort,wer\nWieder,Anna\n")
    assert "1 stored" in run(path, "--channel", "Odd").output
    with database.reading() as session:
        assert session.scalars(sa.select(Channel)).one().settings == {"columns": "text=wort,author=wer"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--channel", "Forum", "--map", "text=nothing"], "no column nothing; there are id, text, author, date"),
        (["--channel", "Forum", "--map", "words=text"], "words is not a field"),
        (["--channel", "  "], "needs a name"),
        (["--channel", "Taken"], "Taken is a channel of the kind rss; choose another name"),
        ([], "--channel"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence_and_changes_nothing(
    database: Database, rows: Path, arguments: list[str], words: str
) -> None:
    with database.writing() as session:
        session.add(Channel(kind="rss", name="Taken"))
    result = run(rows, *arguments)
    assert result.exit_code != 0
    assert words in result.output
    assert "Traceback" not in result.output
    with database.reading() as session:
        assert session.scalars(sa.select(Channel.name)).all() == ["Taken"]


def test_a_missing_file_is_said_so(database: Database, tmp_path: Path) -> None:
    result = run(tmp_path / "nowhere.csv", "--channel", "Forum")
    assert result.exit_code == 2
    assert "does not exist" in result.output


def test_files_of_mails_are_kept(database: Database, data_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.mbox"
    path.write_text(
        "From x Mon Nov  9 12:00:00 2026\nFrom: fan@fan.test\nMessage-ID: <1@fan.test>\n"
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee the file.\n--b\n"
        "Content-Type: text/csv; name=a.csv\nContent-Disposition: attachment\n\nx,y\n--b--\n\n"
    )
    assert "1 stored" in run(path, "--channel", "Old mail").output
    kept = [file for file in (data_dir / "attachments").rglob("*") if file.is_file()]
    assert [file.read_text() for file in kept] == ["x,y"]
