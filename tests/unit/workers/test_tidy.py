"""Tidying takes away what has ended, and nothing else."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from inbox.clock import now
from inbox.config import Settings
from inbox.conversations.attach import path_of
from inbox.database import Database
from inbox.teams.models import SignIn
from tests.making import make_teammate
from workers import opened
from workers.tidy import tidy


@pytest.fixture(autouse=True)
def fresh(database: Database, settings: Settings) -> Iterator[None]:
    opened.open_database.cache_clear()
    yield
    if opened.open_database.cache_info().currsize:
        opened.open_database().dispose()
    opened.open_database.cache_clear()


def test_sign_ins_that_have_ended_and_files_without_a_message_go(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        ada = make_teammate(session)
        for days in (1, 29, 31):
            session.add(SignIn(teammate_id=ada.id, token_hash=str(days), last_seen_at=now() - timedelta(days=days)))
    orphan = path_of(settings.attachments, "a" * 64)
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"left over")
    long_ago = time.time() - 86_400
    os.utime(orphan, (long_ago, long_ago))
    tidy()
    tidy()
    with database.reading() as session:
        assert sorted(session.scalars(sa.select(SignIn.token_hash))) == ["1", "29"]
    assert not orphan.exists()
