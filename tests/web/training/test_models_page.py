"""The page of the models: which serves and why others do not, training now, going back, and who contradicts the others."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from inbox.clock import now
from inbox.database import Database
from inbox.labels.models import Tag
from inbox.labels.publish_lanes import Published, publish_lanes
from inbox.teams.models import Teammate
from inbox.training.models import Contradiction, Decision, Model, ModelState
from tests.making import make_teammate

FIGURES = {
    "frozen": {"de": {"rows": 310, "champion": 0.74, "challenger": 0.751, "worse": 0.1}},
    "corrections": {"en": {"rows": 61, "champion": 0.62, "challenger": 0.58, "worse": 0.8}},
}


@pytest.fixture
def trained(house: Database) -> Callable[..., int]:
    """`trained(ModelState.FORMER, "b+1")` is a model of the base "b"; its id."""

    def made(state: ModelState, version: str = "", **fields: Any) -> int:
        with house.writing() as session:
            given = {
                "base_version": "b",
                "payload": b"x",
                "examples": 120,
                "figures": FIGURES,
                "made_at": now(),
                **fields,
            }
            model = Model(state=state, version=version, **given)
            session.add(model)
            session.flush()
            return model.id

    return made


def states(house: Database) -> dict[str, str]:
    with house.reading() as session:
        return {model.version: model.state for model in session.scalars(sa.select(Model))}


def test_before_the_first_training_the_shipped_model_serves(client: Any) -> None:
    page = client.get("/settings/models").text
    assert "The one that came with Trellis." in page
    assert "How good it is" not in page
    assert "There is nothing new to learn from." in page
    assert "Train now" in page


def test_the_champion_shows_where_it_comes_from_and_how_good_it_is(client: Any, trained: Callable[..., int]) -> None:
    trained(ModelState.CHAMPION, "b+1", serving_since=now())
    page = client.get("/settings/models").text
    assert "From 120 corrections, at night" in page
    assert "0.751" in page
    assert "0.620" in page
    assert "310 messages" in page


def test_each_reader_has_the_figures_in_their_own_language(sign_in_as: Any, trained: Callable[..., int]) -> None:
    trained(ModelState.CHAMPION, "b+1", serving_since=now())
    assert "German, frozen set" in sign_in_as("admin", language="en").get("/settings/models").text
    assert "Deutsch, fester Prüfsatz" in sign_in_as("admin", language="de").get("/settings/models").text


def test_corrections_since_the_last_training_are_counted(
    client: Any, trained: Callable[..., int], asked: Callable[..., list[int]]
) -> None:
    first, second = asked("Can it fly?", "It is broken")
    client.post(f"/messages/{first}/tag", data={"tag": "idea"})
    trained(ModelState.CHAMPION, "b+1")
    assert "There is nothing new to learn from." in client.get("/settings/models").text
    client.post(f"/messages/{second}/tag", data={"tag": "complaint"})
    assert "1 correction that no training has seen yet." in client.get("/settings/models").text


def test_a_new_shipped_model_has_all_corrections_before_it(
    client: Any, trained: Callable[..., int], asked: Callable[..., list[int]]
) -> None:
    (message,) = asked("Can it fly?")
    client.post(f"/messages/{message}/tag", data={"tag": "idea"})
    trained(ModelState.FORMER, "b+1")
    trained(ModelState.CHAMPION, "c", base_version="c")
    assert "1 correction that no training has seen yet." in client.get("/settings/models").text


def test_corrections_of_samples_are_no_reason_to_train(client: Any, asked: Callable[..., list[int]]) -> None:
    (message,) = asked("Can it fly?", is_sample=True)
    client.post(f"/messages/{message}/tag", data={"tag": "idea"})
    assert "There is nothing new to learn from." in client.get("/settings/models").text


def test_training_begins_once_and_shows_how_far_it_is(client: Any, house: Database) -> None:
    client.post("/settings/models")
    client.post("/settings/models")
    assert states(house) == {"": ModelState.TRAINING}
    assert "Waiting for the worker" in client.get("/settings/models").text
    with house.writing() as session:
        session.execute(sa.update(Model).values(tries=1, step=2, steps=7))
    page = client.get("/settings/models").text
    assert "Training: step 3 of 7" in page
    assert 'max="7" value="2"' in page
    assert "Train now" not in page


@pytest.mark.parametrize(
    ("reason", "fields", "words"),
    [
        (
            "frozen_worse",
            {"language": "de", "champion": 0.74, "challenger": 0.7},
            "worse in German on the frozen set: 0.700 instead of 0.740",
        ),
        (
            "corrections_worse",
            {"language": "en", "champion": 0.62, "challenger": 0.5},
            "worse in English on the last corrections: 0.500 instead of 0.620",
        ),
        ("too_few", {"examples": 3, "needed": 20}, "3 of at least 20"),
        ("implausible", {"examples": 200, "implausible": 61}, "61 of 200 corrections look wrong"),
        ("nothing_new", {}, "It says the same"),
        ("abandoned", {}, "broke off three times"),
        ("of a later version", {"x": 1}, "It is not better than the one that serves."),
    ],
)
def test_a_refused_challenger_says_why(
    client: Any, trained: Callable[..., int], reason: str, fields: dict[str, Any], words: str
) -> None:
    trained(ModelState.CHAMPION, "b+1")
    trained(ModelState.REFUSED, "b+2", reason=reason, reason_fields=fields, figures={})
    page = client.get("/settings/models").text
    assert words in page
    assert "The last training was not adopted" in page


def test_corrections_that_were_too_few_wait_for_more(
    client: Any, trained: Callable[..., int], asked: Callable[..., list[int]]
) -> None:
    for message in asked("Can it fly?", "It broke."):
        client.post(f"/messages/{message}/tag", data={"tag": "idea"})
    fields = {"examples": 2, "needed": 20}
    trained(ModelState.REFUSED, "b+1", reason="too_few", reason_fields=fields, figures={}, requested_at=now())
    page = client.get("/settings/models").text
    assert "2 corrections that no training has seen yet. 18 more are needed." in page
    assert "nothing new" not in page


def test_a_training_that_was_given_up_is_told_of(client: Any, trained: Callable[..., int]) -> None:
    trained(ModelState.CHAMPION, "b", payload=None, figures={})
    trained(ModelState.ABANDONED, reason="abandoned", base_version="", payload=None, figures={})
    page = client.get("/settings/models").text
    assert "broke off three times" in page
    assert "As it came with Trellis" not in page


def test_an_old_refusal_is_no_news(client: Any, trained: Callable[..., int]) -> None:
    trained(ModelState.REFUSED, "b+1", reason="abandoned")
    trained(ModelState.CHAMPION, "b+2")
    assert "The last training was not adopted" not in client.get("/settings/models").text


def test_going_back_is_one_click_and_undone_by_one(client: Any, house: Database, trained: Callable[..., int]) -> None:
    former = trained(ModelState.FORMER, "b+1")
    champion = trained(ModelState.CHAMPION, "b+2")
    client.post(f"/settings/models/{former}/service")
    assert states(house) == {"b+1": ModelState.CHAMPION, "b+2": ModelState.FORMER}
    assert f"/settings/models/{champion}/service" in client.get("/settings/models").text
    client.post(f"/settings/models/{champion}/service")
    assert states(house) == {"b+1": ModelState.FORMER, "b+2": ModelState.CHAMPION}


def test_a_model_that_cannot_serve_is_refused_with_the_reason(
    client: Any, house: Database, trained: Callable[..., int]
) -> None:
    trained(ModelState.CHAMPION, "b+2")
    foreign = trained(ModelState.FORMER, "a+1", base_version="a")
    client.post(f"/settings/models/{foreign}/service")
    assert "belongs to an earlier version of Trellis" in client.get("/settings/models").text
    assert states(house)["b+2"] == ModelState.CHAMPION
    assert client.post("/settings/models/999/service").status_code == 404


def test_whoever_contradicts_everybody_is_shown_and_decided_about(
    client: Any, house: Database, asked: Callable[..., list[int]]
) -> None:
    (message,) = asked("Can it fly?")
    with house.writing() as session:
        bo = make_teammate(session, "Bo").id
        examples = [{"message_id": number, "theirs": "troll", "others": ""} for number in (message, 999)]
        session.add(Contradiction(teammate_id=bo, corrections=31, contradicted=19, examples=examples))
    page = client.get("/settings/models").text
    assert "19 of 31 corrections" in page
    assert "Can it fly?" in page
    assert "left out until somebody decides" in page
    address = f"/settings/models/teammates/{bo}/decision"
    client.post(address, data={"decision": "use"})
    assert "used all the same" in client.get("/settings/models").text
    with house.reading() as session:
        row = session.get_one(Contradiction, bo)
        assert row.decision == Decision.USE
        assert session.get_one(Teammate, row.decided_by_id).name == "Admin"
    client.post(address, data={"decision": ""})
    assert "left out until somebody decides" in client.get("/settings/models").text
    assert client.post(address, data={"decision": "fire"}).status_code == 422
    assert client.post("/settings/models/teammates/999/decision", data={"decision": "use"}).status_code == 404


def test_others_look_and_decide_nothing(
    sign_in_as: Callable[..., Any], house: Database, trained: Callable[..., int]
) -> None:
    former = trained(ModelState.FORMER, "b+1")
    manager = sign_in_as("manager")
    page = manager.get("/settings/models").text
    assert "Train now" not in page
    assert "Let it serve again" not in page
    assert manager.post("/settings/models").status_code == 403
    assert manager.post(f"/settings/models/{former}/service").status_code == 403
    assert states(house) == {"b+1": ModelState.FORMER}


def test_the_page_takes_as_many_statements_for_many_models(
    client: Any, house: Database, trained: Callable[..., int]
) -> None:
    def statements() -> int:
        seen: list[str] = []

        def hear(*heard: Any) -> None:
            seen.append(heard[2])

        sa.event.listen(house.engine, "before_cursor_execute", hear)
        assert client.get("/settings/models").status_code == 200
        sa.event.remove(house.engine, "before_cursor_execute", hear)
        return len(seen)

    trained(ModelState.FORMER, "b+0", made_by_id=1)
    statements()  # the first look also notes when the teammate was last seen
    few = statements()
    for number in range(1, 30):
        trained(ModelState.FORMER, f"b+{number}", made_by_id=1)
    assert statements() == few


def test_it_says_how_good_the_shipped_model_is(client: Any, house: Database, trained: Callable[..., int]) -> None:
    curve = [[0.3, 0.61, 0.92, 0.3], [0.9, 0.94, 0.21, 0.0445]]
    with house.writing() as session:
        publish_lanes(
            session, "b", [Published(Tag.IDEA, "de", 0.9, 0.3, curve), Published(Tag.TROLL, "de", 2, 0.3, curve)]
        )
    page = client.get("/settings/models").text
    assert "How good it is" in page
    idea, troll = re.findall(r"<tr><th scope=\"row\">.*?</tr>", page)
    assert re.findall(r"\d+(?=\s?%)", idea)[:4] == ["94", "21", "61", "92"]
    assert "never" in troll
    trained(ModelState.CHAMPION, "b+1")
    assert "How good it was before it learned here" in client.get("/settings/models").text
