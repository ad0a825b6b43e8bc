"""The idea board and one idea, as a browser without scripts sees them."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, select

from inbox.database import Database
from inbox.ideas.merge import merge
from inbox.ideas.models import Idea, IdeaState
from inbox.ideas.promote import promote
from inbox.outbox.models import DeliveryState
from inbox.tickets.models import Ticket
from tests.garden import a_member, a_message, a_team, a_tracker

SignIn = Callable[..., Any]


def plant(house: Database, title: str = "Dark mode", *names: str) -> int:
    with house.writing() as session:
        idea = Idea(title=title)
        session.add(idea)
        session.flush()
        for name in names or ("Ada",):
            message = a_message(session, f"{name} wants {title}", a_member(session, name))
            promote(session, message, 0, 0, idea=idea, by=None)
        return idea.id


def idea(house: Database, idea_id: int) -> Idea:
    with house.reading() as session:
        return session.get_one(Idea, idea_id)


def test_an_empty_board_says_how_an_idea_is_made(client: Any) -> None:
    page = client.get("/ideas")
    assert page.status_code == 200
    assert "No idea yet" in page.text


def test_the_board_shows_people_quote_and_author(client: Any, house: Database) -> None:
    plant(house, "Dark mode", "Ada", "Bob")
    page = client.get("/ideas").text
    for words in ("Dark mode", "2 people", "Bob wants Dark mode", "In review", "Being built"):
        assert words in page


def test_filters_are_in_the_address_and_stay_in_the_form(client: Any, house: Database) -> None:
    plant(house, "Dark mode")
    plant(house, "Louder alarm")
    page = client.get("/ideas?q=alarm").text
    assert "Louder alarm" in page
    assert "Ada wants Dark mode" not in page
    assert 'value="alarm"' in page
    assert "No idea matches" in client.get("/ideas?q=nothing").text


@pytest.mark.parametrize(
    "query", ["team=99999999999999999999999", "team=x", "team=-1", "team=٣", "q=" + "x" * 5_000, "q=%00"]
)
def test_odd_filters_break_nothing(client: Any, house: Database, query: str) -> None:
    plant(house)
    assert client.get(f"/ideas?{query}").status_code == 200


def test_the_board_asks_the_database_the_same_for_few_and_many(client: Any, house: Database) -> None:
    def statements() -> int:
        seen: list[str] = []

        def note(*args: object) -> None:
            if not str(args[2]).startswith(("BEGIN", "PRAGMA")):
                seen.append(str(args[2]))

        event.listen(house.engine, "before_cursor_execute", note)
        client.get("/ideas")
        event.remove(house.engine, "before_cursor_execute", note)
        return len(seen)

    plant(house)
    client.get("/ideas")
    few = statements()
    for number in range(15):
        plant(house, f"Idea {number}")
    assert statements() == few


def test_moving_is_one_press_and_can_be_undone(client: Any, house: Database) -> None:
    idea_id = plant(house)
    answer = client.post(f"/ideas/{idea_id}/state", data={"state": "planned", "then": "/ideas?q=dark"})
    assert (answer.status_code, answer.location) == (303, "/ideas?q=dark")
    assert idea(house, idea_id).state == IdeaState.PLANNED
    page = client.get("/ideas").text
    assert "Moved." in page
    assert 'name="state" value="new"' in page
    client.post(f"/ideas/{idea_id}/state", data={"state": "new"})
    assert idea(house, idea_id).state == IdeaState.NEW


def test_a_step_that_is_not_possible_says_so(client: Any, house: Database) -> None:
    idea_id = plant(house)
    page = client.post(f"/ideas/{idea_id}/state", data={"state": "shipped"}, follow_redirects=True)
    assert "cannot take this step" in page.text
    assert idea(house, idea_id).state == IdeaState.NEW
    assert client.post(f"/ideas/{idea_id}/state", data={"state": "nonsense"}).status_code == 422


def test_nobody_is_sent_elsewhere(client: Any, house: Database) -> None:
    answer = client.post(f"/ideas/{plant(house)}/state", data={"state": "planned", "then": "https://evil.example/"})
    assert answer.location.startswith("/")


def test_the_page_of_an_idea_shows_evidence_with_its_sources(client: Any, house: Database) -> None:
    page = client.get(f"/ideas/{plant(house, 'Dark mode', 'Ada', 'Bob')}").text
    for words in (
        "Ada wants Dark mode",
        "Bob wants Dark mode",
        "https://forum.example/1",
        "/conversations/1",
        "made" if False else "added a quote",
    ):
        assert words in page


def test_words_of_strangers_stay_words(client: Any, house: Database) -> None:
    with house.writing() as session:
        message = a_message(
            session, "<script>alert(1)</script>", a_member(session, "<b>Eve</b>"), url="javascript:alert(1)"
        )
        idea_id = promote(session, message, 0, 0, title="<img src=x>", by=None).idea_id
    for page in (
        client.get("/ideas").text,
        client.get(f"/ideas/{idea_id}").text,
        client.get("/ideas/new?message=1").text,
    ):
        assert "<script>alert" not in page
        assert "<img src=x>" not in page
        assert "<b>Eve" not in page
        assert 'href="javascript' not in page


@pytest.mark.parametrize("path", ["/ideas/999", "/ideas/99999999999999999999999", "/ideas/x"])
def test_an_unknown_idea_is_not_found(client: Any, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_words_can_be_changed_and_a_wrong_form_keeps_them(client: Any, house: Database) -> None:
    idea_id = plant(house)
    assert (
        client.post(
            f"/ideas/{idea_id}", data={"title": "Night mode", "summary": "For readers", "area": "Reading"}
        ).status_code
        == 303
    )
    assert (idea(house, idea_id).title, idea(house, idea_id).summary) == ("Night mode", "For readers")
    refused = client.post(f"/ideas/{idea_id}", data={"title": " ", "summary": "Not lost"})
    assert refused.status_code == 422
    assert "Not lost" in refused.text


def test_handing_over_makes_a_ticket_at_each_tracker(client: Any, house: Database) -> None:
    idea_id = plant(house)
    with house.writing() as session:
        team = a_team(session)
        for kind in ("github", "webhook"):
            a_tracker(session, team, kind)
        team_id = team.id
    answer = client.post(f"/ideas/{idea_id}/routing", data={"team": str(team_id)}, follow_redirects=True)
    assert "on its way to 2 places" in answer.text
    assert "Search github" in answer.text
    assert "on its way" in client.get("/ideas").text
    assert client.post(f"/ideas/{idea_id}/routing", data={"team": "77"}).status_code == 404


def test_a_failed_ticket_shows_why_and_is_sent_again(client: Any, house: Database) -> None:
    idea_id = plant(house)
    with house.writing() as session:
        tracker_id = a_tracker(session, a_team(session)).id
    client.post(f"/ideas/{idea_id}/tickets/{tracker_id}")
    with house.writing() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert ticket.delivery is not None
        ticket.delivery.state, ticket.delivery.last_error = DeliveryState.FAILED, "The token has expired."
        ticket_id = ticket.id
    page = client.get(f"/ideas/{idea_id}").text
    assert "The token has expired." in page
    assert "Send again" in page
    client.post(f"/tickets/{ticket_id}/resolution", data={"answer": "again"})
    with house.reading() as session:
        delivery = session.get_one(Ticket, ticket_id).delivery
        assert delivery is not None
        assert delivery.state == DeliveryState.QUEUED
    again = client.post(f"/tickets/{ticket_id}/resolution", data={"answer": "again"}, follow_redirects=True)
    assert "settled already" in again.text
    assert client.post(f"/tickets/{ticket_id}/resolution", data={"answer": "?"}).status_code == 422


def test_merging_goes_on_at_the_other_idea_and_can_be_undone(client: Any, house: Database) -> None:
    dark, night = plant(house, "Dark mode", "Ada"), plant(house, "Dark mode at night", "Bob")
    assert "Dark mode at night" in client.get(f"/ideas/{dark}").text
    answer = client.post(f"/ideas/{dark}/merge", data={"into": f"#{night}"})
    assert answer.location == f"/ideas/{night}"
    page = client.get(answer.location).text
    assert "2 people" in page
    assert f"/ideas/{dark}/parting" in page
    assert "Merged into" in client.get(f"/ideas/{dark}").text
    client.post(f"/ideas/{dark}/parting")
    assert idea(house, dark).merged_into_id is None


def test_merging_into_itself_or_nothing_is_refused(client: Any, house: Database) -> None:
    idea_id = plant(house)
    page = client.post(f"/ideas/{idea_id}/merge", data={"into": str(idea_id)}, follow_redirects=True)
    assert "cannot be merged into itself" in page.text
    for unknown in ("x", "", "9999", "99999999999999999999"):
        page = client.post(f"/ideas/{idea_id}/merge", data={"into": unknown}, follow_redirects=True)
        assert "There is no idea of this number." in page.text


def test_a_merged_idea_is_not_on_the_board(client: Any, house: Database) -> None:
    with house.writing() as session:
        one, two = Idea(title="One idea"), Idea(title="Other idea")
        session.add_all([one, two])
        session.flush()
        merge(session, one, two, by=None)
    page = client.get("/ideas").text
    assert "Other idea" in page
    assert "One idea" not in page


def test_quotes_can_be_paged_to_the_last(client: Any, house: Database) -> None:
    names = [f"Person{number:02}" for number in range(53)]
    idea_id = plant(house, "Dark mode", *names)
    first = client.get(f"/ideas/{idea_id}").text
    older = first[first.index("?before=") :].split('"')[0]
    second = client.get(f"/ideas/{idea_id}{older}").text
    assert [sum(f"{name} wants" in page for name in names) for page in (first, second)] == [50, 3]


@pytest.mark.parametrize(
    ("role", "decides", "promotes"), [("reader", 403, 403), ("product", 303, 303), ("manager", 303, 303)]
)
def test_roles_may_what_they_may(sign_in_as: SignIn, house: Database, role: str, decides: int, promotes: int) -> None:
    browser = sign_in_as(role)
    idea_id = plant(house)
    assert browser.get("/ideas").status_code == 200
    page = browser.get(f"/ideas/{idea_id}")
    assert page.status_code == 200
    assert ("/state" in page.text) is (decides == 303)
    assert browser.post(f"/ideas/{idea_id}/state", data={"state": "planned"}).status_code == decides
    assert browser.post("/ideas", data={"message": "1", "title": "x"}).status_code == promotes


def test_a_visitor_is_asked_to_sign_in(client: Any, visitor: Any) -> None:
    assert visitor.get("/ideas").status_code == 302
