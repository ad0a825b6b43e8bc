"""The ledger's page: filters in the address, undo, files, and a fixed number of statements."""

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from inbox.clock import now
from inbox.conversations.models import Message
from inbox.database import Database
from inbox.labels.models import Correction, Label


def tag(client: Any, message: int, name: str, *also: str) -> Any:
    return client.post(f"/messages/{message}/tag", data={"tag": name, "also": list(also)})


def corrections(house: Database) -> list[Correction]:
    with house.reading() as session:
        return list(session.scalars(sa.select(Correction).order_by(Correction.id)))


def test_an_empty_ledger_says_what_will_stand_here(client: Any) -> None:
    page = client.get("/corrections").text
    assert "Nobody has corrected anything yet" in page
    assert "/training" in page


def test_a_correction_stands_in_the_ledger_and_leads_to_its_message(
    client: Any, asked: Callable[..., list[int]]
) -> None:
    (message,) = asked("Can it fly?")
    tag(client, message, "idea", "complaint")
    page = client.get("/corrections").text
    assert "Can it fly?" in page
    assert f"#m{message}" in page
    assert "1 correction" in page
    assert "model m1, 60% sure" in page


def test_several_tags_are_one_correction(client: Any, house: Database, asked: Callable[..., list[int]]) -> None:
    first, second, third = asked("Can it fly?", "Does it swim", "Nice weather here")
    tag(client, first, "idea", "complaint", "idea")
    tag(client, second, "other", "complaint")
    tag(client, third, "")
    assert "Choose question, complaint, idea, troll or other." in client.get("/corrections").text
    assert [(one.after_primary, one.after) for one in corrections(house)] == [("idea", "idea complaint"), ("other", "")]


@pytest.mark.parametrize(
    ("channel", "chosen", "words"),
    [
        ({}, "idea", "Learned."),
        ({"is_sample": True}, "idea", "Corrected."),
        ({"is_sample": True}, "question", "Confirmed."),
    ],
)
def test_it_says_what_became_of_a_judgement(
    client: Any, asked: Callable[..., list[int]], channel: dict[str, Any], chosen: str, words: str
) -> None:
    (message,) = asked("Can it fly?", **channel)
    tag(client, message, chosen)
    assert words in client.get("/corrections").text


def test_undo_in_the_ledger_comes_back_to_it(client: Any, house: Database, asked: Callable[..., list[int]]) -> None:
    (message,) = asked("Can it fly?")
    tag(client, message, "idea")
    (kept,) = corrections(house)
    answer = client.post(f"/corrections/{kept.id}/withdrawal", data={"then": "/corrections?which=changed"})
    assert answer.location == "/corrections?which=changed"
    assert client.post(f"/corrections/{kept.id}/withdrawal", data={"then": "https://evil.example"}).location[0] == "/"
    page = client.get("/corrections").text
    assert "undone" in page
    with house.reading() as session:
        assert session.get_one(Label, message).primary == "question"


def test_filters_narrow_and_nonsense_is_left_out(client: Any, asked: Callable[..., list[int]]) -> None:
    first, second = asked("Can it fly?", "It is broken again")
    tag(client, first, "idea")
    tag(client, second, "complaint")
    assert "It is broken" not in client.get("/corrections?to=idea").text
    # The days of who looks, whose midnight is not that of UTC.
    today = now().astimezone(ZoneInfo("Europe/Berlin")).date()
    assert "It is broken" in client.get(f"/corrections?since={today:%Y-%m-%d}&until={today:%Y-%m-%d}").text
    assert "No correction fits" in client.get("/corrections?until=2001-01-01").text
    nonsense = (
        "which=x&from=x&to=unsure%00&language=%2527&channel=-1&teammate=99999999999999999999&since=0001-01-01"
        "&until=9999-12-31&after=x&before=-5&model=%00%F0%9F%A6%86"
    )
    page = client.get(f"/corrections?{nonsense}")
    assert page.status_code == 200
    assert client.get("/corrections?since=1970-01-01&until=8999-12-31").status_code == 200


def test_the_page_takes_as_many_statements_for_many_lines(
    client: Any, house: Database, asked: Callable[..., list[int]]
) -> None:
    def statements() -> int:
        seen: list[str] = []

        def hear(*heard: Any) -> None:
            seen.append(heard[2])

        sa.event.listen(house.engine, "before_cursor_execute", hear)
        assert client.get("/corrections").status_code == 200
        sa.event.remove(house.engine, "before_cursor_execute", hear)
        return len(seen)

    messages = asked(*(f"Sentence number {number}" for number in range(30)))
    tag(client, messages[0], "idea")
    statements()  # the first look also notes when the teammate was last seen
    few = statements()
    for message in messages:
        tag(client, message, "troll")
    assert statements() == few


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_file_holds_what_the_filters_leave(client: Any, asked: Callable[..., list[int]], form: str) -> None:
    first, second = asked("Can it fly?", "=1+1")
    tag(client, first, "idea")
    tag(client, second, "troll")
    answer = client.get(f"/corrections.{form}?to=troll")
    assert answer.headers["Content-Disposition"].endswith(f".{form}")
    assert "Can it fly?" not in answer.text
    assert "'=1+1" in answer.text if form == "csv" else json.loads(answer.text)["text"] == "=1+1"


def test_deleted_words_leave_page_and_file(client: Any, house: Database, asked: Callable[..., list[int]]) -> None:
    (message,) = asked("I regret this")
    tag(client, message, "idea")
    with house.writing() as session:
        session.get_one(Message, message).deleted_at = now()
    assert "I regret this" not in client.get("/corrections").text
    assert "I regret this" not in client.get("/corrections.csv").text


def test_readers_look_and_take_nothing_away(sign_in_as: Callable[..., Any], asked: Callable[..., list[int]]) -> None:
    (message,) = asked("Can it fly?")
    tag(sign_in_as("manager"), message, "idea")
    reader = sign_in_as("reader")
    page = reader.get("/corrections").text
    assert "Can it fly?" in page
    assert "/withdrawal" not in page
    assert "/corrections.csv" not in page
    assert reader.get("/corrections.csv").status_code == 403
    assert reader.get("/training").status_code == 403
