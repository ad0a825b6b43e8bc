"""Done means: with all that has been read, and not with what came in the meantime."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from inbox.clock import now
from inbox.conversations.models import Conversation, ConversationState, Direction
from inbox.database import Database
from tests.making import make_message


def state_of(house: Database, thread: Conversation) -> str:
    with house.reading() as session:
        return session.get_one(Conversation, thread.id).state


def test_what_came_meanwhile_is_not_closed_unread(client: Any, house: Database, heard: Callable[..., Any]) -> None:
    thread = heard("Hello")
    address = f"/conversations/{thread.id}"
    seen = re.search(r'name="seen" value="(\d+)"', client.get(address).text)
    assert seen
    with house.writing() as session:
        make_message(session, session.get_one(Conversation, thread.id), "One more thing")
    answer = client.post(f"{address}/closure", data={"seen": seen[1]}, follow_redirects=True)
    assert "Somebody has written here meanwhile." in answer.text
    assert "One more thing" in answer.text
    assert state_of(house, thread) == ConversationState.OPEN
    seen = re.search(r'name="seen" value="(\d+)"', answer.text)
    assert seen
    assert client.post(f"{address}/closure", data={"seen": seen[1]}).status_code == 303
    assert state_of(house, thread) == ConversationState.CLOSED


def test_our_own_words_and_programs_do_not_keep_it_open(
    client: Any, house: Database, heard: Callable[..., Any]
) -> None:
    thread = heard("Hello")
    with house.writing() as session:
        conversation = session.get_one(Conversation, thread.id)
        make_message(session, conversation, "ours", direction=Direction.OUT)
        make_message(session, conversation, "I am away", is_automatic=True)
    client.post(f"/conversations/{thread.id}/closure", data={"seen": "1"})
    assert state_of(house, thread) == ConversationState.CLOSED


def test_what_arrives_late_does_not_keep_it_open_for_ever(
    client: Any, house: Database, heard: Callable[..., Any]
) -> None:
    thread = heard("Hello")
    with house.writing() as session:
        late = now() - timedelta(days=1)
        make_message(session, session.get_one(Conversation, thread.id), "written before", posted_at=late)
    page = client.get(f"/conversations/{thread.id}").text
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    client.post(f"/conversations/{thread.id}/closure", data={"seen": seen[1]})
    assert state_of(house, thread) == ConversationState.CLOSED


def test_an_undo_stays_beside_the_list_as_it_was_filtered(client: Any, heard: Callable[..., Any]) -> None:
    address = f"/conversations/{heard('Hello').id}"
    client.post(f"{address}/closure")
    query = "view=all&tag=complaint&q=hello"
    page = f"http://localhost{address}?{query}"
    answer = client.post(f"{address}/reopening", headers={"Referer": page})
    assert answer.location == f"{address}?{query}"
    for elsewhere in (f"http://evil.test{address}?{query}", f"http://localhost/ideas?{query}", "http://[", ""):
        assert client.post(f"{address}/reopening", headers={"Referer": elsewhere}).location == address
    hostile = f"http://localhost{address}?view=x&tag=%00&channel=99999999999999999999&q=%ff"
    assert client.post(f"{address}/reopening", headers={"Referer": hostile}).status_code == 303
