import json
import time
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from inbox.channels.open import NoMemory
from inbox.connectors import file as file_module
from inbox.connectors.contract import BadItem, Batch, IncomingMessage, OutgoingReply, Refused, Surroundings
from inbox.connectors.file import File, FileSetup
from inbox.connectors.file_lines import LINE_LIMIT


def connector(columns: str = "") -> File:
    return File(FileSetup(columns=columns), Surroundings(NoMemory()))


def read(
    path: Path, content: str | bytes, columns: str = "", **options: Any
) -> tuple[list[IncomingMessage], list[BadItem]]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    batches = list(connector(columns).poll(str(path), options.get("cursor"), options.get("since")))
    return [m for batch in batches for m in batch.messages], [b for batch in batches for b in batch.bad]


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


def test_known_columns_are_found_in_english_and_german(csv: Path) -> None:
    (one,), _ = read(
        csv,
        "External ID,Thread,author_id,Author,posted_at,lang,text,url\n1,t,a7,Anna,2026-10-19,de-DE,Hallo,https://x.test/1\n",
    )
    assert (one.external_id, one.thread_id, one.text, one.language, one.url) == (
        "1",
        "t",
        "Hallo",
        "de",
        "https://x.test/1",
    )
    assert one.author is not None
    assert (one.author.external_id, one.author.name) == ("a7", "Anna")
    (one,), _ = read(csv, "Nummer;Kommentar;Autor;Datum;Betreff;Sprache\n9;Hällo;Jörg;31.12.2025 13:00;Frage;Deutsch\n")
    assert (one.external_id, one.text, one.subject, one.language) == ("9", "Hällo", "Frage", "de")
    assert one.posted_at == datetime(2025, 12, 31, 13, 0, tzinfo=UTC)
    assert one.author is not None
    assert one.author.name == "Jörg"


def test_a_mapping_names_the_columns(csv: Path) -> None:
    (one,), _ = read(csv, "Was,Wer,text\nHallo,Anna,7\n", "text=Was, author=wer")
    assert (one.text, one.author and one.author.name) == ("Hallo", "Anna")


@pytest.mark.parametrize(
    ("content", "columns", "words"),
    [
        ("a,b\n1,2\n", "", "no column is known to hold the text"),
        ("a,b\n1,2\n", "text=c", "no column c; there are a, b"),
        ("", "", "empty"),
        ("\n\n\n", "", "empty"),
        ('[{"text": "x"}]', "", "one JSON list"),
        ("PK\x03\x04zip", "", "packed"),
    ],
)
def test_a_file_that_cannot_be_imported_says_why(csv: Path, content: str, columns: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        read(csv, content, columns)
    assert "rows.csv" in str(caught.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        list(connector().poll(str(tmp_path / "nowhere.csv"), None, None))


@pytest.mark.parametrize("columns", ["nonsense=x", "text", "text="])
def test_a_mapping_that_cannot_be_meant_is_refused(columns: str) -> None:
    with pytest.raises(ValidationError):
        FileSetup(columns=columns)


@pytest.mark.parametrize(
    "content",
    [
        b"text,author\nGr\xc3\xbc\xc3\x9fe,J\n",
        b"\xef\xbb\xbftext,author\r\nGr\xc3\xbc\xc3\x9fe,J\r\n",
        b"text;author\nGr\xfc\xdfe;J\n",
        "text\tauthor\nGrüße\tJ\n".encode("utf-16"),
        "sep=|\ntext|author\nGrüße|J\n".encode(),
        b'"text","author"\n"Gr\xc3\xbc\x00\xc3\x9fe","J"',
    ],
    ids=["utf-8", "mark", "latin-1", "utf-16", "sep", "nul"],
)
def test_encodings_and_delimiters_are_found_out(csv: Path, content: bytes) -> None:
    (one,), bad = read(csv, content)
    assert (one.text, one.author and one.author.name, bad) == ("Grüße", "J", [])


def test_quoted_line_breaks_delimiters_and_quotes_belong_to_the_field(csv: Path) -> None:
    messages, bad = read(csv, 'text,author\n"one\ntwo, ""three""",A\nfour,B\n')
    assert [m.text for m in messages] == ['one\ntwo, "three"', "four"]
    assert bad == []


def test_a_bad_row_costs_one_row_and_names_its_line(csv: Path) -> None:
    content = 'id,text,date\n1,good,2026-01-01\n2,,2026-01-01\n3,x,yesterday\n4,a,b,c,d\n5,"never closed,2026-01-01\n6,fine,2026-01-01\n\n7,short\n'
    messages, bad = read(csv, content)
    assert [m.external_id for m in messages] == ["1", "6", "7"]
    assert [(item.line_number, item.reason.split(": ")[1][:20]) for item in bad] == [
        (3, "it has no text."),
        (4, 'the date "yesterday"'),
        (5, "it has 5 fields wher"),
        (6, "the row never ends"),
    ]
    assert json.loads(bad[1].raw) == {"id": "3", "text": "x", "date": "yesterday"}
    words = "the row never ends: a quotation mark is missing, or it is too long"
    assert bad[3].reason.values["problem"].words == words
    assert bad[3].raw == '5,"never closed,2026-01-01'


def test_rows_without_an_id_are_known_again_by_what_they_say(csv: Path) -> None:
    content = "text,author,date\nHallo,Anna,2026-01-01\nHallo,Anna,2026-01-02\nHallo,Bert,2026-01-01\n"
    first, _ = read(csv, content)
    again, _ = read(csv.with_name("other.csv"), content.replace(",", ";"))
    assert len({m.external_id for m in first}) == 3
    assert [m.external_id for m in first] == [m.external_id for m in again]


def test_answers_stand_in_the_thread_of_what_they_answer(csv: Path) -> None:
    (first, second), _ = read(csv, "id,text,parent\n1,Question,\n2,Answer,1\n")
    assert (first.thread_id, second.thread_id, second.parent_id) == ("1", "1", "1")


def test_addresses_that_are_none_are_left_out(csv: Path) -> None:
    (one,), _ = read(csv, "text,url\nx,javascript:alert(1)\n")
    assert one.url == ""


def test_json_lines_are_read_with_nested_values(tmp_path: Path) -> None:
    lines = [
        {"id": 5, "body": "Hi", "author": {"name": "Anna", "id": 7}, "created_at": 1792390200},
        {"ID": "6", "Text": "Upper"},
        ["no", "object"],
        {"id": 7},
    ]
    content = "\n".join(map(json.dumps, lines)) + "\n{broken\n\n"
    messages, bad = read(tmp_path / "rows.jsonl", content)
    assert [(m.external_id, m.text) for m in messages] == [("5", "Hi"), ("6", "Upper")]
    assert messages[0].author is not None
    assert messages[0].author.name == "Anna"
    assert [item.line_number for item in bad] == [3, 4, 5]
    (one,), _ = read(tmp_path / "deep.jsonl", '{"a": {"b": "deep"}, "text": {"x": 1}}', "text=a.b")
    assert one.text == "deep"


@pytest.mark.parametrize("line", ["[" * 100_000, '{"a":' * 50_000, "1" * 5_000, '{"text": NaN}', '{"text": ["x"]}'])
def test_hostile_json_is_one_bad_item(tmp_path: Path, line: str) -> None:
    messages, bad = read(tmp_path / "rows.jsonl", '{"text": "before"}\n' + line + '\n{"text": "after"}\n')
    assert [m.text for m in messages if m.text in {"before", "after"}] == ["before", "after"]
    assert len(bad) + len(messages) == 3


def test_an_mbox_is_read_mail_by_mail(tmp_path: Path) -> None:
    content = (
        "From fan@fan.test Mon Nov  9 12:00:00 2026\n"
        "From: Fan <fan@fan.test>\nMessage-ID: <1@fan.test>\nDate: Mon, 09 Nov 2026 12:00:00 +0000\nSubject: One\n\n"
        "Hello\n>From here on\n\nFrom my point of view it works.\n\n"
        "From x Mon Nov  9 12:01:00 2026\nFrom: fan@fan.test\nMessage-ID: <2@fan.test>\nReferences: <1@fan.test>\n\nAgain\n\n"
        "From x Mon Nov  9 12:02:00 2026\nnot a mail\n"
    )
    messages, bad = read(tmp_path / "old.mbox", content)
    assert [(m.external_id, m.thread_id) for m in messages] == [
        ("1@fan.test", "1@fan.test"),
        ("2@fan.test", "1@fan.test"),
    ]
    assert messages[0].text == "Hello\nFrom here on\n\nFrom my point of view it works."
    assert [item.line_number for item in bad] == [19]


def test_a_form_is_told_by_its_content_when_the_name_says_nothing(tmp_path: Path) -> None:
    assert read(tmp_path / "a.txt", '{"text": "x"}')[0][0].text == "x"
    assert read(tmp_path / "b.dat", "text\nx")[0][0].text == "x"
    assert read(tmp_path / "c", "From x Mon Nov  9 12:00:00 2026\nFrom: a@b.test\n\nx")[0][0].text == "x"


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "old.mbox"])
def test_reading_goes_on_where_a_cursor_points(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_module, "BATCH_ITEMS", 2)
    numbers = range(7)
    content = {
        "rows.csv": "id,text\n" + "".join(f'{n},"line\n{n}"\n' for n in numbers),
        "rows.jsonl": "".join(json.dumps({"id": n, "text": f"ü{n}"}) + "\n" for n in numbers),
        "old.mbox": "".join(
            f"From x Mon Nov  9 12:00:00 2026\nFrom: a@b.test\nMessage-ID: <{n}@x>\n\nbody\n\n" for n in numbers
        ),
    }[name]
    path = tmp_path / name
    path.write_text(content)
    whole = list(connector().poll(str(path), None, None))
    for stop in range(len(whole)):
        rest = list(connector().poll(str(path), whole[stop].cursor, None))
        seen = [m.external_id for batch in [*whole[: stop + 1], *rest] for m in batch.messages]
        assert seen == [m.external_id for batch in whole for m in batch.messages]
    assert whole[-1].cursor["bytes"] == path.stat().st_size
    assert whole[0].cursor["size"] == path.stat().st_size


def test_a_cursor_of_another_file_is_not_used(csv: Path) -> None:
    csv.write_text("text\none\ntwo\n")
    for cursor in ({"bytes": 9, "line": 2, "size": 999}, {"v": 0}, {"bytes": "x", "size": "y"}, {}):
        (batch,) = connector().poll(str(csv), cursor, None)
        assert len(batch.messages) == 2


def test_rows_before_the_wanted_date_are_counted_as_left_out(csv: Path) -> None:
    csv.write_text("text,date\nold,2020-01-01\nnew,2026-01-01\n")
    (batch,) = connector().poll(str(csv), None, datetime(2025, 1, 1, tzinfo=UTC))
    assert (len(batch.messages), batch.filtered, batch.fetched) == (1, 1, 2)


def test_a_line_without_end_is_one_bad_item(csv: Path) -> None:
    csv.write_bytes(b"id,text\n1," + b"x" * (3 * LINE_LIMIT) + b"\n2,fine\n")
    (batch,) = connector().poll(str(csv), None, None)
    assert [m.text for m in batch.messages] == ["fine"]
    assert [item.line_number for item in batch.bad] == [2]


def test_quotes_that_are_never_closed_do_not_take_for_ever(csv: Path) -> None:
    csv.write_text("id,text\n" + "".join(f'{n},"open\n' for n in range(4_001)))
    began = time.process_time()
    batches = list(connector().poll(str(csv), None, None))
    assert time.process_time() - began < 20
    assert sum(batch.fetched for batch in batches) > 1


def test_the_memory_stays_flat_however_long_the_file(csv: Path) -> None:
    with csv.open("w") as file:
        file.write("id,text\n")
        file.writelines(f"{n},{'word ' * 40}\n" for n in range(30_000))
    tracemalloc.start()
    try:
        count = sum(len(batch.messages) for batch in connector().poll(str(csv), None, None))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 30_000
    assert peak < 4 * 1024 * 1024 < csv.stat().st_size


def test_batches_hold_at_most_five_hundred(csv: Path) -> None:
    csv.write_text("text\n" + "".join(f"row {n}\n" for n in range(1_234)))
    batches: list[Batch] = list(connector().poll(str(csv), None, None))
    assert [batch.fetched for batch in batches] == [500, 500, 234]


def test_a_quarantined_row_can_be_read_again() -> None:
    assert connector().reread('{"id": "3", "text": "x"}').messages[0].external_id == "3"
    with pytest.raises(ValueError):
        connector().reread('{"id": "3"}')


def test_nothing_is_sent_to_a_file() -> None:
    with pytest.raises(Refused):
        connector().send(OutgoingReply("k", "x", "t", "p", {}))
    with pytest.raises(Refused):
        connector().receive({}, b"")


def test_the_sample_is_read_whole(shared: Path) -> None:
    batches = list(connector().poll(str(shared / "data" / "inbox-sample.csv"), None, None))
    assert sum(len(batch.messages) for batch in batches) == 2_160
    assert not any(batch.bad for batch in batches)
