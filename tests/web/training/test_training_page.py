"""A round of training by plain forms: answers, several tags, skipping, going back, and what may happen in between."""

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from inbox.clock import now
from inbox.conversations.correct_tag import correct_tag
from inbox.conversations.models import Message
from inbox.database import Database
from inbox.labels.models import Correction, Label
from tests.making import make_teammate

TEXTS = ("Can it fly?", "Where is the door", "Give it a roof")


def here(client: Any) -> int:
    """The message that is asked about; 0 when the round has ended."""
    found = re.search(r'name="message" value="(\d+)"', client.get("/training/round").text)
    return int(found[1]) if found else 0


def begin(client: Any) -> int:
    assert client.post("/training/round").location == "/training/round"
    return here(client)


def answer(client: Any, message: int, tag: str, *also: str) -> None:
    client.post("/training/round/answers", data={"message": message, "tag": tag, "also": list(also)})


def standing(house: Database) -> list[tuple[int, str]]:
    with house.reading() as session:
        query = sa.select(Correction).where(Correction.undone_at.is_(None)).order_by(Correction.id)
        return [(one.message_id, one.after) for one in session.scalars(query)]


def test_without_questions_it_says_so(client: Any) -> None:
    assert "Nothing to ask today" in client.get("/training").text
    assert client.post("/training/round").location == "/training"
    assert client.get("/training/round").location == "/training"


def test_a_round_asks_each_once_and_ends_with_what_was_learned(
    client: Any, house: Database, asked: Callable[..., list[int]]
) -> None:
    asked(*TEXTS)
    assert "3 messages" in client.get("/training").text
    first = begin(client)
    answer(client, first, "question")
    second = here(client)
    answer(client, second, "idea", "complaint")
    third = here(client)
    answer(client, third, "other")
    assert here(client) == 0
    assert standing(house) == [(first, "question"), (second, "idea complaint"), (third, "")]
    page = client.get("/training/round").text
    assert "3 answered in 1 second" in page
    assert "Trellis had 1 right" in page
    assert "Nothing to ask today" in client.get("/training").text


def test_the_guess_of_the_model_is_not_shown(client: Any, asked: Callable[..., list[int]]) -> None:
    asked("Can it fly?")
    begin(client)
    page = client.get("/training/round").text
    assert "aria-pressed" not in page
    assert not re.search(r"60\s*%|0[.,]6", re.sub(r"<[^>]*>", "", page))


def test_a_second_press_on_the_same_message_changes_nothing(
    client: Any, house: Database, asked: Callable[..., list[int]]
) -> None:
    asked(*TEXTS)
    first = begin(client)
    answer(client, first, "idea")
    second = here(client)
    answer(client, first, "troll")
    client.post("/training/round/skips", data={"message": first})
    assert here(client) == second
    assert standing(house) == [(first, "idea")]


def test_back_takes_the_answer_back(client: Any, house: Database, asked: Callable[..., list[int]]) -> None:
    asked(*TEXTS)
    first = begin(client)
    client.post("/training/round/return")
    assert here(client) == first
    answer(client, first, "idea")
    client.post("/training/round/return")
    assert here(client) == first
    assert standing(house) == []
    with house.reading() as session:
        assert session.get_one(Label, first).corrected_by_id is None
    client.post("/training/round/skips", data={"message": first})
    client.post("/training/round/return")
    assert here(client) == first


def test_what_was_skipped_is_not_asked_in_the_next_round(client: Any, asked: Callable[..., list[int]]) -> None:
    asked(*TEXTS)
    first = begin(client)
    client.post("/training/round/skips", data={"message": first})
    client.post("/training/round/end")
    assert begin(client) not in (0, first)


def test_what_goes_meanwhile_is_passed_over(client: Any, house: Database, asked: Callable[..., list[int]]) -> None:
    numbers = asked(*TEXTS)
    first = begin(client)
    others = [number for number in numbers if number != first]
    with house.writing() as session:
        session.get_one(Message, first).deleted_at = now()
        correct_tag(session, session.get_one(Message, others[0]), ["idea"], by=make_teammate(session, "Bo"))
    assert here(client) == others[1]
    with house.writing() as session:
        session.get_one(Message, others[1]).deleted_at = now()
    assert here(client) == 0
    assert "Nothing answered this time" in client.get("/training/round").text


def test_stopping_early_keeps_what_was_answered(client: Any, house: Database, asked: Callable[..., list[int]]) -> None:
    asked(*TEXTS)
    first = begin(client)
    assert client.post("/training/round/end").location == "/training"
    begin(client)
    answer(client, first, "idea")
    assert client.post("/training/round/end").location == "/training/round"
    assert "1 answered" in client.get("/training/round").text
    assert standing(house) == [(first, "idea")]


def test_a_round_left_half_way_can_be_gone_on_with(client: Any, asked: Callable[..., list[int]]) -> None:
    asked(*TEXTS)
    answer(client, begin(client), "idea")
    page = client.get("/training").text
    assert "Go on" in page
    assert "2 messages" in page


def test_an_answer_that_is_none_is_refused_with_the_reason(
    client: Any, house: Database, asked: Callable[..., list[int]]
) -> None:
    asked("Can it fly?")
    first = begin(client)
    answer(client, first, "praise")
    assert "Choose question, complaint, idea, troll or other." in client.get("/training/round").text
    client.post("/training/round/answers", data={"message": first})
    assert here(client) == first
    assert standing(house) == []


def test_a_long_message_is_cut_and_leads_to_the_whole(client: Any, asked: Callable[..., list[int]]) -> None:
    asked("word " * 200_000)
    begin(client)
    page = client.get("/training/round")
    assert len(page.text) < 40_000
    assert "in its conversation" in page.text


def test_samples_say_that_they_teach_nothing(client: Any, asked: Callable[..., list[int]]) -> None:
    asked("Can it fly?", is_sample=True)
    answer(client, begin(client), "idea")
    page = client.get("/training/round").text
    assert "Sample messages teach nothing" in page
    assert "Trellis learns from" not in page
