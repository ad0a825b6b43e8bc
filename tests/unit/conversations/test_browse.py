"""The list: its views, filters, pages both ways and numbers, which always agree with each other."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from inbox.clock import now
from inbox.conversations.browse import Filters, View, browse, count
from inbox.conversations.find import find_conversation, find_message, find_thread
from inbox.conversations.models import Attachment, Conversation, ConversationState, Message
from inbox.conversations.reply import reply
from inbox.database import Database
from inbox.labels.models import Label, Tag
from inbox.outbox.models import DeliveryState
from inbox.teams.models import Teammate
from tests.making import make_channel, make_conversation, make_message, make_teammate

HOURS = 60


@pytest.fixture
def ada(session: Session) -> Teammate:
    return make_teammate(session)


@pytest.fixture
def garden(session: Session, ada: Teammate) -> list[Conversation]:
    """Sixty conversations of all sorts on two channels, two at every hour."""
    bo, channels = make_teammate(session, "Bo"), [make_channel(session), make_channel(session)]
    rows = []
    for number in range(HOURS):
        moment = now() - timedelta(hours=number // 2)
        state = list(ConversationState)[number % 3]
        row = make_conversation(
            session,
            channels[number % 2],
            state=state,
            tag=["", "question", "idea", "unsure", "troll"][number % 5],
            assignee_id=[None, ada.id, bo.id, None][number % 4],
            waiting_since=moment if number % 7 and state != ConversationState.CLOSED else None,
            last_message_at=moment,
        )
        rows.append(row)
    return rows


def walk(session: Session, filters: Filters, me: int, limit: int) -> list[int]:
    found, cursor = [], ""
    while True:
        page = browse(session, filters, me=me, after=cursor, limit=limit)
        found += [row.id for row in page.rows]
        if not page.older:
            return found
        cursor = page.older


@pytest.mark.parametrize("view", [view for view in View if view != View.UNSURE_SENT])
def test_a_number_is_what_the_list_shows(
    session: Session, garden: list[Conversation], ada: Teammate, view: View
) -> None:
    numbers = count(session, Filters(view), me=ada.id)
    assert numbers.views[view] == len(walk(session, Filters(view), ada.id, 200)) > 0
    for tag, number in numbers.tags.items():
        if tag:
            assert number == len(walk(session, Filters(view, tag=tag), ada.id, 200))
    for channel_id, number in numbers.channels.items():
        assert number == len(walk(session, Filters(view, channel_id=channel_id), ada.id, 200))
    assert sum(numbers.tags.values()) == sum(numbers.channels.values()) == numbers.views[view]


def test_answers_that_may_have_arrived_can_be_found(
    session: Session, garden: list[Conversation], ada: Teammate
) -> None:
    conversation = garden[0]
    make_message(session, conversation)
    for state in (DeliveryState.UNSURE, DeliveryState.UNSURE, DeliveryState.SENT):
        sent = reply(session, conversation, text="Hi", by=ada, seen_version=conversation.version, undo_seconds=0)
        assert sent.delivery
        sent.delivery.state = state
    session.flush()
    shown = browse(session, Filters(View.UNSURE_SENT), me=ada.id).rows
    assert [row.id for row in shown] == [conversation.id]
    assert count(session, Filters(), me=ada.id).views[View.UNSURE_SENT] == 1


def test_numbers_narrow_with_the_other_filter(session: Session, garden: list[Conversation], ada: Teammate) -> None:
    channel_id = garden[0].channel_id
    of_ada = count(session, Filters(View.ALL, assignee_id=ada.id), me=ada.id)
    assert sum(of_ada.tags.values()) == len([row for row in garden if row.assignee_id == ada.id])
    of_nobody = count(session, Filters(View.ALL, assignee_id=0), me=ada.id)
    assert sum(of_nobody.channels.values()) == len([row for row in garden if row.assignee_id is None])
    numbers = count(session, Filters(View.ALL, tag="idea", channel_id=channel_id), me=ada.id)
    expected = [row for row in garden if row.tag == "idea" and row.channel_id == channel_id]
    assert numbers.tags["idea"] == numbers.channels[channel_id] == len(expected)


@pytest.mark.parametrize("limit", [1, 7, 60])
def test_pages_show_everything_once_newest_first(
    session: Session, garden: list[Conversation], ada: Teammate, limit: int
) -> None:
    expected = [row.id for row in sorted(garden, key=lambda row: (row.last_message_at, row.id), reverse=True)]
    assert walk(session, Filters(View.ALL), ada.id, limit) == expected


def test_pages_lead_back_the_way_they_came(session: Session, garden: list[Conversation], ada: Teammate) -> None:
    first = browse(session, Filters(View.ALL), me=ada.id, limit=7)
    second = browse(session, Filters(View.ALL), me=ada.id, after=first.older, limit=7)
    third = browse(session, Filters(View.ALL), me=ada.id, after=second.older, limit=7)
    back = browse(session, Filters(View.ALL), me=ada.id, before=third.newer, limit=7)
    assert back.rows == second.rows
    assert first.newer == ""
    assert browse(session, Filters(View.ALL), me=ada.id, before=back.newer, limit=7).newer == ""


def test_nobody_is_an_assignee_to_filter_by(session: Session, garden: list[Conversation], ada: Teammate) -> None:
    free = browse(session, Filters(View.ALL, assignee_id=0), me=ada.id, limit=200).rows
    assert {row.assignee_id for row in free} == {None}
    mine = browse(session, Filters(View.ALL, assignee_id=ada.id), me=ada.id, limit=200).rows
    assert {row.assignee_name for row in mine} == {"Ada"}


@pytest.mark.parametrize(
    "cursor", ["", "x", "1", "1.", ".1", "9" * 30 + ".1", "1." + "9" * 30, "²3.4", "-1.-1", "9" * 5000 + ".1"]
)
def test_a_cursor_that_is_none_begins_at_the_newest(
    session: Session, garden: list[Conversation], ada: Teammate, cursor: str
) -> None:
    page = browse(session, Filters(View.ALL), me=ada.id, after=cursor, limit=3)
    assert page.rows == browse(session, Filters(View.ALL), me=ada.id, limit=3).rows


def test_an_empty_inbox_is_an_empty_page(session: Session) -> None:
    assert browse(session, Filters(), me=None).rows == ()
    assert sum(count(session, Filters(), me=None).views.values()) == 0


def test_a_thread_takes_the_same_few_statements_however_long_it_is(database: Database) -> None:
    with database.writing() as session:
        channel = make_channel(session)
        short = make_conversation(session, channel, ("one",)).id
        long = make_conversation(session, channel, tuple(f"number {n}" for n in range(230))).id
        for message in session.scalars(sa.select(Message)):
            session.add(Label(message_id=message.id, primary=Tag.QUESTION))
            session.add(Attachment(message_id=message.id, name="a.txt", media_type="text/plain"))
    numbers = []
    for conversation_id in (short, long):
        seen: list[str] = []

        def note(_c: object, _cursor: object, statement: str, *_rest: object, seen: list[str] = seen) -> None:
            seen.append(statement)

        event.listen(database.engine, "before_cursor_execute", note)
        with database.reading() as session:
            thread = find_thread(session, conversation_id)
            assert thread is not None
            for message in thread.messages:
                assert message.label is not None
                assert message.identity is not None
                assert message.identity.member.name
                assert len(message.attachments) == 1
                assert message.delivery is None
        event.remove(database.engine, "before_cursor_execute", note)
        numbers.append(len([each for each in seen if each.startswith("SELECT")]))
    assert numbers[0] == numbers[1] == 4
    assert thread.earlier == 30
    assert [thread.messages[0].text, thread.messages[-1].text] == ["number 30", "number 229"]


@pytest.mark.parametrize("number", [0, -1, 999_999, 2**70])
def test_what_is_not_there_is_none(session: Session, number: int) -> None:
    assert find_conversation(session, number) is None
    assert find_thread(session, number) is None
    assert find_message(session, number) is None


def test_the_list_is_read_from_an_index_in_order(database: Database) -> None:
    with database.writing() as session:
        channel = make_channel(session)
        if database.engine.dialect.name == "postgresql":
            session.execute(sa.text("SET LOCAL enable_seqscan = off"))
            session.execute(sa.text("SET LOCAL enable_sort = off"))
            session.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
        make_message(session, make_conversation(session, channel))
        plans = {}
        for view in (View.TO_ANSWER, View.UNASSIGNED, View.SNOOZED, View.CLOSED, View.ALL, View.MINE):
            statements: list[tuple[str, object]] = []

            def note(
                _c: object,
                _cursor: object,
                statement: str,
                parameters: object,
                *_rest: object,
                kept: list[object] = statements,
            ) -> None:
                kept.append((statement, parameters))

            event.listen(database.engine, "before_cursor_execute", note)
            browse(session, Filters(view), me=1, after="9999999999999999.5")
            event.remove(database.engine, "before_cursor_execute", note)
            statement, parameters = next(each for each in statements if each[0].startswith("SELECT"))
            explain = "EXPLAIN QUERY PLAN " if database.engine.dialect.name == "sqlite" else "EXPLAIN "
            rows = session.connection().exec_driver_sql(explain + statement, parameters).all()
            plans[view] = "\n".join(str(row) for row in rows)
    for view, plan in plans.items():
        assert "ix_conversations_" in plan, (view, plan)
        assert "TEMP B-TREE" not in plan, (view, plan)
        assert "Sort " not in plan, (view, plan)
