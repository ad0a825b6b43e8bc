"""Ingest: who can see a message at its source changes, by others and by ourselves."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.ledger import Counts
from inbox.channels.models import Channel
from inbox.clock import now
from inbox.connectors.contract import Deletion, Visibility
from inbox.conversations.models import Revision
from tests.incoming import Statements, written
from tests.making import make_channel
from tests.taking import one, take


@pytest.fixture
def channel(session: Session) -> Channel:
    return make_channel(session, kind="wordpress")


def test_what_was_held_and_is_approved_can_be_read_by_all(session: Session, channel: Channel) -> None:
    take(session, channel, written("1", visibility=Visibility.PRIVATE, reply_handle={"status": "hold"}))
    counts = take(session, channel, written("1", visibility=Visibility.PUBLIC, reply_handle={"status": "approved"}))
    assert counts == Counts(fetched=1, duplicate=1)
    stored = one(session)
    assert (stored.visibility, stored.reply_handle) == (Visibility.PUBLIC, {"status": "approved"})
    assert session.scalars(sa.select(Revision)).all() == []


def test_nobody_makes_a_mail_public_by_sending_another_under_its_id(session: Session) -> None:
    mailbox = make_channel(session, kind="email")
    take(session, mailbox, written("1", visibility=Visibility.DIRECT))
    take(session, mailbox, written("1", visibility=Visibility.PUBLIC))
    assert one(session).visibility == Visibility.DIRECT


def test_many_that_are_shown_to_others_cost_one_statement(session: Session, channel: Channel) -> None:
    pages = [[written(f"{number}", visibility=seen) for number in range(60)] for seen in Visibility]
    take(session, channel, *pages[0])
    with Statements(session) as few:
        take(session, channel, *pages[1][:2])
    with Statements(session) as many:
        take(session, channel, *pages[2])
    assert len(many.seen) == len(few.seen)


@pytest.mark.parametrize(("ours", "can_come_back"), [(True, False), (False, True), (False, False)])
def test_what_is_gone_loses_its_words(session: Session, channel: Channel, ours: bool, can_come_back: bool) -> None:
    take(session, channel, written("1"))
    one(session).hidden_at = now() if ours else None
    session.flush()
    counts = take(session, channel, deletions=[Deletion("1", can_come_back=can_come_back)])
    assert counts == Counts(fetched=1, tombstoned=1)


def test_what_we_put_out_of_sight_keeps_its_words_while_it_can_come_back(session: Session, channel: Channel) -> None:
    take(session, channel, written("1", text="Cheap watches!"))
    one(session).hidden_at = now()
    session.flush()
    counts = take(session, channel, deletions=[Deletion("1", can_come_back=True)])
    assert counts == Counts(fetched=1, duplicate=1)
    assert (one(session).text, one(session).deleted_at) == ("Cheap watches!", None)
