"""The inbox's list: views, filters, pages, empty states, and how much it asks of the database."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from inbox.clock import now
from inbox.conversations.models import Conversation, ConversationState
from inbox.database import Database
from tests.making import make_channel, make_conversation

Heard = Callable[..., Conversation]


def test_whoever_is_not_signed_in_is_asked_to(client: Any, visitor: Any) -> None:
    assert "/sign-in" in visitor.get("/conversations").headers["Location"]


def test_the_house_begins_with_the_inbox(client: Any) -> None:
    assert client.get("/").headers["Location"] == "/conversations"


def test_a_line_shows_who_wrote_what(client: Any, heard: Heard) -> None:
    heard("Where is the manual?", tag="question", tag_probability=0.91, subject="Manual")
    page = client.get("/conversations").text
    assert "Mia" in page
    assert "Where is the manual?" in page
    assert "Manual" in page
    assert "91% sure" in page


def test_what_strangers_write_stays_text(client: Any, heard: Heard) -> None:
    hostile = '<script>alert(1)</script><img src=x onerror="x">'
    conversation = heard(hostile, subject=hostile, author_name=hostile)
    for address in ("/conversations", f"/conversations/{conversation.id}"):
        page = client.get(address).text
        assert "<script>alert" not in page
        assert "<img" not in page


def test_nothing_in_the_page_needs_inline_scripts_or_styles(client: Any, heard: Heard) -> None:
    conversation = heard("Hello")
    page = client.get(f"/conversations/{conversation.id}")
    assert " style=" not in page.text
    assert " onclick=" not in page.text
    assert "<script>" not in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/conversations", {"open"}),
        ("/conversations?view=closed", {"closed"}),
        ("/conversations?view=all", {"open", "closed"}),
        ("/conversations?tag=idea", set()),
        ("/conversations?view=all&tag=question", {"open"}),
        ("/conversations?assignee=0", {"open"}),
        ("/conversations?view=nonsense&tag=nonsense&channel=x&assignee=²&after=z", {"open"}),
        ("/conversations?channel=999999999999999999999999", {"open"}),
        ("/conversations?channel=987654", set()),
    ],
)
def test_the_address_says_what_is_shown(client: Any, heard: Heard, address: str, shown: set[str]) -> None:
    heard("text of the open one", tag="question")
    heard("text of the closed one", state=ConversationState.CLOSED, waiting_since=None)
    page = client.get(address).text
    assert {name for name in ("open", "closed") if f"text of the {name} one" in page} == shown


def test_search_finds_words_and_shows_them_in_the_field(client: Any, heard: Heard) -> None:
    heard("The Vertretungsplan is missing")
    heard("Something else")
    page = client.get("/conversations?q=vertretung").text
    assert "Vertretungsplan" in page
    assert "Something else" not in page
    assert 'value="vertretung"' in page


@pytest.mark.parametrize("words", ['"', "%00", "a AND (", "*", "'; DROP TABLE messages --", "x" * 5000, "%F0%9F%98%80"])
def test_any_words_can_be_searched_for(client: Any, heard: Heard, words: str) -> None:
    heard("Hello")
    assert client.get(f"/conversations?q={words}").status_code == 200


def test_the_next_page_continues_where_the_first_ends(client: Any, house: Database) -> None:
    with house.writing() as session:
        channel = make_channel(session)
        for number in range(60):
            make_conversation(session, channel, (f"number {number:03}",))
    first = client.get("/conversations?view=all").text
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = client.get(older).text
    lists = [{n for n in range(60) if f"number {n:03}" in page} for page in (first, second)]
    assert [len(shown) for shown in lists] == [50, 10]
    assert not lists[0] & lists[1]


def test_an_empty_house_asks_to_connect_a_channel(client: Any) -> None:
    assert "Nothing is connected yet" in client.get("/conversations").text


def test_a_new_channel_is_waited_for(client: Any, house: Database) -> None:
    with house.writing() as session:
        make_channel(session)
    assert "Waiting for the first messages" in client.get("/conversations").text


def test_a_filter_that_hides_everything_can_be_cleared(client: Any, heard: Heard) -> None:
    heard("Hello")
    page = client.get("/conversations?tag=troll").text
    assert "Nothing here fits" in page
    assert "Clear the filter" in page


def test_when_all_is_done_the_day_is_counted(client: Any, heard: Heard) -> None:
    heard("Hello", state=ConversationState.CLOSED, waiting_since=None, closed_at=now())
    page = client.get("/conversations").text
    assert "Everything is answered" in page
    assert "1 conversation finished today." in page


def test_the_list_asks_the_database_at_most_six_times_however_long_it_is(client: Any, house: Database) -> None:
    with house.writing() as session:
        channel = make_channel(session)
        for number in range(60):
            make_conversation(session, channel, (f"number {number}",))
    client.get("/conversations")  # the banner's figures are kept for ten seconds
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")):
            asked.append(statement)

    sa.event.listen(house.engine, "before_cursor_execute", note)
    assert client.get("/conversations").status_code == 200
    sa.event.remove(house.engine, "before_cursor_execute", note)
    assert 0 < len(asked) <= 6, asked


def test_scripts_get_the_panes_without_the_frame(client: Any, heard: Heard) -> None:
    heard("Hello")
    part = client.get("/conversations", headers={"X-Fragment": "page"})
    assert "<html" not in part.text
    assert 'id="list"' in part.text
    assert "X-Fragment" in part.headers["Vary"]
