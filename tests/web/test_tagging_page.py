"""The thresholds page: what is in force, what would be, and who may move it."""

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from inbox.conversations.models import Conversation, Message
from inbox.database import Database
from inbox.labels.models import LABELS, Tag, Threshold
from inbox.labels.publish_lanes import Published, publish_lanes
from inbox.labels.record import Answer, record
from tests.incoming import Statements
from tests.making import make_channel, make_conversation

CURVE = [[0.2, 0.5, 0.9, 0.4], [0.6, 0.8, 0.5, 0.2], [0.9, 1.0, 0.2, 0.1]]


@pytest.fixture
def house(app: Any) -> Database:
    """An application whose worker has published its lanes, with four probable ideas that wait."""
    database: Database = app.extensions["trellis"].database
    with database.writing() as session:
        publish_lanes(
            session, "m1", [Published(tag, lang, 0.9012, 0.5, CURVE) for tag in LABELS for lang in ("de", "en")]
        )
        channel = make_channel(session)
        for _ in range(4):
            make_conversation(session, channel, ("Fly!",))
        for number in session.scalars(sa.select(Message.id)):
            record(session, [Answer(number, "idea", ["idea"], {"idea": 0.7}, "en")], "m1")
    return database


def form(**moved: int) -> dict[str, str]:
    values = {f"{tag}-{name}": whole for tag in LABELS for name, whole in (("automatic", 90), ("suggest", 50))}
    return {name: str(value) for name, value in {**values, **moved}.items()} | {"language": "en"}


def in_force(house: Database, tag: Tag = Tag.IDEA) -> tuple[float, float, bool]:
    with house.reading() as session:
        row = session.get_one(Threshold, (tag, "en"))
        return row.automatic, row.suggest, row.moved_at is not None


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_page_says_what_the_thresholds_mean_here(client: Any, house: Database) -> None:
    page = words(client.get("/settings/tagging?language=en").text)
    assert "Messages in a usual week: 1" in page
    assert "1 a week proposed" in page
    assert "0 a week set automatically, 0 of them wrongly" in page


def test_thresholds_in_the_address_are_tried_and_not_in_force(client: Any, house: Database) -> None:
    answer = client.get(
        "/settings/tagging", query_string=form(**{"idea-automatic": 60}), headers={"X-Fragment": "week"}
    )
    assert re.search(r"1\s+are tagged automatically", words(answer.text))
    assert "<html" not in answer.text
    assert in_force(house) == (0.9012, 0.5, False)


def test_moving_them_takes_what_waits_along_and_can_be_undone(client: Any, house: Database) -> None:
    answer = client.post("/settings/tagging", data=form(**{"idea-automatic": 60}), follow_redirects=True)
    assert "4 waiting messages now have another tag" in answer.text
    assert in_force(house) == (0.6, 0.5, True)
    with house.reading() as session:
        assert set(session.execute(sa.select(Conversation.tags, Conversation.suggested))) == {("idea", "")}
    undo = dict(
        re.findall(r'name="([a-z]+-(?:automatic|suggest)|language)" value="(\w+)"', answer.text.split('id="toasts"')[1])
    )
    assert undo["idea-automatic"] == "90"
    client.post("/settings/tagging", data=undo)
    # The exact threshold of the model, not the whole percent, and no longer moved by hand.
    assert in_force(house) == (0.9012, 0.5, False)


def test_sliders_that_were_not_moved_keep_the_exact_threshold(client: Any, house: Database) -> None:
    client.post("/settings/tagging", data=form(**{"idea-suggest": 40}))
    assert in_force(house) == (0.9012, 0.4, True)
    assert in_force(house, Tag.TROLL) == (0.9012, 0.5, False)


def test_one_label_goes_back_to_the_model(client: Any, house: Database) -> None:
    client.post("/settings/tagging", data=form(**{"idea-automatic": 60, "troll-automatic": 99}))
    assert "Back to the model" in client.get("/settings/tagging?language=en").text
    client.post("/settings/tagging", data={"language": "en", "reset": "idea"})
    assert in_force(house) == (0.9012, 0.5, False)
    assert in_force(house, Tag.TROLL) == (0.99, 0.5, True)


@pytest.mark.parametrize(
    "moved", [{"idea-automatic": 0}, {"idea-suggest": 0}, {"idea-automatic": 999, "idea-suggest": 999}]
)
def test_what_makes_no_sense_is_refused_with_the_reason(client: Any, house: Database, moved: dict[str, int]) -> None:
    answer = client.post("/settings/tagging", data=form(**moved), follow_redirects=True)
    assert "both lie between 1 and 100" in answer.text
    assert in_force(house) == (0.9012, 0.5, False)


@pytest.mark.parametrize("odd", ["", "x", "-1", "1e3", "٣", "9" * 5000, "50.5"])
def test_what_is_no_number_leaves_the_threshold(client: Any, house: Database, odd: str) -> None:
    client.post("/settings/tagging", data=form() | {"idea-automatic": odd})
    assert in_force(house) == (0.9012, 0.5, False)
    assert client.get("/settings/tagging", query_string={"idea-automatic": odd, "language": odd}).status_code == 200


def test_a_slider_pushed_past_the_other_takes_it_along(client: Any, house: Database) -> None:
    client.post("/settings/tagging", data=form(**{"idea-automatic": 30}))
    assert in_force(house) == (0.3, 0.3, True)


@pytest.mark.parametrize("role", ["manager", "product", "reader"])
def test_others_look_and_admins_move(sign_in_as: Callable[..., Any], house: Database, role: str) -> None:
    client = sign_in_as(role)
    page = client.get("/settings/tagging?language=en").text
    assert page.count("disabled") == 8
    assert "Apply from now on" not in page
    assert client.post("/settings/tagging", data=form(**{"idea-automatic": 60})).status_code == 403
    assert in_force(house) == (0.9012, 0.5, False)


def test_before_a_worker_has_spoken_the_page_says_so(client: Any) -> None:
    assert "No thresholds yet" in client.get("/settings/tagging").text
    assert client.post("/settings/tagging", data=form()).status_code == 303


def test_german_readers_begin_with_german_messages(sign_in_as: Callable[..., Any], house: Database) -> None:
    page = words(sign_in_as("admin", language="de").get("/settings/tagging").text)
    assert "In den letzten vier Wochen hat niemand auf Deutsch geschrieben" in page


def test_what_the_script_is_given_is_what_the_page_says(client: Any, house: Database) -> None:
    page = client.get("/settings/tagging?language=en").text
    given = [json.loads(html.unescape(one)) for one in re.findall(r"data-threshold='([^']+)'", page)]
    assert len(given) == 4
    for one in given:
        assert {len(one[name]) for name in ("volume", "precision", "share", "judged", "changed")} == {101}
        assert all("{" in one["words"][name] for name in ("set", "proposed", "few", "judged"))


def test_the_page_asks_the_database_little(client: Any, house: Database) -> None:
    with house.reading() as session, Statements(session) as statements:
        client.get("/settings/tagging?language=en")
    assert len([one for one in statements.seen if "thresholds" in one or "labels" in one]) == 4


def test_a_lane_that_the_model_itself_closes_stays_closed_until_somebody_opens_it(client: Any, house: Database) -> None:
    with house.writing() as session:
        publish_lanes(session, "m2", [Published(Tag.IDEA, "en", 1.01, 0.5, CURVE)])
    page = words(client.get("/settings/tagging?language=en").text)
    assert "Never set automatically" in page
    assert "101" not in page
    answer = client.post(
        "/settings/tagging", data=form(**{"idea-automatic": 100, "idea-suggest": 40}), follow_redirects=True
    )
    assert "Applied" in answer.text
    assert in_force(house)[0] >= 1
    client.post("/settings/tagging", data=form(**{"idea-automatic": 60}))
    assert in_force(house) == (0.6, 0.5, True)


def test_before_anybody_has_written_it_speaks_of_a_hundred_messages_as_measured(client: Any, house: Database) -> None:
    page = words(client.get("/settings/tagging?language=de").text)
    assert "Nobody has written in German in the last four weeks" in page
    # From 90 % on lies a tenth, all of it right; from 50 % on a quarter, of which the measured 72.5 % are.
    assert page.count("Of 100 messages 10 set automatically, 0 of them wrongly.") == len(LABELS)
    assert page.count("Of 100 messages 15 proposed, 6.9 of them wrongly.") == len(LABELS)
    assert "a week set automatically" in words(client.get("/settings/tagging?language=en").text)
