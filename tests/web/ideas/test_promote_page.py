"""Making an idea of words, with and without scripts."""

from typing import Any

import pytest
from sqlalchemy import func, select

from inbox.clock import now
from inbox.conversations.models import Message
from inbox.database import Database
from inbox.ideas.models import Evidence, Idea
from inbox.ideas.promote import promote
from tests.garden import a_member, a_message

TEXT = "Hallo 👋 liebe Leute! Bitte baut einen Vertretungsplan ein. Danke"
START = TEXT.index("Bitte")
END = TEXT.index(" Danke")


@pytest.fixture
def message_id(house: Database) -> int:
    with house.writing() as session:
        return a_message(session, TEXT, a_member(session, "Ada"), language="de").id


def ideas(house: Database) -> list[Idea]:
    with house.reading() as session:
        return list(session.scalars(select(Idea).order_by(Idea.id)))


def test_the_form_shows_the_marked_words_and_a_title(client: Any, message_id: int) -> None:
    page = client.get(f"/ideas/new?message={message_id}&start={START}&end={END}").text
    assert "<blockquote" in page
    assert TEXT[START:END] in page
    assert f'name="start" value="{START}"' in page
    assert f'name="end" value="{END}"' in page
    assert 'value="Bitte baut einen Vertretungsplan ein."' in page


def test_the_whole_message_is_taken_when_nothing_is_marked(client: Any, message_id: int) -> None:
    page = client.get(f"/ideas/new?message={message_id}").text
    assert "liebe Leute" in page
    assert f'name="end" value="{len(TEXT)}"' in page


def test_the_dialog_and_the_list_of_look_alikes_are_fragments(client: Any, house: Database, message_id: int) -> None:
    with house.writing() as session:
        session.add(Idea(title="Vertretung anzeigen"))
    url = f"/ideas/new?message={message_id}&start={START}&end={END}"
    dialog = client.get(url, headers={"X-Fragment": "dialog"}).text
    assert "<html" not in dialog
    assert 'id="promote"' in dialog
    assert "Vertretung anzeigen" in dialog
    alike = client.get(f"{url}&title=Vertretung", headers={"X-Fragment": "alike"}).text
    assert "Vertretung anzeigen" in alike
    assert 'id="promote"' not in alike


def test_a_new_idea_is_made_and_the_toast_takes_it_back(client: Any, house: Database, message_id: int) -> None:
    data = {"message": message_id, "start": START, "end": END, "title": "Vertretungsplan", "then": "/conversations/1"}
    answer = client.post("/ideas", data=data)
    assert (answer.status_code, answer.location) == (303, "/conversations/1")
    assert [(idea.title, idea.people) for idea in ideas(house)] == [("Vertretungsplan", 1)]
    client.post("/ideas", data=data)
    assert len(ideas(house)) == 1
    with house.reading() as session:
        evidence = session.scalars(select(Evidence)).one()
        assert evidence.quote == TEXT[START:END]
    assert f"/evidence/{evidence.id}/withdrawal" in client.get("/ideas").text
    client.post(f"/evidence/{evidence.id}/withdrawal")
    assert ideas(house) == []
    assert "removed already" in client.post(f"/evidence/{evidence.id}/withdrawal", follow_redirects=True).text


def test_words_are_added_to_an_idea_that_is_there(client: Any, house: Database, message_id: int) -> None:
    with house.writing() as session:
        other = a_message(session, "Vertretung bitte", a_member(session, "Bob"))
        idea_id = promote(session, other, 0, 0, title="Vertretung", by=None).idea_id
    client.post("/ideas", data={"message": message_id, "start": START, "end": END, "title": "unused", "idea": idea_id})
    assert [(idea.title, idea.people) for idea in ideas(house)] == [("Vertretung", 2)]


def test_a_form_without_title_keeps_the_words(client: Any, house: Database, message_id: int) -> None:
    answer = client.post("/ideas", data={"message": message_id, "start": START, "end": END, "title": " "})
    assert answer.status_code == 422
    assert TEXT[START:END] in answer.text
    assert ideas(house) == []


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"start": "5", "end": "99999"}, 422),
        ({"start": "x", "end": "2"}, 422),
        ({"start": "-1", "end": "2"}, 422),
        ({"start": "9" * 30, "end": "2"}, 422),
        ({"message": "77"}, 404),
        ({"message": "x"}, 404),
        ({"message": "9" * 30}, 404),
        ({"message": ""}, 404),
        ({"idea": "77"}, 404),
        ({"title": "t" * 300}, 422),
    ],
)
def test_bad_forms_make_nothing(
    client: Any, house: Database, message_id: int, data: dict[str, str], status: int
) -> None:
    answer = client.post("/ideas", data={"message": message_id, "start": "0", "end": "5", "title": "x", **data})
    assert answer.status_code == status
    assert ideas(house) == []


def test_a_message_that_was_deleted_meanwhile_says_so(client: Any, house: Database, message_id: int) -> None:
    with house.writing() as session:
        session.get_one(Message, message_id).deleted_at = now()
    url = f"/ideas/new?message={message_id}"
    assert "was deleted at its source" in client.get(url).text
    assert client.post("/ideas", data={"message": message_id, "title": "x"}).status_code == 422
    with house.reading() as session:
        assert session.scalar(select(func.count()).select_from(Evidence)) == 0


def test_the_way_back_keeps_the_filters_of_the_inbox(client: Any, message_id: int) -> None:
    came = "http://localhost/conversations/1?view=mine&tag=idea"
    page = client.get(f"/ideas/new?message={message_id}", headers={"Referer": came}).text
    assert "/conversations/1?view=mine&amp;tag=idea" in page
    elsewhere = client.get(
        f"/ideas/new?message={message_id}", headers={"Referer": "https://evil.example/conversations/1"}
    )
    assert "evil.example" not in elsewhere.text


def test_the_form_speaks_german(sign_in_as: Any, message_id: int) -> None:
    assert sign_in_as("manager", language="de").get(f"/ideas/new?message={message_id}").status_code == 200
