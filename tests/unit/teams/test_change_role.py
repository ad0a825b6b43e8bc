"""Roles: somebody always stays admin, also when two admins act in the same moment."""

import threading

import pytest
from sqlalchemy import select

from inbox.database import Database
from inbox.teams.change_role import LastAdmin, change_role
from inbox.teams.models import Role, Teammate
from tests.making import make_teammate


def test_two_admins_who_demote_each_other_at_once_leave_one(database: Database) -> None:
    with database.writing() as session:
        ids = [make_teammate(session, name, role=Role.ADMIN).id for name in ("Ada", "Bo")]
    together = threading.Barrier(2)
    refused: list[int] = []

    def demote(mine: int, other: int) -> None:
        together.wait()
        try:
            with database.writing() as session:
                change_role(session, session.get_one(Teammate, other), Role.READER, by=session.get_one(Teammate, mine))
        except LastAdmin:
            refused.append(mine)

    for _ in range(5):
        with database.writing() as session:
            for number in ids:
                session.get_one(Teammate, number).role = Role.ADMIN
        threads = [threading.Thread(target=demote, args=pair) for pair in (ids, ids[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with database.reading() as session:
            assert len(session.scalars(select(Teammate).where(Teammate.role == Role.ADMIN)).all()) == 1
    assert len(refused) == 5


def test_the_only_admin_stays(database: Database) -> None:
    with database.writing() as session:
        ada = make_teammate(session, "Ada", role=Role.ADMIN)
        make_teammate(session, "Bo")
        for role in (None, Role.READER):
            with pytest.raises(LastAdmin):
                change_role(session, ada, role, by=ada)
