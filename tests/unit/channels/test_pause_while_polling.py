"""A person may pause, edit or remove a channel at any moment of its poll: neither waits for the other for ever."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from inbox.channels.due import ClaimLost, hold
from inbox.channels.edit import pause, remove, resume
from inbox.channels.models import Channel, Stream
from inbox.conversations.ingest import ingest
from inbox.conversations.models import Message
from inbox.database import Database
from tests.incoming import batch_of, written
from tests.pages import claim_due, pages_channel, use_pages, write_pages


@pytest.mark.parametrize("act", [pause, remove, resume])
def test_a_person_and_a_poll_do_not_lock_each_other_out(
    database: Database, tmp_path: Path, act: Callable[[Session, Channel], None]
) -> None:
    use_pages()
    with database.writing() as session:
        channel_id = pages_channel(session, write_pages(tmp_path / "garden.json", [["1", "one"]])).id
        (claimed,) = claim_due(session, limit=1)
    if act is resume:
        with database.writing() as session:
            session.get_one(Channel, channel_id).state = "broken"  # type: ignore[assignment]
    holding, faults = threading.Event(), []

    def poll() -> None:
        try:
            with database.writing() as session:
                stream = hold(session, claimed)
                holding.set()
                # Here the person comes in between.
                time.sleep(0.3)
                ingest(session, stream.channel, "all", batch_of(written("1")), stream=stream)
        except (ClaimLost, sa.exc.DBAPIError) as fault:
            faults.append(fault)

    polling = threading.Thread(target=poll)
    polling.start()
    holding.wait(5)
    with database.writing() as session:
        act(session, session.get_one(Channel, channel_id))
    polling.join(10)
    assert faults == []
    with database.reading() as session:
        kept = 0 if act is remove else 1
        assert session.scalar(sa.select(sa.func.count()).select_from(Message)) == kept
        assert session.scalar(sa.select(sa.func.count()).select_from(Stream)) == kept
