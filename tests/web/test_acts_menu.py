"""The menu of a message: what this very connection may do comes first, the rest says why not, and a ban may end."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from inbox.clock import now
from inbox.conversations.models import Message
from inbox.database import Database
from inbox.outbox.models import Delivery
from inbox.outbox.parcels import act_of
from tests.making import make_channel, make_conversation

WHY = "The bot is no admin here."


@pytest.fixture
def message(house: Database) -> Message:
    said = {"acts": ["ban", "like"], "undoable": ["ban"], "ends": ["ban"], "because": {"delete": WHY}, "replies": True}
    with house.writing() as session:
        make_conversation(session, make_channel(session, abilities=said), ("You are all fools.",))
        return session.scalars(sa.select(Message)).one()


def only(house: Database) -> Delivery:
    with house.reading() as session:
        return session.scalars(sa.select(Delivery)).one()


def test_what_is_possible_comes_first_and_the_rest_says_why(client: Any, message: Message) -> None:
    page = client.get(f"/conversations/{message.conversation_id}?view=all").text
    possible, _, impossible = page.partition("Not possible here")
    assert 'value="ban"' in possible
    assert 'value="like"' in possible
    assert 'value="hide"' not in page
    assert ('name="ban_days"' in possible, "like_days" in page) == (True, False)
    assert WHY in impossible
    assert impossible.count("The platform does not offer this.") == 1


@pytest.mark.parametrize(("days", "length"), [("7", 7), ("", None), ("0", None), ("soon", None), ("99999", None)])
def test_a_ban_is_for_some_days_or_for_ever(
    client: Any, message: Message, house: Database, days: str, length: int | None
) -> None:
    client.post(
        f"/messages/{message.id}/acts", data={"act": "ban", "ban_days": days, "mute_days": "3", "reason": "rude"}
    )
    until = act_of(only(house).payload).until
    if length is None:
        assert until is None
    else:
        assert until is not None
        assert abs(until - now() - timedelta(days=length)) < timedelta(minutes=1)
    page = client.get(f"/conversations/{message.conversation_id}?view=all").text
    assert bool(re.search(r"until [A-Z][a-z]+ \d{1,2}, 20\d\d", page)) is (length is not None)


def test_what_this_connection_may_not_do_is_refused_with_its_reason(
    client: Any, message: Message, house: Database
) -> None:
    answer = client.post(f"/messages/{message.id}/acts", data={"act": "delete"}, follow_redirects=True)
    assert WHY in answer.text
    with house.reading() as session:
        assert session.scalars(sa.select(Delivery)).all() == []
