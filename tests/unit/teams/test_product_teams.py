"""Product teams and who is in them."""

import pytest
from sqlalchemy.orm import Session

from inbox.teams.product_teams import (
    NameNeeded,
    NameTaken,
    add_member,
    archive_team,
    browse_teams,
    create_team,
    find_team,
    remove_member,
    rename_team,
    restore_team,
)
from tests.garden import a_teammate


def test_teams_are_listed_by_name(session: Session) -> None:
    for name in ("search", "Apps", "Zoo"):
        create_team(session, name, area=f"{name} area", by=None)
    assert [team.name for team in browse_teams(session)] == ["Apps", "search", "Zoo"]


@pytest.mark.parametrize("name", ["", "  \n "])
def test_a_team_needs_a_name(session: Session, name: str) -> None:
    with pytest.raises(NameNeeded):
        create_team(session, name, by=None)


def test_two_teams_do_not_share_a_name(session: Session) -> None:
    team = create_team(session, "Search", by=None)
    with pytest.raises(NameTaken):
        create_team(session, " search ", by=None)
    other = create_team(session, "n" * 5_000, by=None)
    assert len(other.name) == 200
    with pytest.raises(NameTaken):
        rename_team(session, other, "SEARCH", by=None)
    rename_team(session, team, "search", area="Finding", by=None)
    assert (team.name, team.area) == ("search", "Finding")


def test_an_archived_team_leaves_the_list_and_comes_back(session: Session) -> None:
    team = create_team(session, "Search", by=None)
    archive_team(session, team, by=None)
    archive_team(session, team, by=None)
    assert list(browse_teams(session)) == []
    assert list(browse_teams(session, archived=True)) == [team]
    restore_team(session, team, by=None)
    assert list(browse_teams(session)) == [team]


def test_joining_and_leaving_twice_changes_nothing(session: Session) -> None:
    team, mo = create_team(session, "Search", by=None), a_teammate(session)
    for _ in range(2):
        add_member(session, team, mo, by=None)
    found = find_team(session, team.id)
    assert found is not None
    assert [member.name for member in found.members] == ["Mo"]
    for _ in range(2):
        remove_member(session, team, mo, by=None)
    assert team.members == []
    assert find_team(session, team.id + 1) is None
