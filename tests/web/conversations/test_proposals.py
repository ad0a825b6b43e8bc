"""Proposals under a message: accepted or refused by a form; and why a message has its tag."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from inbox.conversations.models import Conversation, Message
from inbox.conversations.reasons import find_text, keep_reasons
from inbox.conversations.retag import retag
from inbox.database import Database
from inbox.jobs import Job
from inbox.labels.models import LABELS, Correction, Label, Tag
from inbox.labels.publish_lanes import Published, publish_lanes
from inbox.labels.record import Answer, record
from inbox.pages import reasoning

Heard = Callable[..., Conversation]
TEXT = "Could you add an export, please?"


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was rung for; the bell is heard."""
    heard: list[Any] = []
    monkeypatch.setattr(reasoning, "ring", lambda *call: heard.append(call) or True)
    return heard


@pytest.fixture
def message(house: Database, heard: Heard) -> Message:
    """Somebody's wish: surely a question, perhaps an idea."""
    heard(TEXT)
    with house.writing() as session:
        publish_lanes(session, "m1", [Published(tag, "en", 0.9, 0.5, []) for tag in LABELS])
        found = session.scalars(sa.select(Message)).one()
        record(session, [Answer(found.id, "idea", ["idea"], {"question": 0.95, "idea": 0.7}, "en")], "m1")
        return found


def explained(house: Database, message: Message, **shares: Any) -> None:
    nothing = {"start": 0.0, "words": [], "rest": 0.0, "manner": 0.0}
    with house.writing() as session:
        read = find_text(session, message.id)
        assert read
        keep_reasons(session, read, "m1", {tag.value: nothing for tag in LABELS} | shares)


def label(house: Database, message: Message) -> tuple[str, str, str]:
    with house.reading() as session:
        found = session.get_one(Label, message.id)
        return found.primary, found.tags, found.suggested


def correction(house: Database) -> Correction:
    with house.reading() as session:
        return session.scalars(sa.select(Correction)).one()


def page_of(client: Any, message: Message) -> str:
    words: str = client.get(f"/conversations/{message.conversation_id}").text
    return words


def test_a_proposal_is_shown_apart_from_what_holds(client: Any, message: Message) -> None:
    page = page_of(client, message)
    assert 'class="tag tag-idea tag-proposed"' in page
    assert "Idea?" in page
    assert page.count('data-key="y"') == page.count('data-key="x"') == 1


def test_accepting_keeps_what_held_and_confirms(client: Any, house: Database, message: Message) -> None:
    # What the form sends: the tags that hold as hidden fields, and the button.
    client.post(f"/messages/{message.id}/tag", data={"tag": ["question", "idea"]})
    assert label(house, message) == ("question", "question idea", "")
    kept = correction(house)
    assert kept.before == kept.after == "question idea"
    assert "tag-proposed" not in page_of(client, message)


def test_refusing_keeps_what_held_and_goes_back_with_undo(client: Any, house: Database, message: Message) -> None:
    client.post(f"/messages/{message.id}/tag", data={"tag": ["question", "question"]})
    assert label(house, message) == ("question", "question", "")
    client.post(f"/corrections/{correction(house).id}/withdrawal")
    assert label(house, message) == ("question", "question", "idea")


def test_who_may_only_read_sees_the_proposal_and_no_button(sign_in_as: Callable[..., Any], message: Message) -> None:
    page = page_of(sign_in_as("reader"), message)
    assert "tag-proposed" in page
    assert 'data-key="y"' not in page


def test_the_list_shows_a_lone_proposal_under_its_tag(client: Any, house: Database, message: Message) -> None:
    with house.writing() as session:
        record(session, [Answer(message.id, "idea", ["idea"], {"idea": 0.7}, "en")], "m1")
        retag(session, [message.id])
    page = client.get("/conversations?tag=idea").text
    assert TEXT in page
    assert "tag-proposed" in page
    assert client.get("/conversations?tag=question").text.count(TEXT) == 0


def test_a_first_why_rings_for_a_worker_and_says_so(client: Any, message: Message, rung: list[Any]) -> None:
    panel = client.get(f"/messages/{message.id}/reasons", headers={"X-Fragment": "reasons"}).text
    assert rung == [(Job.EXPLAIN, message.id)]
    assert "data-pending" in panel
    assert "<html" not in panel


def test_reasons_name_the_words_as_they_stand_with_their_odds(client: Any, house: Database, message: Message) -> None:
    at = TEXT.index("export")
    shares = {"start": -3.0, "words": [[at, at + 7, math.log(4)], [0, 5, -math.log(2)]], "rest": 0.0, "manner": 0.0}
    explained(house, message, idea=shares)
    panel = client.get(f"/messages/{message.id}/reasons", headers={"X-Fragment": "reasons"}).text
    assert ">export</span>" in panel
    assert "× 4" in panel
    assert ">Could</span>" in panel
    assert "÷ 2" in panel
    assert "Before the first word 5" in panel
    assert "Proposed: that takes 50" in panel
    assert "Set automatically: that takes 90" in panel


def test_the_words_are_marked_in_the_text_wherever_they_stand(client: Any, house: Database, message: Message) -> None:
    text = "Could you? I mean: could you add “colours”, please?"
    with house.writing() as session:
        session.get_one(Message, message.id).text = text
    at, add = text.index("colours"), text.index("add")
    words = [[at - 1, at + 9, math.log(4)], [0, 5, math.log(1.5)], [7, 11, 0.01], [add, add + 3, -math.log(2)]]
    idea, troll = ({"start": 0.0, "words": these, "rest": 0.0, "manner": 0.0} for these in (words, [[0, 5, -0.7]]))
    explained(house, message, idea=idea, troll=troll)
    shown = client.get(f"/conversations/{message.conversation_id}?why={message.id}").text
    spoken = re.findall(
        r'<span class="spoke" data-for="(.*?)" data-much="(.*?)" data-against="(.*?)" title="(.*?)">(.*?)<', shown
    )
    assert spoken == [
        ("idea", "", "troll", "Idea × 1.5 · Troll ÷ 2", "Could"),
        ("idea", "", "troll", "Idea × 1.5 · Troll ÷ 2", "could"),
        ("", "", "idea", "Idea ÷ 2", "add"),
        ("idea", "idea", "", "Idea × 4", "colours"),
    ]
    panel = client.get(f"/messages/{message.id}/reasons", headers={"X-Fragment": "reasons"}).text
    assert "<template>" in panel
    assert panel.count('class="spoke"') == 4
    assert 'class="spoke"' not in page_of(client, message)


def test_a_word_written_a_thousand_times_makes_no_page_of_marks(client: Any, house: Database, message: Message) -> None:
    with house.writing() as session:
        session.get_one(Message, message.id).text = "export " * 5_000
    explained(house, message, idea={"start": 0.0, "words": [[0, 6, 1.0]], "rest": 0.0, "manner": 0.0})
    panel = client.get(f"/messages/{message.id}/reasons", headers={"X-Fragment": "reasons"}).text
    assert panel.count('class="spoke"') == 300
    assert panel.count("export ") >= 4_700


def test_kept_reasons_ring_for_nobody(client: Any, house: Database, message: Message, rung: list[Any]) -> None:
    explained(house, message)
    client.get(f"/messages/{message.id}/reasons", headers={"X-Fragment": "reasons"})
    assert rung == []


def test_words_of_strangers_stay_words(client: Any, house: Database, heard: Heard, message: Message) -> None:
    with house.writing() as session:
        session.get_one(Message, message.id).text = "<script>alert(1)</script>"
    explained(house, message, idea={"start": 0.0, "words": [[0, 25, 1.0]], "rest": 0.0, "manner": 0.0})
    panel = client.get(f"/messages/{message.id}/reasons", headers={"X-Fragment": "reasons"}).text
    assert "<script>" not in panel
    assert "&lt;script&gt;" in panel


def test_without_valkey_the_panel_says_that_nobody_looks(
    client: Any, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reasoning, "ring", lambda *_: False)
    panel = client.get(f"/messages/{message.id}/reasons", headers={"X-Fragment": "reasons"}).text
    assert "worker cannot be reached" in panel


def test_without_scripts_why_is_a_link_to_the_conversation_with_its_panel(
    client: Any, house: Database, message: Message
) -> None:
    explained(house, message)
    answer = client.get(f"/messages/{message.id}/reasons", follow_redirects=True)
    assert "why-label" in answer.text
    assert TEXT in answer.text
    assert "why-label" not in page_of(client, message)


def test_other_languages_are_not_explained(client: Any, house: Database, message: Message, rung: list[Any]) -> None:
    with house.writing() as session:
        record(session, [Answer(message.id, "unsure", (), {"idea": 0.1}, "tr")], "m1")
    panel = client.get(f"/messages/{message.id}/reasons", headers={"X-Fragment": "reasons"}).text
    assert "Trellis judges German and English" in panel
    assert rung == []


@pytest.mark.parametrize("change", ["deleted", "unlabelled", "by a person alone", "ours"])
def test_where_there_is_nothing_to_explain_nothing_is_found(
    client: Any, house: Database, message: Message, change: str
) -> None:
    with house.writing() as session:
        found = session.get_one(Message, message.id)
        said = session.get_one(Label, message.id)
        if change == "deleted":
            found.deleted_at = found.posted_at
        elif change == "ours":
            found.direction = "out"  # type: ignore[assignment]
        elif change == "by a person alone":
            said.model_version, said.primary = "", Tag.IDEA
        else:
            session.delete(said)
    assert client.get(f"/messages/{message.id}/reasons", headers={"X-Fragment": "reasons"}).status_code == 404
    assert client.get(f"/conversations/{message.conversation_id}?why={message.id}").status_code == 200


@pytest.mark.parametrize("number", ["0", "99", "9" * 30, "x"])
def test_a_why_about_nothing_is_harmless(client: Any, message: Message, number: str) -> None:
    assert client.get(f"/messages/{number}/reasons").status_code == 404
    assert client.get(f"/conversations/{message.conversation_id}?why={number}").status_code == 200
